/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The process manager's side of PMI-1 (RFC 13) and PMI-2 for the tasks of a job on one node. What
 * tasks put is exchanged with the other nodes in their barrier. No I/O is done here: bytes from
 * tasks are handed in, bytes for them are handed out. */

#ifndef FLUX_PMI_SERVER_H
#define FLUX_PMI_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/util/buf.h"

struct pmi_server;

struct pmi_server_config {
    const char *kvsname;
    int ntasks; // in the job
    int nlocal; // here
    const int *taskids;
    int universe_size;
};

struct pmi_server_ops {
    /* Bytes for a task. */
    void (*send) (void *arg, int localid, const void *data, size_t len);
    /* All tasks here are in the barrier. pairs has what they have put since the last one, as
     * key, NUL, value, NUL; the callee clears it. pmi_server_exchanged() ends the barrier, from in
     * here or later. */
    void (*exchange) (void *arg, struct buf *pairs);
    /* A task wants the job to end. */
    void (*abort) (void *arg, int localid, int code, const char *text);
};

/* config is copied but for taskids. */
struct pmi_server *pmi_server_create (const struct pmi_server_config *config,
                                      const struct pmi_server_ops *ops, void *arg);
void pmi_server_destroy (struct pmi_server *s);

/* Something that all tasks can get from the start. */
int pmi_server_preput (struct pmi_server *s, const char *key, const char *value);

/* Bytes of a task. -1 with EPROTO for what is no PMI: then the task should be hung up on. */
int pmi_server_input (struct pmi_server *s, int localid, const void *data, size_t len);

/* The task is gone, or has closed its end. */
void pmi_server_closed (struct pmi_server *s, int localid);

/* What the tasks of another node have put. -1 with EPROTO or ENOMEM. */
int pmi_server_add (struct pmi_server *s, const char *pairs, size_t len);

/* All have come, and all was added; or the exchange failed. */
void pmi_server_exchanged (struct pmi_server *s, bool ok);

#endif /* !FLUX_PMI_SERVER_H */
