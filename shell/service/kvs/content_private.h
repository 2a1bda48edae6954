/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the content store share. */

#ifndef FLUX_SERVICE_KVS_CONTENT_PRIVATE_H
#define FLUX_SERVICE_KVS_CONTENT_PRIVATE_H

#include <jansson.h>
#include <uthash.h>
#include "shell/broker/router.h"
#include "shell/service/kvs/backing.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/digest.h"

/* Somebody who wants a blob that is under way: a request, or a caller in this process. */
struct load_waiter {
    const flux_msg_t *msg;
    content_load_f cb;
    void *arg;
    struct load_waiter *next;
};

struct entry {
    uint8_t digest[DIGEST_MAX];
    void *data;
    size_t len;
    const flux_msg_t *owner; // the message that data is a part of; NULL: it was malloc'd
    bool valid;              // data are here
    bool dirty;              // rank 0: not in the backing store; elsewhere: not at rank 0
    bool writing;            // part of a batch
    unsigned holds;          // readers who need it in memory
    unsigned stores;         // under way to rank 0
    struct load_waiter *waiters;
    struct content *c; // for a load under way
    uint32_t rpc;
    struct entry *prev, *next; // the list of clean entries, the coldest first, or of dirty ones
    UT_hash_handle hh;
};

struct flush_waiter {
    const flux_msg_t *msg; // or
    content_flush_f cb;
    void *arg;
    unsigned long need; // batch that must be done
    struct flush_waiter *next;
};

/* Digests that clients stored lately, and may refer to soon. */
struct recent {
    struct recent_blob {
        uint8_t digest[DIGEST_MAX];
        double when;
    } * ring;
    size_t first, count, size;
    double lost; // when one was forgotten too early; 0: never
};

struct content {
    struct router *rt;
    const struct digest_alg *alg;
    char *rundir, *statedir, *path;
    size_t gc_min;
    struct entry *entries; // uthash
    struct entry *clean, *dirty;
    size_t clean_bytes, dirty_bytes, dirty_count;

    /* rank 0 */
    struct backing *backing;
    bool batch_busy, turn_end_set;
    unsigned long batches_begun, batches_done;
    struct entry **batch_entries;
    size_t batch_entries_count;
    json_t *checkpoints;     // array, the newest first
    bool checkpoint_changed; // not yet in a batch
    bool pinned;             // the newest one is a client's, and is to stay the newest
    struct flush_waiter *flush_waiters;
    int last_errnum; // of the last batch
    struct recent recent;
    struct collect *collect; // garbage collection on demand
    bool collecting;         // it has begun: nothing is written

    /* other ranks: stores under way upstream */
    struct store_op *stores;
    struct flush_waiter *up_flush_waiters;
};

/* content.c */
struct entry *content_lookup (struct content *c, const uint8_t *digest);
struct entry *content_insert (struct content *c, const uint8_t *digest);
void content_set_data (struct content *c, struct entry *e, void *data, size_t len, bool dirty);
void content_set_clean (struct content *c, struct entry *e);
void content_set_dirty (struct content *c, struct entry *e);
void content_remove (struct content *c, struct entry *e);
void content_shrink (struct content *c, size_t max);
/* content_put() of what came as the payload of a message: a large one is not copied. */
int content_put_payload (struct content *c, const flux_msg_t *msg, const void *data, size_t len,
                         uint8_t *digest);
/* Give an entry without data those of the payload of a message. */
int content_set_payload (struct content *c, struct entry *e, const flux_msg_t *msg,
                         const void *data, size_t len, bool dirty);
int content_load_wait (struct content *c, const uint8_t *digest, const flux_msg_t *msg,
                       content_load_f cb, void *arg);

/* content_write.c: rank 0's way to the backing store */
int content_open_backing (struct content *c, bool create, flux_error_t *errp);
bool content_is_write_due (const struct content *c);
void content_write_soon (struct content *c);
void content_write_done (struct backing_batch *batch, void *arg);
int content_flush_add (struct content *c, const flux_msg_t *msg, content_flush_f cb, void *arg);
int content_checkpoint_add (struct content *c, json_t *value);
void content_write_clear (struct content *c);

/* content_gc.c */
extern const struct compact_ops content_compact_ops;
int content_add_checkpoint (struct content *c, struct compact *co); // the newest, if there is one
int content_compact_finish (struct content *c, struct compact *co, flux_error_t *errp); // takes co

/* content_collect.c */
void content_note_stored (struct content *c, const uint8_t *digest);
void content_collect_abort (struct content *c, int errnum); // if it has begun

/* content_service.c */
extern const struct handler_row content_rows[];
extern const struct handler_row content_backing_rows[];
void content_service_clear (struct content *c);

#endif /* !FLUX_SERVICE_KVS_CONTENT_PRIVATE_H */
