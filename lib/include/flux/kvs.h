/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The key-value store (RFC 10, 11). A namespace of NULL is $FLUX_KVS_NAMESPACE, or "primary". Keys
 * are names with dots between; "." is the root. */

#ifndef FLUX_KVS_H
#define FLUX_KVS_H

#include <stdarg.h>
#include <stdbool.h>
#include <flux/future.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KVS_PRIMARY_NAMESPACE "primary"

enum kvs_op {
    FLUX_KVS_READDIR = 1,
    FLUX_KVS_READLINK = 2,
    FLUX_KVS_WATCH = 4,        // a response now, and one for each change
    FLUX_KVS_WAITCREATE = 8,   // wait for a key that is not there
    FLUX_KVS_TREEOBJ = 16,     // any object as it is
    FLUX_KVS_APPEND = 32,      // for puts
    FLUX_KVS_WATCH_FULL = 64,  // also when only the path to the key changed
    FLUX_KVS_WATCH_UNIQ = 128, // only when the value differs
    FLUX_KVS_WATCH_APPEND = 256,
    FLUX_KVS_STREAM = 512,
    FLUX_KVS_WATCH_INITIAL_SENTINEL = 1024,
};

enum kvs_commit_flags {
    FLUX_KVS_NO_MERGE = 1,    // this commit is a version of its own
    FLUX_KVS_TXN_COMPACT = 2, // join appends to the same key first
    FLUX_KVS_SYNC = 4,        // on stable storage before the answer
};

/* Transactions: applied in order, all or nothing. */
typedef struct flux_kvs_txn flux_kvs_txn_t;

FLUX_EXPORT flux_kvs_txn_t *flux_kvs_txn_create (void);
FLUX_EXPORT void flux_kvs_txn_destroy (flux_kvs_txn_t *txn);

/* flags: FLUX_KVS_APPEND or 0 for values, 0 for the rest. The NUL of a string is not stored. */
FLUX_EXPORT int flux_kvs_txn_put (flux_kvs_txn_t *txn, int flags, const char *key,
                                  const char *value);
FLUX_EXPORT int flux_kvs_txn_pack (flux_kvs_txn_t *txn, int flags, const char *key, const char *fmt,
                                   ...);
FLUX_EXPORT int flux_kvs_txn_vpack (flux_kvs_txn_t *txn, int flags, const char *key,
                                    const char *fmt, va_list ap);
FLUX_EXPORT int flux_kvs_txn_put_raw (flux_kvs_txn_t *txn, int flags, const char *key,
                                      const void *data, size_t len);
FLUX_EXPORT int flux_kvs_txn_put_treeobj (flux_kvs_txn_t *txn, int flags, const char *key,
                                          const char *treeobj);
FLUX_EXPORT int flux_kvs_txn_mkdir (flux_kvs_txn_t *txn, int flags, const char *key);
FLUX_EXPORT int flux_kvs_txn_unlink (flux_kvs_txn_t *txn, int flags, const char *key);
FLUX_EXPORT int flux_kvs_txn_symlink (flux_kvs_txn_t *txn, int flags, const char *key,
                                      const char *ns, const char *target);
FLUX_EXPORT int flux_kvs_txn_clear (flux_kvs_txn_t *txn);
FLUX_EXPORT bool flux_kvs_txn_is_empty (flux_kvs_txn_t *txn);

/* The txn may be destroyed at once. */
FLUX_EXPORT flux_future_t *flux_kvs_commit (flux_t *h, const char *ns, int flags,
                                            flux_kvs_txn_t *txn);
FLUX_EXPORT int flux_kvs_commit_get_treeobj (flux_future_t *f, const char **treeobj);
FLUX_EXPORT int flux_kvs_commit_get_rootref (flux_future_t *f, const char **rootref);
FLUX_EXPORT int flux_kvs_commit_get_sequence (flux_future_t *f, int *rootseq);

/* Directories, as they were when read. */
typedef struct flux_kvsdir flux_kvsdir_t;
typedef struct flux_kvsitr flux_kvsitr_t;

/* json_str is an RFC 11 dir object. */
FLUX_EXPORT flux_kvsdir_t *flux_kvsdir_create (flux_t *handle, const char *rootref, const char *key,
                                               const char *json_str);
