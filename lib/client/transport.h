/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Commands that reach the local socket of an instance elsewhere: `flux relay` there passes bytes,
 * the greeting first, between the socket and its own standard input and output.
 *
 *   ssh://[user@]host[:port]/path   ssh [-p port] [user@]host flux relay /path
 *   slurm:JOBID[.STEP]              srun --overlap --jobid=JOBID ... flux relay slurm:JOBID[.STEP]
 *
 * FLUX_SSH and FLUX_SRUN name other programs for ssh and srun, FLUX_SSH_RCMD another flux on the
 * far side. */

#ifndef FLUX_CLIENT_TRANSPORT_H
#define FLUX_CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <flux/types.h>

#define TRANSPORT_ARGV_MAX 16

struct transport {
    const char *argv[TRANSPORT_ARGV_MAX]; // NULL-ended
    const char *where;                    // for people: the host, or the job
    char *text[3];                        // what the others point into
};

bool transport_handles (const char *uri);

/* 0, or -1 with EINVAL and a sentence. Nothing that reaches a shell on the far side means anything
 * to it. */
int transport_init (struct transport *t, const char *uri, flux_error_t *errp);
void transport_option (struct transport *t, const char *option); // of flux relay, behind the rest
void transport_clear (struct transport *t);

/* In a child: make fd its standard input and output, and become the command. */
_Noreturn void transport_exec (const struct transport *t, int fd);

#endif /* !FLUX_CLIENT_TRANSPORT_H */
