/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_JOB_SPAWNER_MAIN_H
#define FLUX_JOB_SPAWNER_MAIN_H

/* Be a broker's spawner (see shell/service/job_exec/spawner.h) with the given end of the packet
 * socket, until the broker closes the other one. When that happens without a word, the broker has
 * died: then rundir is removed with all in it, unless it is NULL. Returns an exit code; in a job
 * shell, its own. */
int spawner_main (int sock, const char *rundir);

#endif /* !FLUX_JOB_SPAWNER_MAIN_H */
