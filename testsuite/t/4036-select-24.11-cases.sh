#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Switches, GPUs, reservations, jobs that grow: with Slurm 24.11, too, a sample.
T_VERSION=24.11
T_ONLY='in front|GPUs|^cores|said nothing|grows'
. "$(dirname "$0")/4050-select-cases.sh"
