/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a job is brought to its end, with the keys and times of flux-core's flux-config-exec(5):
 * first the termination signal (SIGALRM when its time is up), then the kill signal again and again,
 * after five kill time-outs SIGKILL with pauses that double, and at last its nodes are given up.
 * Nothing here sends a signal: this only says which, and when. */

#ifndef FLUX_SERVICE_JOB_EXEC_KILLPLAN_H
#define FLUX_SERVICE_JOB_EXEC_KILLPLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/types.h>

#define KILLPLAN_BACKOFF_MAX 300. // seconds

struct killplan {
    double timeout; // exec.kill-timeout: seconds from one step to the next
    int term_signal, kill_signal;
    int max_count;      // exec.max-kill-count: of SIGKILLs with pauses that double
    double max_timeout; // exec.max-kill-timeout: seconds in all, below 0: max_count counts
};

/* Where one job is in it; all zero at the termination signal. */
struct killplan_state {
    double elapsed; // seconds since the termination signal, by the plan
    double pause;   // the last one
    int count;      // of SIGKILLs with pauses that double
};

void killplan_init (struct killplan *kp);

/* The keys of the [exec] table, which may be NULL. -1 with a sentence that names the key. */
int killplan_parse (struct killplan *kp, const json_t *exec, flux_error_t *errp);

/* One pause has passed: the signal to send now, and in `pause` the seconds until the next step; it
 * is negative when this was the last one, and the nodes are to be given up. */
int killplan_step (const struct killplan *kp, struct killplan_state *st, double *pause);

/* Seconds from the termination signal to the last step. */
double killplan_length (const struct killplan *kp);

#endif /* !FLUX_SERVICE_JOB_EXEC_KILLPLAN_H */
