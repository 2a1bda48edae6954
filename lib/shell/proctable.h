/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which process on which host is which task: for debuggers and `flux job hostpids`. The leader
 * gathers it when it is asked, and keeps nothing.
 *
 *     client                 leader                    followers
 *     proctable -----------> {type:"proctable"} ------>
 *                            <------------------------ pids {shell,host,tasks:[[rank,pid]...]}
 *     <---- {tasks:[{rank,host,pid,executable}...]} */

#ifndef FLUX_SHELL_PROCTABLE_H
#define FLUX_SHELL_PROCTABLE_H

#include "lib/shell/shell.h"

/* Requests to the leader's service. */
void proctable_request (struct shell *sh, const flux_msg_t *msg);
void proctable_pids (struct shell *sh, const flux_msg_t *msg);
void proctable_disconnect (struct shell *sh, const flux_msg_t *msg);

/* Follower: the leader wants its part. */
void proctable_answer (struct shell *sh);

void proctable_destroy (struct proctable *p);

#endif /* !FLUX_SHELL_PROCTABLE_H */
