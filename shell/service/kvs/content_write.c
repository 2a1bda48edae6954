/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Rank 0's way to the backing store: all dirty blobs of the moment make one batch; while a batch is
 * being written the next one gathers. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <utlist.h>
#include <flux/rpc.h>
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/kvs/content_private.h"
#include "shell/service/kvs/limits.h"

enum { CHECKPOINTS_MAX = 5 };

int content_open_backing (struct content *c, bool create, flux_error_t *errp)
{
    char *text;

    if (c->backing)
        return 0;
    if (!c->path) {
        errno = ENOSYS;
        return errprintf (errp, "content: no folder for a backing store");
    }
    c->backing = backing_open (router_loop (c->rt), c->path, create, c->statedir != NULL,
                               c->alg->size, content_write_done, c, errp);
    if (!c->backing)
        return -1;
    if (!c->checkpoints && (text = backing_checkpoints (c->backing))) {
        c->checkpoints = json_loads (text, 0, NULL);
        free (text);
    }
    if (!json_is_array (c->checkpoints)) {
        json_decref (c->checkpoints);
        c->checkpoints = json_array ();
    }
    return 0;
}

static void log_error (struct content *c, const char *text)
{
    router_log (c->rt, LOG_ERR, "content", "%s", text);
}

/* Said when the store begins to fail or to work again, not for each batch. What is not written
 * stays in memory. */
static void note_result (struct content *c, int errnum, const char *why)
{
    char text[256];
    if (errnum && !c->last_errnum) {
        snprintf (text, sizeof (text), "the backing store fails, blobs stay in memory: %s", why);
        log_error (c, text);
    } else if (!errnum && c->last_errnum)
        log_error (c, "the backing store works again");
    c->last_errnum = errnum;
}

static struct backing_batch *batch_create (struct content *c)
{
    struct backing_batch *b = calloc (1, sizeof (*b));
    struct entry *e;
    size_t n = c->dirty_count;

    if (!b || !(b->items = calloc (n + 1, sizeof (b->items[0]))) ||
        !(c->batch_entries = calloc (n + 1, sizeof (c->batch_entries[0])))) {
        if (b)
            free (b->items);
        free (b);
        return NULL;
    }
    DL_FOREACH (c->dirty, e)
    {
        c->batch_entries[b->count] = e;
        b->items[b->count++] = (struct backing_item){e->digest, e->data, e->len, 0};
        e->writing = true;
    }
    c->batch_entries_count = b->count;
    if (c->checkpoint_changed) {
        b->checkpoint = json_dumps (c->checkpoints, JSON_COMPACT);
        c->checkpoint_changed = false;
    }
    return b;
}

static void batch_destroy (struct backing_batch *b)
{
    free ((char *)b->checkpoint);
    free (b->items);
    free (b);
}

static void waiters_done (struct content *c, int errnum, bool all)
{
    struct flush_waiter *w, *tmp;
    LL_FOREACH_SAFE (c->flush_waiters, w, tmp)
    {
        if (!all && w->need > c->batches_done)
            continue;
        LL_DELETE (c->flush_waiters, w);
        if (w->msg) {
            if (errnum)
                router_respond_error (c->rt, w->msg, errnum, NULL);
            else
                router_respond (c->rt, w->msg, NULL);
            flux_msg_decref (w->msg);
        } else
            w->cb (c, errnum, w->arg);
        free (w);
    }
}

static void batch_begin (struct content *c)
{
    flux_error_t error;
    struct backing_batch *b;

    if (c->batch_busy || c->collecting)
        return;
    snprintf (error.text, sizeof (error.text), "out of memory");
    if (content_open_backing (c, true, &error) < 0 || !(b = batch_create (c))) {
        note_result (c, errno, error.text);
        c->batches_done = ++c->batches_begun;
        waiters_done (c, c->last_errnum, false);
        return;
    }
    c->batches_begun++;
    c->batch_busy = true;
    backing_submit (c->backing, b);
}

static void turn_end (struct router *rt, void *arg)
{
    struct content *c = arg;
    c->turn_end_set = false;
    if (!c->batch_busy && (c->dirty_count || c->checkpoint_changed || c->flush_waiters))
        batch_begin (c);
}

/* Blobs are written when they are many, to have them out of memory; in a state folder the next
 * checkpoint, which is what counts there, or a flush writes the rest. Few large batches sync less
 * often, and write the pages of the store, which digests are spread over, fewer times. */
bool content_is_write_due (const struct content *c)
{
    return c->dirty_bytes >
           (c->backing && !c->statedir ? CONTENT_BATCH_BYTES : CONTENT_DIRTY_BYTES);
}

