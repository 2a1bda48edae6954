#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Switches, GPUs, reservations, jobs that grow, nodes that sleep: with Slurm 24.11, too.
T_VERSION=24.11
. "$(dirname "$0")/4050-select-cases.sh"