FLUX_EXPORT void flux_kvsdir_destroy (flux_kvsdir_t *dir);
FLUX_EXPORT flux_kvsdir_t *flux_kvsdir_copy (const flux_kvsdir_t *dir);
FLUX_EXPORT void flux_kvsdir_incref (flux_kvsdir_t *dir);
FLUX_EXPORT flux_kvsitr_t *flux_kvsitr_create (const flux_kvsdir_t *dir);
FLUX_EXPORT void flux_kvsitr_destroy (flux_kvsitr_t *itr);
FLUX_EXPORT const char *flux_kvsitr_next (flux_kvsitr_t *itr);
FLUX_EXPORT void flux_kvsitr_rewind (flux_kvsitr_t *itr);
FLUX_EXPORT int flux_kvsdir_get_size (const flux_kvsdir_t *dir);
FLUX_EXPORT bool flux_kvsdir_exists (const flux_kvsdir_t *dir, const char *name);
FLUX_EXPORT bool flux_kvsdir_isdir (const flux_kvsdir_t *dir, const char *name);
FLUX_EXPORT bool flux_kvsdir_issymlink (const flux_kvsdir_t *dir, const char *name);
FLUX_EXPORT const char *flux_kvsdir_key (const flux_kvsdir_t *dir);
FLUX_EXPORT void *flux_kvsdir_handle (const flux_kvsdir_t *dir);
FLUX_EXPORT const char *flux_kvsdir_rootref (const flux_kvsdir_t *dir);
/* The caller frees it. */
FLUX_EXPORT char *flux_kvsdir_key_at (const flux_kvsdir_t *dir, const char *key);

/* Lookups. With FLUX_KVS_WATCH each response is read, then flux_future_reset() goes on; it ends
 * with ENODATA after a cancel. lookupat reads below a root object of before. What the get functions
 * return lives until the future is reset. */
FLUX_EXPORT flux_future_t *flux_kvs_lookup (flux_t *h, const char *ns, int flags, const char *key);
FLUX_EXPORT flux_future_t *flux_kvs_lookupat (flux_t *h, int flags, const char *key,
                                              const char *treeobj);
FLUX_EXPORT int flux_kvs_lookup_get (flux_future_t *f, const char **value);
FLUX_EXPORT int flux_kvs_lookup_get_unpack (flux_future_t *f, const char *fmt, ...);
FLUX_EXPORT int flux_kvs_lookup_get_raw (flux_future_t *f, const void **data, size_t *len);
FLUX_EXPORT int flux_kvs_lookup_get_treeobj (flux_future_t *f, const char **treeobj);
FLUX_EXPORT int flux_kvs_lookup_get_dir (flux_future_t *f, const flux_kvsdir_t **dir);
FLUX_EXPORT int flux_kvs_lookup_get_symlink (flux_future_t *f, const char **ns,
                                             const char **target);
FLUX_EXPORT const char *flux_kvs_lookup_get_key (flux_future_t *f);
FLUX_EXPORT int flux_kvs_lookup_cancel (flux_future_t *f);

FLUX_EXPORT flux_future_t *flux_kvs_getroot (flux_t *h, const char *ns, int flags);
FLUX_EXPORT int flux_kvs_getroot_get_treeobj (flux_future_t *f, const char **treeobj);
FLUX_EXPORT int flux_kvs_getroot_get_blobref (flux_future_t *f, const char **blobref);
FLUX_EXPORT int flux_kvs_getroot_get_sequence (flux_future_t *f, int *seq);
FLUX_EXPORT int flux_kvs_getroot_get_owner (flux_future_t *f, uint32_t *owner);

/* Copies of directories are snapshots and cost no more than those of values. A move is a copy, then
 * an unlink in a second commit. */
FLUX_EXPORT flux_future_t *flux_kvs_copy (flux_t *h, const char *srcns, const char *srckey,
                                          const char *dstns, const char *dstkey, int commit_flags);
FLUX_EXPORT flux_future_t *flux_kvs_move (flux_t *h, const char *srcns, const char *srckey,
                                          const char *dstns, const char *dstkey, int commit_flags);

FLUX_EXPORT flux_future_t *flux_kvs_namespace_create (flux_t *h, const char *ns, uint32_t owner,
                                                      int flags);
FLUX_EXPORT flux_future_t *flux_kvs_namespace_create_with (flux_t *h, const char *ns,
                                                           const char *rootref, uint32_t owner,
                                                           int flags);
FLUX_EXPORT flux_future_t *flux_kvs_namespace_remove (flux_t *h, const char *ns);

/* One process commits, gets the version and tells it to another, which waits for it and then sees
 * what was committed. */
FLUX_EXPORT int flux_kvs_get_version (flux_t *h, const char *ns, int *versionp);
FLUX_EXPORT int flux_kvs_wait_version (flux_t *h, const char *ns, int version);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_KVS_H */
