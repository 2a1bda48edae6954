#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Slurmds and clients without the plugin, and headers of another Slurm: with Slurm 24.11, too.
T_VERSION=24.11
T_ONLY='slurmds and|headers of'
. "$(dirname "$0")/4048-select-alone.sh"
