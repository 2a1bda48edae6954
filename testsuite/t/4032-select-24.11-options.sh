#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What Slurm's options ask for: with Slurm 24.11, too, a sample.
T_VERSION=24.11
T_ONLY='memory|shrinking|preemption|reservations|said nothing'
. "$(dirname "$0")/4040-select-options.sh"
