/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of the KVS: its services, checkpoints. */

#include "config.h"
#include "shell/service/kvs/kvs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

static int forest_get (void *arg, const uint8_t *digest, const void **datap, size_t *lenp)
{
    return content_get (arg, digest, datap, lenp);
}

static int forest_put (void *arg, void *data, size_t len, uint8_t *digest)
{
    return content_put (arg, data, len, digest);
}

/* A state folder gets a checkpoint every few seconds while there are changes. */
static void checkpoint_done (struct content *c, int errnum, void *arg)
{
    struct kvs *kvs = arg;
    if (errnum)
        kvs->last_checkpoint_seq = -1; // try again
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct kvs *kvs = w->data;
    char ref[BLOBREF_MAX];
    if (kvs->rank > 0)
        follow_renew (kvs);
    else if (kvs->primary->seq != kvs->last_checkpoint_seq && ns_root (kvs->primary, ref) == 0 &&
             content_flush (kvs->content, ref, kvs->primary->seq, checkpoint_done, kvs) == 0)
        kvs->last_checkpoint_seq = kvs->primary->seq;
}

static void timer_start (struct kvs *kvs)
{
    struct ev_loop *loop = router_loop (kvs->rt);
    double period = kvs->rank > 0 ? KVS_LEASE / 4. : KVS_CHECKPOINT_PERIOD;
    ev_timer_init (&kvs->timer, timer_cb, period, period);
    kvs->timer.data = kvs;
    if (kvs->rank == 0 && !content_is_durable (kvs->content))
        return;
    ev_timer_start (loop, &kvs->timer);
    ev_unref (loop);
}

void kvs_set_sync_commits (struct kvs *kvs, bool on)
{
    kvs->sync_commits = on && kvs->rank == 0 && content_is_durable (kvs->content);
}

void kvs_set_maxdirent (struct kvs *kvs, unsigned int count)
{
    kvs->forest.dir_max = count;
}

void kvs_set_checkpoint_period (struct kvs *kvs, double seconds)
{
    struct ev_loop *loop = router_loop (kvs->rt);

    if (kvs->rank > 0 || !ev_is_active (&kvs->timer))
        return;
    kvs->timer.repeat = seconds > 0 ? seconds : KVS_CHECKPOINT_PERIOD;
    ev_timer_again (loop, &kvs->timer); // its reference to the loop stays taken away
}

/* The newest checkpoint, if there is one, whose root must be readable. */
static int load_checkpoint (struct kvs *kvs, uint8_t *digest, int *seqp, flux_error_t *errp)
{
    char ref[BLOBREF_MAX];
    const void *data;
    size_t len;

    if (content_checkpoint (kvs->content, ref, seqp) < 0)
        return errprintf (errp, "kvs: there is no checkpoint");
    if (digest_from_blobref (kvs->forest.alg, ref, digest) < 0) {
        errno = EINVAL;
        return errprintf (errp, "kvs: the checkpoint %s is of another content.hash", ref);
    }
    if (content_get (kvs->content, digest, &data, &len) < 0) {
        int errnum = errno;
        errprintf (errp, "kvs: the checkpoint's root %s: %s", ref, strerror (errnum));
        errno = errnum == ENOENT ? EIO : errnum;
        return -1;
    }
    return 0;
}

static int create_primary (struct kvs *kvs, flux_error_t *errp)
{
    uint8_t digest[DIGEST_MAX];
    int seq = 0;

    if (kvs->rank > 0)
        return 0;
    if (load_checkpoint (kvs, digest, &seq, errp) == 0) {
        kvs->restored = true;
        kvs->last_checkpoint_seq = seq;
    } else if (errno != ENOENT)
        return -1;
    if (!ns_create (kvs, KVS_PRIMARY, getuid (), 0, kvs->restored ? digest : NULL, seq))
        return errprintf (errp, "kvs: out of memory");
    return 0;
}

int kvs_reload (struct kvs *kvs, flux_error_t *errp)
{
    uint8_t digest[DIGEST_MAX];
    struct node *root;
    int seq;

    if (load_checkpoint (kvs, digest, &seq, errp) < 0)
        return -1;
    if (!(root = node_create_dirref (&kvs->forest, "", 0, digest)))
        return errprintf (errp, "kvs: out of memory");
    tree_clear (&kvs->primary->tree);
    kvs->primary->tree.root = root;
    kvs->primary->tree.gen++;
    if (kvs->primary->seq < seq)
        kvs->primary->seq = seq;
    kvs->restored = true;
    content_unpin (kvs->content);
    ns_wrote_end (kvs->primary);
    return 0;
}

struct kvs *kvs_create (struct router *rt, struct content *c, flux_error_t *errp)
{
    struct kvs *kvs = calloc (1, sizeof (*kvs));
    if (!kvs) {
        errprintf (errp, "kvs: out of memory");
        return NULL;
    }
    kvs->rt = rt;
    kvs->content = c;
    kvs->rank = router_rank (rt);
    kvs->forest = (struct forest){.alg = content_alg (c),
                                  .get = forest_get,
                                  .put = forest_put,
                                  .arg = c,
                                  .dir_max = KVS_MAXDIRENT,
                                  .dir_fill = HDIR_FILL};
    timer_start (kvs);
    if (create_primary (kvs, errp) < 0)
        goto error;
    if (router_service_add (rt, "kvs", kvs_rows, kvs) < 0 ||
        router_service_add (rt, "kvs-watch", watch_rows, kvs) < 0 ||
        (kvs->rank > 0 && router_event_subscribe (rt, "kvs.namespace-", follow_events, kvs) < 0)) {
        errprintf (errp, "kvs: %s", strerror (errno));
        goto error;
    }
    return kvs;
error:
    kvs_destroy (kvs);
    return NULL;
}

void kvs_destroy (struct kvs *kvs)
{
    struct ns *ns, *tmp;
    struct lookup *lu, *ltmp;
    if (!kvs)
        return;
    int saved_errno = errno;
    struct ev_loop *loop = router_loop (kvs->rt);

    router_service_remove (kvs->rt, "kvs");
    router_service_remove (kvs->rt, "kvs-watch");
    if (kvs->rank > 0)
        router_event_unsubscribe (kvs->rt, "kvs.namespace-", follow_events, kvs);
    if (ev_is_active (&kvs->timer)) {
        ev_ref (loop);
        ev_timer_stop (loop, &kvs->timer);
    }
    kvs_set_gc_interval (kvs, 0.);
    follow_clear (kvs);
    commit_clear (kvs);
    watch_clear (kvs);
    DL_FOREACH_SAFE (kvs->lookups, lu, ltmp)
    {
        lu->done (lu, &lu->walk, NULL, ENOSYS);
        lookup_destroy (lu);
    }
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    ns_destroy (ns, ENOSYS);
    ns_bury (kvs);
    free (kvs);
    errno = saved_errno;
}

bool kvs_restored (const struct kvs *kvs)
{
    return kvs->restored;
}

int kvs_checkpoint (struct kvs *kvs, flux_error_t *errp)
{
    char ref[BLOBREF_MAX];
    if (kvs->rank > 0 || !content_is_durable (kvs->content))
        return 0;
    if (ns_root (kvs->primary, ref) < 0)
        return errprintf (errp, "kvs: %s", strerror (errno));
    if (content_flush_wait (kvs->content, ref, kvs->primary->seq, errp) < 0)
        return -1;
    kvs->last_checkpoint_seq = kvs->primary->seq;
    return content_gc (kvs->content, errp);
}
