/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_KVS_PRIVATE_H
#define FLUX_CLIENT_KVS_PRIVATE_H

#include <jansson.h>
#include <flux/kvs.h>

/* What NULL stands for. */
const char *kvs_namespace (const char *ns);

/* The operations: [{"key":s,"flags":i,"dirent":o},...], owned by the txn. */
json_t *kvs_txn_ops (flux_kvs_txn_t *txn);

/* A large value that is put: its operation has no dirent yet. */
struct kvs_blob {
    int refcount;
    json_t *op; // borrowed
    char *data;
    size_t len;
    struct kvs_blob *next;
};
struct kvs_blob *kvs_blob_incref (struct kvs_blob *b); // NULL is fine
void kvs_blob_decref (struct kvs_blob *b);
bool kvs_txn_has_blobs (const flux_kvs_txn_t *txn);
struct kvs_blob *kvs_txn_blob (const flux_kvs_txn_t *txn, const json_t *op); // or NULL

/* kvs_blobs.c: flux_kvs_commit() of a txn that has some. */
flux_future_t *kvs_commit_blobs (flux_t *h, const char *ns, int flags, flux_kvs_txn_t *txn);

/* Join the appends to each key. EINVAL when a key is written after it was appended to. */
int kvs_txn_compact (flux_kvs_txn_t *txn);

flux_kvsdir_t *kvs_dir_create (flux_t *h, const char *rootref, const char *key, json_t *dirobj);

#endif /* !FLUX_CLIENT_KVS_PRIVATE_H */
