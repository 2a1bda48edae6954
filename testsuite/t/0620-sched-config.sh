#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The scheduler of an instance: its configuration, changed as it runs, match policies of jobs, and
# the graph that goes down to an instance in a job.

. "$(dirname "$0")/lib.sh"
