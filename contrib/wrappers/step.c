/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The program that is srun alone: scripts start it many times, and without the other verbs it needs
 * no shared library where static ones are to be had, which halves what its start costs. */

#include "config.h"

#include "contrib/wrappers/wrap.h"
#include "shell/cmd/verbs.h"

const struct cmd_verb *const wrap_programs[] = {&wrap_srun, NULL};

/* In the place of shell/cmd/verbs.c, so that the others are not linked. */
const struct cmd_verb *const cmd_verbs[] = {&cmd_verb_run, NULL};
