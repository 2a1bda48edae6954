/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Garbage collection on demand, while the instance works. Kept is what the newest checkpoint needs
 * and the namespaces have, at the begin and at the end, and what was stored lately and may be
 * referred to soon. It goes on in small parts; meanwhile nothing is written to the store: what is
 * new stays in memory. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/util/monotime.h"
#include "shell/service/kvs/content_private.h"
#include "shell/service/kvs/limits.h"

enum { STEP = 500 };    // blobs
#define STEP_PAUSE .001 // seconds

void content_note_stored (struct content *c, const uint8_t *digest)
{
    struct recent *r = &c->recent;
    double now = monotime_now ();

    while (r->count > 0 && now - r->ring[r->first].when > CONTENT_RECENT_TIME) {
        r->first = (r->first + 1) % r->size;
        r->count--;
    }
    if (r->count == r->size && r->size < CONTENT_RECENT_MAX) {
        size_t size = r->size ? 2 * r->size : 64;
        struct recent_blob *ring = malloc (size * sizeof (*ring));
        for (size_t i = 0; ring && i < r->count; i++)
            ring[i] = r->ring[(r->first + i) % r->size];
        if (ring) {
            free (r->ring);
            r->ring = ring;
            r->size = size;
            r->first = 0;
        }
    }
    if (r->count == r->size) {
        r->lost = now; // one that is not known for as long as it should be
        if (r->size == 0)
            return;
        r->first = (r->first + 1) % r->size;
        r->count--;
    }
    struct recent_blob *b = &r->ring[(r->first + r->count++) % r->size];
    memcpy (b->digest, digest, c->alg->size);
    b->when = now;
}

struct collect {
    struct content *c;
    struct compact *compact;
    content_roots_f roots;
    content_collect_f done;
    void *arg;
    size_t before;
    ev_timer timer;
};

int content_collect_root (struct collect *g, const char *ref)
{
    uint8_t digest[DIGEST_MAX];

    if (digest_from_blobref (g->c->alg, ref, digest) < 0)
        return -1;
    return compact_add (g->compact, digest, true);
}

static int add_all (struct collect *g)
{
    struct content *c = g->c;

    for (size_t i = 0; i < c->recent.count; i++) {
        size_t at = (c->recent.first + i) % c->recent.size;
        if (compact_add (g->compact, c->recent.ring[at].digest, false) < 0)
            return -1;
    }
    return content_add_checkpoint (c, g->compact) < 0 ? -1 : g->roots (g, g->arg);
}

/* g->compact is gone. Writes go on. */
static void end_collect (struct collect *g, int errnum, const char *text, size_t missing)
{
    struct content *c = g->c;
    struct content_collected res = {.errnum = errnum, .text = text, .before = g->before};
    bool begun = c->collecting;

    ev_timer_stop (router_loop (c->rt), &g->timer);
    c->collect = NULL;
    c->collecting = false;
    if (errnum == 0) {
        res.kept = backing_count (c->backing);
        res.missing = missing;
    }
    g->done (&res, g->arg);
    free (g);
    if (begun && (c->dirty_count || c->checkpoint_changed || c->flush_waiters))
        content_write_soon (c);
}

void content_collect_abort (struct content *c, int errnum)
{
    if (c->collecting) {
        compact_abort (c->collect->compact);
        end_collect (c->collect, errnum, NULL, 0);
    }
}

/* All of the first round is copied. What changed meanwhile is done in one go. */
static void last_round (struct collect *g)
{
    size_t missing;
    flux_error_t error;

    if (add_all (g) < 0 || compact_step (g->compact, SIZE_MAX) < 0) {
        content_collect_abort (g->c, errno);
        return;
    }
    missing = compact_missing (g->compact);
    if (content_compact_finish (g->c, g->compact, &error) < 0)
        end_collect (g, errno, error.text, missing);
    else
        end_collect (g, 0, NULL, missing);
}

static void step_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct collect *g = w->data;
    int rc = 0;

    if (g->c->dirty_bytes > CONTENT_COLLECT_DIRTY_MAX) {
        errno = EBUSY; // it must go to the store soon
        rc = -1;
    } else
        rc = compact_step (g->compact, STEP);
    if (rc < 0)
        content_collect_abort (g->c, errno);
    else if (rc > 0)
        ev_timer_again (loop, w);
    else
        last_round (g);
}

static void begin_collect (struct content *c, int errnum, void *arg)
{
    struct collect *g = arg;
    flux_error_t error = {""};

    if (errnum == 0 && !(g->compact = compact_begin (c->backing, &content_compact_ops, c, &error)))
        errnum = errno;
    if (errnum == 0 && add_all (g) < 0) {
        errnum = errno;
        compact_abort (g->compact);
    }
    if (errnum) {
        end_collect (g, errnum, error.text[0] ? error.text : NULL, 0);
        return;
    }
    c->collecting = true;
    g->before = backing_count (c->backing);
    ev_timer_again (router_loop (c->rt), &g->timer);
}

int content_collect (struct content *c, const char *rootref, int seq, content_roots_f roots,
                     content_collect_f done, void *arg)
{
    struct content_collected nothing = {0};
    struct collect *g;

    if (!c->backing && !c->statedir) { // all is in memory
        done (&nothing, arg);
        return 0;
    }
    if (c->collect ||
        (c->recent.lost > 0 && monotime_now () - c->recent.lost < CONTENT_RECENT_TIME)) {
        errno = EBUSY;
        return -1;
    }
    if (!(g = calloc (1, sizeof (*g))))
        return -1;
    g->c = c;
    g->roots = roots;
    g->done = done;
    g->arg = arg;
    ev_init (&g->timer, step_cb);
    g->timer.repeat = STEP_PAUSE;
    g->timer.data = g;
    c->collect = g;
    if (content_flush (c, c->statedir ? rootref : NULL, seq, begin_collect, g) < 0) {
        c->collect = NULL;
        free (g);
        return -1;
    }
    return 0;
}
