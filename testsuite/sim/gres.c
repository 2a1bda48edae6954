/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The part of slurmctld that keeps generic resources, from the source tree that the select plugin
 * is built against: select_cons_tres.so calls it. */

#pragma GCC visibility push(default)
#include "src/slurmctld/gres_ctld.c"
#pragma GCC visibility pop
