/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The content store (RFC 10): the service content.* of every rank. Rank 0 keeps every blob, in
 * memory while there is little and in the backing store after; other ranks keep a cache and ask
 * their parent for what they lack. */

#ifndef FLUX_SERVICE_KVS_CONTENT_H
#define FLUX_SERVICE_KVS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct router;
struct content;

struct content_config {
    const char *hash;     // "sha1" (also for NULL) or "sha256": the attribute content.hash
    const char *rundir;   // where a backing store may be made if memory runs short (rank 0)
    size_t gc_min;        // no garbage collection below so many blobs (0: 50000)
    const char *statedir; // where it is kept for a later instance; NULL: nothing is kept (rank 0)
};

/* No file is made or opened here unless statedir has a store from an earlier instance. */
struct content *content_create (struct router *rt, const struct content_config *conf,
                                flux_error_t *errp);

/* Ends the worker thread. What was not flushed is lost; without statedir the store is deleted. */
void content_destroy (struct content *c);

/* "sha1" or "sha256". */
const char *content_hash_name (const struct content *c);

/* Where rank 0 keeps, or would keep, its file; NULL without a folder. */
const char *content_backing_path (const struct content *c);

/* ---- For the KVS in the same process */

const struct digest_alg *content_alg (const struct content *c);

/* Look at a blob; the data live until control returns to the loop, or the next get or put. Rank 0:
 * ENOENT when it does not exist. Other ranks: EAGAIN when it is not in the cache. */
int content_get (struct content *c, const uint8_t *digest, const void **datap, size_t *lenp);

/* Store malloc'd data, which become the store's (but not on error), and give the digest. Rank 0. */
int content_put (struct content *c, void *data, size_t len, uint8_t *digest);

/* Bring a blob into the cache. cb is called once, from the loop or before this returns; when errnum
 * is 0 the blob stays in the cache until content_unhold(). */
typedef void (*content_load_f) (struct content *c, const uint8_t *digest, int errnum, void *arg);
int content_load (struct content *c, const uint8_t *digest, content_load_f cb, void *arg);
void content_unhold (struct content *c, const uint8_t *digest);

/* No more calls of cb with this arg; what would be held for it is not. */
void content_load_cancel (struct content *c, content_load_f cb, void *arg);

/* Rank 0: write all that was put so far, and with `rootref` a checkpoint behind it; cb is called
 * when that is done, never before this returns. Once a client put a checkpoint of its own
 * (content.checkpoint-put), none is written here any more. */
typedef void (*content_flush_f) (struct content *c, int errnum, void *arg);
int content_flush (struct content *c, const char *rootref, int seq, content_flush_f cb, void *arg);

/* The same, waiting for it. For the end of the instance. */
int content_flush_wait (struct content *c, const char *rootref, int seq, flux_error_t *errp);

/* The client's checkpoint was taken over: those of this process may follow it. */
void content_unpin (struct content *c);

/* The newest checkpoint of an earlier instance. ENOENT. */
int content_checkpoint (struct content *c, char rootref[72], int *seqp);

/* Rank 0, at the end of the instance after a flush with a checkpoint: throw away what the
 * checkpoint does not need, if that may be more than half of a store that is kept. Blobs of other
 * roots are gone afterwards. On failure the store is as it was. */
int content_gc (struct content *c, flux_error_t *errp);

/* Rank 0: throw away what can be reached neither from the newest checkpoint nor from what `roots`
 * names by content_collect_root() (it is called at the begin and at the end) and was not stored by
 * a client in the last CONTENT_RECENT_TIME seconds. It takes turns of the loop; `done` is called at
 * the end, or before this returns when there is no store. With a state folder a checkpoint is made
 * first. On failure, also in done (EBUSY: too much was written meanwhile), the store is as it was.
 * EBUSY: there is one under way, or so many blobs were stored lately that they are not known. */
struct collect;
struct content_collected {
    int errnum;
    const char *text; // or NULL
    size_t before, kept, missing;
};
typedef int (*content_roots_f) (struct collect *g, void *arg);
typedef void (*content_collect_f) (const struct content_collected *res, void *arg);
int content_collect (struct content *c, const char *rootref, int seq, content_roots_f roots,
                     content_collect_f done, void *arg);
int content_collect_root (struct collect *g, const char *ref);

/* True when statedir was configured: the store outlives the instance. */
bool content_is_durable (const struct content *c);

#endif /* !FLUX_SERVICE_KVS_CONTENT_H */