void content_write_soon (struct content *c)
{
    if (!c->turn_end_set && router_at_turn_end (c->rt, turn_end, c) == 0)
        c->turn_end_set = true;
    /* The writer does not keep up, or the turn is a long one: wait rather than take all memory. */
    if (c->dirty_bytes > 4 * (size_t)CONTENT_DIRTY_BYTES && c->last_errnum == 0) {
        batch_begin (c);
        if (c->batch_busy)
            backing_wait (c->backing);
    }
}

void content_write_done (struct backing_batch *b, void *arg)
{
    struct content *c = arg;
    int errnum = b->errnum;
    for (size_t i = 0; i < c->batch_entries_count; i++) {
        c->batch_entries[i]->writing = false;
        if (errnum == 0)
            content_set_clean (c, c->batch_entries[i]);
    }
    if (errnum && b->checkpoint)
        c->checkpoint_changed = true;
    free (c->batch_entries);
    c->batch_entries = NULL;
    c->batch_entries_count = 0;
    batch_destroy (b);
    c->batch_busy = false;
    c->batches_done++;
    note_result (c, errnum, strerror (errnum));
    waiters_done (c, errnum, false);
    content_shrink (c, CONTENT_CACHE_BYTES);
    /* After an error the next put or flush tries again. */
    if (errnum == 0 && (c->flush_waiters || content_is_write_due (c) || c->checkpoint_changed))
        content_write_soon (c);
}

int content_flush_add (struct content *c, const flux_msg_t *msg, content_flush_f cb, void *arg)
{
    struct flush_waiter *w = calloc (1, sizeof (*w));
    if (!w)
        return -1;
    w->msg = msg ? flux_msg_incref (msg) : NULL;
    w->cb = cb;
    w->arg = arg;
    w->need = c->batches_begun + 1; // the next one to begin takes all that is dirty now
    LL_APPEND (c->flush_waiters, w);
    content_write_soon (c);
    return 0;
}

int content_checkpoint_add (struct content *c, json_t *value)
{
    if (content_open_backing (c, true, NULL) < 0)
        return -1;
    if (json_array_insert (c->checkpoints, 0, value) < 0) {
        errno = ENOMEM;
        return -1;
    }
    while (json_array_size (c->checkpoints) > CHECKPOINTS_MAX)
        json_array_remove (c->checkpoints, CHECKPOINTS_MAX);
    c->checkpoint_changed = true;
    return 0;
}

static int checkpoint_root (struct content *c, const char *rootref, int seq)
{
    char newest[BLOBREF_MAX];
    int rc, n;

    if (content_checkpoint (c, newest, &n) == 0 && n == seq && !strcmp (newest, rootref))
        return 0;
    json_t *o = json_pack ("{s:i s:s s:i s:f}", "version", 1, "rootref", rootref, "sequence", seq,
                           "timestamp", walltime_now ());
    if (!o) {
        errno = ENOMEM;
        return -1;
    }
    rc = content_checkpoint_add (c, o);
    json_decref (o);
    return rc;
}

int content_flush (struct content *c, const char *rootref, int seq, content_flush_f cb, void *arg)
{
    if (rootref && !c->pinned && checkpoint_root (c, rootref, seq) < 0)
        return -1;
    return content_flush_add (c, NULL, cb, arg);
}

int content_flush_wait (struct content *c, const char *rootref, int seq, flux_error_t *errp)
{
    if (rootref && !c->pinned && checkpoint_root (c, rootref, seq) < 0)
        return errprintf (errp, "content: %s", strerror (errno));
    while (c->dirty_count || c->checkpoint_changed) {
        content_collect_abort (c, ESHUTDOWN);
        batch_begin (c);
        if (c->batch_busy)
            backing_wait (c->backing);
        if (c->last_errnum) {
            errno = c->last_errnum;
            return errprintf (errp, "content: %s", strerror (errno));
        }
    }
    return 0;
}

void content_unpin (struct content *c)
{
    c->pinned = false;
}

int content_checkpoint (struct content *c, char rootref[BLOBREF_MAX], int *seqp)
{
    const char *ref;
    if (json_unpack (json_array_get (c->checkpoints, 0), "{s:s s:i}", "rootref", &ref, "sequence",
                     seqp) < 0 ||
        strlen (ref) >= BLOBREF_MAX) {
        errno = ENOENT;
        return -1;
    }
    strcpy (rootref, ref);
    return 0;
}

/* The backing store is closed already; a batch that it finished without a word is lost memory. */
void content_write_clear (struct content *c)
{
    waiters_done (c, ENOSYS, true);
    free (c->batch_entries);
    c->batch_entries = NULL;
}
