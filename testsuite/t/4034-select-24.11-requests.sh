#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a job may say of memory, GPUs, tasks and features: with Slurm 24.11, too.
T_VERSION=24.11
. "$(dirname "$0")/4042-select-requests.sh"
