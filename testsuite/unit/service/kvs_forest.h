/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A KVS tree over a store in memory, from which blobs can be hidden. */

#ifndef FLUX_UNIT_KVS_FOREST_H
#define FLUX_UNIT_KVS_FOREST_H

#include <stddef.h>
#include <uthash.h>
#include "shell/service/kvs/treeobj.h"
#include "shell/service/kvs/txn.h"

struct blob {
    uint8_t digest[DIGEST_MAX];
    void *data;
    size_t len;
    bool hidden; // "not here yet"
    UT_hash_handle hh;
};

struct store {
    struct blob *blobs;
    size_t put_bytes;
    const struct digest_alg *alg;
};

struct world {
    struct store store;
    struct forest forest;
    struct tree tree;
};

/* The store takes data, which was allocated; its digest goes out. `arg` is a struct store. */
int store_put (void *arg, void *data, size_t len, uint8_t *digest);

/* What is cleared must have given all of its memory back. */
void world_init (struct world *w, const char *alg);
void world_clear (struct world *w);

/* One operation each, as a commit does it; -1 with errno. */
int put (struct world *w, const char *key, const char *val);
int put_link (struct world *w, const char *key, const char *ns, const char *target);
int append (struct world *w, const char *key, const char *val);
int unlink_ (struct world *w, const char *key);

/* NULL with errno; EISDIR for a directory. The caller frees. */
char *get_at (struct tree *t, const char *key);

/* The value is `want`, or there is none (NULL). */
void check (struct world *w, const char *key, const char *want);

#endif /* !FLUX_UNIT_KVS_FOREST_H */
