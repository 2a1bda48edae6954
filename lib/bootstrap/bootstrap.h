/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a broker learns who it is and where its parent listens. Four ways: alone (single), the
 * wire-up of this suite (a server in srun or in `flux start`), PMI-1 (RFC 13, under mpirun,
 * Slurm's mpi/pmi2 or a Flux job shell), and from a record on its standard input, to take the place
 * of a lost broker (rejoin).
 *
 * It goes in two steps, because what others need to know of a broker is known only once its
 * overlay socket is bound:
 *
 *     b = bootstrap_begin (&error);             rank, size, attributes are known
 *     ... bind the overlay ...
 *     bootstrap_finish (b, uri, pubkey, parent_rank, &error);     the parent's record is known
 *
 * Both block, with a time-out. No event loop, no ZeroMQ, no JSON in here: the SPANK plugin links
 * it too. */

#ifndef FLUX_BOOTSTRAP_BOOTSTRAP_H
#define FLUX_BOOTSTRAP_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

#define BOOTSTRAP_TOKEN_SIZE 32
#define BOOTSTRAP_NO_PARENT UINT32_MAX

struct bootstrap;

enum bootstrap_method {
    BOOTSTRAP_SINGLE,
    BOOTSTRAP_WIREUP,
    BOOTSTRAP_PMI1,
    BOOTSTRAP_REJOIN,
};

struct bootstrap_attr {
    const char *name;
    const char *value;
};

/* Everything is owned by the bootstrap object. */
struct bootstrap_info {
    enum bootstrap_method method;
    uint32_t rank;
    uint32_t size;
    const char *jobid;    // the enclosing resource manager's job id, else NULL
    const char *hostname; // the name of this node there, or gethostname()
    const char *address;  // numeric address to bind to and to be reached at, or NULL: unknown
    const struct bootstrap_attr *attrs; // broker attributes to set, ends with a NULL name
    uint32_t parent_rank;               // whose record is there, or BOOTSTRAP_NO_PARENT; after
                                        // bootstrap_finish() perhaps another than was asked for
    bool munge;               // the overlay is to authenticate with munge, else with the token
    const char *munge_socket; // NULL: munge's default

    /* Known after bootstrap_finish() */
    const char *instance;                // text that names this instance: the same on all ranks
    uint8_t token[BOOTSTRAP_TOKEN_SIZE]; // secret of the instance: the same on all ranks
    const char *hostlist; // names of all ranks in order, RFC 29; before that only where it is given
    const char *parent_uri; // NULL when there is no parent
    const char *parent_pubkey;
};

/* Find out from the environment how this broker was started, and remove from it what was meant for
 * the broker alone (FLUX_BOOTSTRAP_*, and PMI_FD, PMI_RANK, PMI_SIZE). */
struct bootstrap *bootstrap_begin (flux_error_t *errp);

const struct bootstrap_info *bootstrap_get_info (const struct bootstrap *b);

/* Publish where this rank's overlay listens and its public key (both may be "" on a rank that has
 * no children), and get the record of parent_rank (BOOTSTRAP_NO_PARENT on rank 0). Returns when
 * every rank of the instance has published. A failure says in errp what a user should read. */
int bootstrap_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                      uint32_t parent_rank, flux_error_t *errp);

/* Did bootstrap_finish() fail because the wire-up has failed for all? Then the server says why, and
 * the ranks need not say it all again. */
bool bootstrap_is_refused (const struct bootstrap *b);

/* This rank can't take part: tell the others why, in one sentence, so that they don't wait. */
void bootstrap_abort (struct bootstrap *b, const char *why);

/* The instance is up: tell whoever started this broker beside its own tasks, once
 * (FLUX_BOOTSTRAP_READY_FD; else nothing). */
void bootstrap_ready (struct bootstrap *b);

/* Burns the token. */
void bootstrap_destroy (struct bootstrap *b);

/* Remove from the environment of this process what would make a program believe that it is a task
 * of the Slurm step or of the MPI job which the broker is: SLURM_* but for what describes the job
 * as a whole (SLURM_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_SUBMIT_DIR, SLURM_CONF ...), SLURMD_*,
 * PMI_*, PMIX_*. To be called by the broker before it starts its initial program. */
void bootstrap_scrub_environ (void);

/* Would bootstrap_scrub_environ() remove this variable? */
bool bootstrap_scrubs (const char *name);

#endif /* !FLUX_BOOTSTRAP_BOOTSTRAP_H */
