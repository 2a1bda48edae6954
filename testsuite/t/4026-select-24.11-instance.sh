#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a job and an instance in it learn of the graph: with Slurm 24.11, too, a sample.
T_VERSION=24.11
T_ONLY='storage of its rack|draws no more|a restart|fewer'
. "$(dirname "$0")/4025-select-instance.sh"
