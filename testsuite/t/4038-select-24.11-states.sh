#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Nodes that fail, are made and deleted, the horizon: with Slurm 24.11, too, a sample.
T_VERSION=24.11
T_ONLY='is down|horizon|of slurm.conf|made and deleted|said nothing'
. "$(dirname "$0")/4044-select-states.sh"
