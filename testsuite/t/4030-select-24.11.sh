#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph in the slurmctld of a later Slurm than Debian 12 has: in a chroot, built for it there.
T_VERSION=24.11
. "$(dirname "$0")/4020-select-graph.sh"
