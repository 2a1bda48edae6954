/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The key value store (RFC 11) of an instance: the service kvs.* and kvs-watch.* of every rank, and
 * for the services of rank 0 a direct way in.
 *
 * Rank 0 holds the tree in memory. A change takes effect at once for readers in this process; all
 * changes of one turn of the loop become one commit (one version, one event) at its end. Nothing is
 * encoded or hashed before somebody asks for a blobref. Cold directories are written to the content
 * store and dropped from memory; a call that needs one loads it again, synchronously. */

#ifndef FLUX_SERVICE_KVS_KVS_H
#define FLUX_SERVICE_KVS_KVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct router;
struct content;
struct kvs;

#define KVS_PRIMARY "primary"

/* The service, on every rank. `c` must outlive it. On rank 0 the last checkpoint is restored when
 * the content store has one. */
struct kvs *kvs_create (struct router *rt, struct content *c, flux_error_t *errp);

/* Watchers and waiters get ENOSYS. Nothing is saved: call kvs_checkpoint() before. To be called
 * when the loop runs no more. */
void kvs_destroy (struct kvs *kvs);

/* End the turn's commit now, store all of the primary namespace, and where a state folder is
 * configured record its root there as the newest checkpoint, on disk when this returns. For the end
 * of the instance: it blocks. Rank 0 only. */
int kvs_checkpoint (struct kvs *kvs, flux_error_t *errp);

/* How often a state folder gets a checkpoint while there are changes; 0: as by default. */
void kvs_set_checkpoint_period (struct kvs *kvs, double seconds);

/* How often garbage is collected while there are changes; 0: never. */
void kvs_set_gc_interval (struct kvs *kvs, double seconds);

/* With true, commits to the primary namespace are answered when they are on the disk (in an
 * instance with a state folder). */
void kvs_set_sync_commits (struct kvs *kvs, bool on);

/* How many entries a directory may have before it is stored as an hdir (RFC 11); 0: any number. */
void kvs_set_maxdirent (struct kvs *kvs, unsigned int count);

/* Begin again at the newest checkpoint, whoever put it (flux restore): the primary namespace is
 * that from now on, with what was done in it since kvs_create() lost. For the start of an instance.
 * ENOENT. Rank 0 only. */
int kvs_reload (struct kvs *kvs, flux_error_t *errp);

/* True when kvs_create() or kvs_reload() found and restored a checkpoint. */
bool kvs_restored (const struct kvs *kvs);

/* ---- For services on rank 0 (elsewhere: EINVAL) ----------------------------------------------
 * `ns` NULL is the primary namespace; an unknown one is ENOTSUP. Keys are as in flux-kvs(1):
 * "a.b.c"; EINVAL for one that is empty or ".", ENAMETOOLONG past the limits. Data are any bytes.
 * Directories on the way are made. On error nothing has changed. */

int kvs_local_put (struct kvs *kvs, const char *ns, const char *key, const void *data, size_t len);

/* For who acknowledges to somebody what it has put into the primary namespace: cb is called when it
 * may, which is at once unless commits are synced; then when they are on the disk, or with the
 * errnum of the store. */
typedef void (*kvs_synced_f) (void *arg, int errnum);
void kvs_local_synced (struct kvs *kvs, kvs_synced_f cb, void *arg);
bool kvs_local_syncs (const struct kvs *kvs); // whether it may take a while

/* The same, but takes over malloc'd data (freed on error too): no copy of a large value. */
int kvs_local_put_take (struct kvs *kvs, const char *ns, const char *key, void *data, size_t len);

/* What many values begin with is stored once: make it known, then put values that are it and some
 * more data (which are taken over as above). It pays when it is more than twice as long as they. */
struct kvs_head {
    uint8_t digest[64];
    size_t len; // 0: none
};
int kvs_local_head (struct kvs *kvs, const void *data, size_t len, struct kvs_head *head);
int kvs_local_put_after (struct kvs *kvs, const char *ns, const char *key,
                         const struct kvs_head *head, void *data, size_t len);

/* EISDIR for a directory. A key that does not exist is made. */
int kvs_local_append (struct kvs *kvs, const char *ns, const char *key, const void *data,
                      size_t len);

/* Removing what does not exist is no error. A directory goes with all that is in it. */
int kvs_local_unlink (struct kvs *kvs, const char *ns, const char *key);

/* An empty directory, in place of what was there. */
int kvs_local_mkdir (struct kvs *kvs, const char *ns, const char *key);

/* target_ns may be NULL. */
int kvs_local_symlink (struct kvs *kvs, const char *ns, const char *key, const char *target_ns,
                       const char *target);

/* The value: *datap is malloc'd, NUL-terminated (not counted), the caller frees it. ENOENT, EISDIR,
 * ENOTDIR, ELOOP. */
int kvs_local_get (struct kvs *kvs, const char *ns, const char *key, char **datap, size_t *lenp);

/* Nobody is likely to ask for this small directory soon: it need not stay in memory. */
void kvs_local_cool (struct kvs *kvs, const char *ns, const char *key);

/* 0 when the key exists (of any kind), else -1 with errno. */
int kvs_local_exists (struct kvs *kvs, const char *ns, const char *key);

/* Call cb for each entry that a directory has now, in order of names; "." is the root. A return
 * other than 0 ends it and is returned. */
typedef int (*kvs_list_f) (const char *name, bool is_dir, void *arg);
int kvs_local_list (struct kvs *kvs, const char *ns, const char *key, kvs_list_f cb, void *arg);

/* Watch one key. flags: 0 = cb gets the whole value after each commit that wrote the key,
 * KVS_LOCAL_APPEND = only what was appended since the last call. The first call comes at the end of
 * this turn if the key exists, else when it is made. errnum != 0 (ENOENT: the key was removed;
 * ENOTSUP: the namespace was; EISDIR; EINVAL: an appended key was cut short) is the last call and
 * ends the watch. cb may change the store and may stop this or any watch. */
#define KVS_LOCAL_APPEND 1
struct kvs_local_watch;
typedef void (*kvs_local_watch_f) (struct kvs *kvs, const char *key, const char *data, size_t len,
                                   int errnum, void *arg);
struct kvs_local_watch *kvs_local_watch (struct kvs *kvs, const char *ns, const char *key,
                                         int flags, kvs_local_watch_f cb, void *arg);
/* Not to be called after errnum was reported. */
void kvs_local_watch_stop (struct kvs_local_watch *w);

/* The name space "job-ID" of a job (RFC 16) is the directory guest of the job; it is written to
 * while `runs` says so. Rank 0. */
void kvs_on_guest (struct kvs *kvs, bool (*runs) (uint64_t id, void *arg), void *arg);

/* Namespaces. owner is a userid. EEXIST; removing an unknown one is no error. */
int kvs_local_ns_create (struct kvs *kvs, const char *ns, uint32_t owner);
int kvs_local_ns_remove (struct kvs *kvs, const char *ns);

/* Move the whole content of ns to the directory `key` of the primary namespace (replacing what is
 * there) and remove ns: how a guest namespace comes home (RFC 16). No data is copied. */
int kvs_local_ns_graft (struct kvs *kvs, const char *ns, const char *key);

/* Version and root of a namespace; blobref is malloc'd, may be NULL when not wanted (then nothing
 * need be hashed). */
int kvs_local_getroot (struct kvs *kvs, const char *ns, int *seqp, char **blobrefp);

#endif /* !FLUX_SERVICE_KVS_KVS_H */
