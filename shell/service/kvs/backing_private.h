/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the backing store share. */

#ifndef FLUX_SERVICE_KVS_BACKING_PRIVATE_H
#define FLUX_SERVICE_KVS_BACKING_PRIVATE_H

#include <lmdb.h>
#include <pthread.h>
#include <string.h>
#include "shell/service/kvs/backing.h"

/* Keys beside the digests; no digest is of their size. */
#define BACKING_CHECKPOINTS "checkpoints"
#define BACKING_COMPACTED "compacted"

struct backing {
    struct ev_loop *loop;
    struct spool *spool; // of one that is not durable, with its checkpoints; else:
    char *spool_checkpoints;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *read; // reset between gets
    char *path;
    bool durable;
    unsigned digest_size;
    backing_done_f done;
    void *arg;

    pthread_t thread;
    bool started;
    ev_async wake;
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t cond;
    struct backing_batch *todo, *finished; // both oldest first
    bool busy, stop;
};

int backing_errno (int rc);
int backing_write_errno (const struct backing *b, int rc);

static inline MDB_val backing_text_key (const char *name)
{
    return (MDB_val){strlen (name), (void *)name};
}

#endif /* !FLUX_SERVICE_KVS_BACKING_PRIVATE_H */
