/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_JOB_SPAWNER_MAIN_H
#define FLUX_JOB_SPAWNER_MAIN_H

/* Be a broker's spawner (see shell/service/job_exec/spawner.h) with the given end of the packet
 * socket, until the broker closes the other one. Returns an exit code; in a job shell, its own. */
int spawner_main (int sock);

#endif /* !FLUX_JOB_SPAWNER_MAIN_H */
