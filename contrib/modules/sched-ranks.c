/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An example of a scheduler outside of the broker (RFC 27, 28): whole ranks, last ones first, to
 * jobs in their order. While it is loaded the instance's own scheduler gives nothing out.
 *
 *     cc -shared -fPIC -o sched-ranks.so sched-ranks.c $(pkg-config --cflags flux-slurm jansson)
 *     flux module load ./sched-ranks.so [limit=N]
 *     flux module remove sched-ranks
 *
 * It follows who is up (resource.acquire), learns of the jobs that run (job-manager.sched-hello),
 * says that it is ready (job-manager.sched-ready), and answers sched.alloc, .cancel, .prioritize,
 * .free and .expiration. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <jansson.h>

enum { RANKS_MAX = 4096, JOBS_MAX = 4096 };

struct rank {
    bool there, up;
    flux_jobid_t job; // 0: free
    json_t *children;
    char host[64];
};

struct request {
    flux_jobid_t id;
    int64_t priority;
    int nnodes;
    const flux_msg_t *msg;
};

struct sched {
    flux_t *h;
    struct rank rank[RANKS_MAX];
    struct request queue[JOBS_MAX]; // in the order of their priority and id
    int njobs;
    double expiration;
    int limit; // of requests at a time; 0: none
};

/* ---- resources ---- */

static void mark (struct sched *s, const char *ids, bool up)
{
    struct idset *set = ids ? idset_decode (ids) : NULL;

    for (unsigned int i = idset_first (set); i < RANKS_MAX; i = idset_next (set, i))
        s->rank[i].up = up;
    idset_destroy (set);
}

static void take_R (struct sched *s, json_t *R)
{
    json_t *lite = NULL, *entry, *children;
    const char *hosts = NULL, *ranks;
    size_t i;
    int n = 0;

    json_unpack (R, "{s:{s:o s?[s] s?F}}", "execution", "R_lite", &lite, "nodelist", &hosts,
                 "expiration", &s->expiration);
    json_array_foreach (lite, i, entry)
    {
        if (json_unpack (entry, "{s:s s:o}", "rank", &ranks, "children", &children) < 0)
            continue;
        struct idset *set = idset_decode (ranks);
        for (unsigned int r = idset_first (set); r < RANKS_MAX; r = idset_next (set, r)) {
            s->rank[r].there = true;
            s->rank[r].children = json_incref (children);
        }
        idset_destroy (set);
    }
    struct hostlist *hl = hosts ? hostlist_decode (hosts) : NULL;
    for (int r = 0; hl && r < RANKS_MAX; r++)
        if (s->rank[r].there)
            snprintf (s->rank[r].host, sizeof (s->rank[r].host), "%s", hostlist_nth (hl, n++));
    hostlist_destroy (hl);
}

static void schedule (struct sched *s);

static void acquire_cb (flux_future_t *f, void *arg)
{
    struct sched *s = arg;
    json_t *R = NULL;
    const char *up = NULL, *down = NULL;
    double expiration = -1;

    if (flux_rpc_get_unpack (f, "{s?o s?s s?s s?F}", "resources", &R, "up", &up, "down", &down,
                             "expiration", &expiration) < 0) {
        flux_log (s->h, LOG_ERR, "acquire: %s", flux_future_error_string (f));
        flux_reactor_stop_error (flux_get_reactor (s->h));
        return;
    }
    flux_log (s->h, LOG_INFO, "acquire:%s up=%s down=%s expiration=%g", R ? " R" : "", up ? up : "",
              down ? down : "", expiration);
    if (R)
        take_R (s, R);
    mark (s, up, true);
    mark (s, down, false);
    if (expiration >= 0)
        s->expiration = expiration;
    flux_future_reset (f);
    schedule (s);
}

static void hold (struct sched *s, flux_jobid_t id, json_t *R, bool held)
{
    json_t *entry;
    size_t i;

    json_array_foreach (json_object_get (json_object_get (R, "execution"), "R_lite"), i, entry)
    {
        const char *ranks = json_string_value (json_object_get (entry, "rank"));
        struct idset *set = ranks ? idset_decode (ranks) : NULL;
        for (unsigned int r = idset_first (set); r < RANKS_MAX; r = idset_next (set, r))
            if (held || s->rank[r].job == id)
                s->rank[r].job = held ? id : 0;
        idset_destroy (set);
    }
}

/* ---- jobs ---- */

static json_t *make_R (struct sched *s, flux_jobid_t id, double now, double duration)
{
    json_t *lite = json_array (), *hosts = json_array ();
    double end = duration > 0 ? now + duration : s->expiration;

    for (int r = 0; r < RANKS_MAX; r++)
        if (s->rank[r].job == id) {
            char text[16];
            snprintf (text, sizeof (text), "%d", r);
            json_array_append_new (
                lite, json_pack ("{s:s s:O}", "rank", text, "children", s->rank[r].children));
            json_array_append_new (hosts, json_string (s->rank[r].host));
        }
    return json_pack ("{s:i s:{s:o s:o s:f s:f}}", "version", 1, "execution", "R_lite", lite,
                      "nodelist", hosts, "starttime", now, "expiration", end);
}

static int commit_R (struct sched *s, flux_jobid_t id, json_t *R)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    flux_future_t *f = NULL;
    char key[64];
    int rc = -1;

    if (txn && flux_job_kvs_key (key, sizeof (key), id, "R") >= 0 &&
        flux_kvs_txn_pack (txn, 0, key, "O", R) == 0 &&
        (f = flux_kvs_commit (s->h, NULL, 0, txn)) && flux_future_get (f, NULL) == 0)
        rc = 0;
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    return rc;
}

static void leave_queue (struct sched *s, int i)
{
    flux_msg_decref (s->queue[i].msg);
    s->njobs--;
    memmove (&s->queue[i], &s->queue[i + 1], (s->njobs - i) * sizeof (s->queue[0]));
}

/* The one at the head gets ranks, or all wait. */
static bool serve_first (struct sched *s)
{
    struct request *req = &s->queue[0];
    int n = 0;
    double duration = 0;

    for (int r = 0; r < RANKS_MAX; r++)
        n += s->rank[r].there && s->rank[r].up && s->rank[r].job == 0;
    if (n < req->nnodes) {
        flux_respond_pack (s->h, req->msg, "{s:I s:i s:{s:{s:s}}}", "id", (json_int_t)req->id,
                           "type", 1, "annotations", "sched", "reason_pending", "no ranks");
        return false;
    }
    for (int r = RANKS_MAX - 1, left = req->nnodes; r >= 0 && left > 0; r--)
        if (s->rank[r].there && s->rank[r].up && s->rank[r].job == 0) {
            s->rank[r].job = req->id;
            left--;
        }
    flux_request_unpack (req->msg, NULL, "{s:{s:{s:{s?F}}}}", "jobspec", "attributes", "system",
                         "duration", &duration);
    json_t *R = make_R (s, req->id, flux_reactor_time (), duration);
    if (commit_R (s, req->id, R) == 0)
        flux_respond_pack (s->h, req->msg, "{s:I s:i s:{s:{s:s s:n}}}", "id", (json_int_t)req->id,
                           "type", 0, "annotations", "sched", "resource_summary", "whole ranks",
                           "reason_pending");
    json_decref (R);
    leave_queue (s, 0);
    return true;
}

static void schedule (struct sched *s)
{
    while (s->njobs > 0 && serve_first (s))
        ;
}

static int compare (const void *x, const void *y)
{
    const struct request *a = x, *b = y;

    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void alloc_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct sched *s = arg;
    json_int_t id, priority;
    const char *type = NULL;
    int count = 1, there = 0;

    if (s->njobs == JOBS_MAX ||
        flux_request_unpack (msg, NULL, "{s:I s:I s:{s:[{s:s s:i}]}}", "id", &id, "priority",
                             &priority, "jobspec", "resources", "type", &type, "count",
                             &count) < 0) {
        flux_respond_error (h, msg, EPROTO, NULL);
        return;
    }
    for (int r = 0; r < RANKS_MAX; r++)
        there += s->rank[r].there;
    count = strcmp (type, "node") == 0 ? count : 1;
    if (count > there) {
        flux_respond_pack (h, msg, "{s:I s:i s:s}", "id", id, "type", 2, "note", "too many nodes");
        return;
    }
    s->queue[s->njobs++] = (struct request){id, priority, count, flux_msg_incref (msg)};
    qsort (s->queue, s->njobs, sizeof (s->queue[0]), compare);
    schedule (s);
}

static void cancel_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct sched *s = arg;
    json_int_t id;

    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &id) < 0)
        return;
    for (int i = 0; i < s->njobs; i++)
        if (s->queue[i].id == (flux_jobid_t)id) {
            flux_respond_pack (h, s->queue[i].msg, "{s:I s:i}", "id", id, "type", 3);
            leave_queue (s, i);
            break;
        }
    schedule (s);
}

static void prioritize_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct sched *s = arg;
    json_t *jobs, *o;
    json_int_t id, priority;
    size_t i;

    if (flux_request_unpack (msg, NULL, "{s:o}", "jobs", &jobs) < 0)
        return;
    json_array_foreach (jobs, i, o)
    {
        if (json_unpack (o, "[I, I]", &id, &priority) == 0)
            for (int k = 0; k < s->njobs; k++)
                if (s->queue[k].id == (flux_jobid_t)id)
                    s->queue[k].priority = priority;
    }
    qsort (s->queue, s->njobs, sizeof (s->queue[0]), compare);
    schedule (s);
}

static void free_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct sched *s = arg;
    json_int_t id;
    json_t *R;
    int final = 0;

    if (flux_request_unpack (msg, NULL, "{s:I s:o s?b}", "id", &id, "R", &R, "final", &final) < 0) {
        flux_respond_error (h, msg, EPROTO, NULL);
        return;
    }
    hold (s, id, R, false);
    flux_log (h, LOG_INFO, "free: %s", final ? "final" : "part");
    schedule (s);
}

static void expiration_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    double expiration;

    if (flux_request_unpack (msg, NULL, "{s:F}", "expiration", &expiration) < 0) {
        flux_respond_error (h, msg, EPROTO, NULL);
        return;
    }
    flux_log (h, LOG_INFO, "expiration of a job changed");
    flux_respond (h, msg, NULL);
}

static const struct flux_msg_handler_spec handlers[] = {
    {FLUX_MSGTYPE_REQUEST, "sched.alloc", alloc_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "sched.cancel", cancel_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "sched.prioritize", prioritize_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "sched.free", free_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "sched.expiration", expiration_cb, 0},
    FLUX_MSGHANDLER_TABLE_END,
};

/* ---- the beginning ---- */

static int lookup_R (struct sched *s, flux_jobid_t id)
{
    char key[64];
    const char *text;
    flux_future_t *f = NULL;
    json_t *R = NULL;

    if (flux_job_kvs_key (key, sizeof (key), id, "R") >= 0 &&
        (f = flux_kvs_lookup (s->h, NULL, 0, key)) && flux_kvs_lookup_get (f, &text) == 0 &&
        (R = json_loads (text, 0, NULL)))
        hold (s, id, R, true);
    json_decref (R);
    flux_future_destroy (f);
    return R ? 0 : -1;
}

static int hello (struct sched *s)
{
    flux_future_t *f =
        flux_rpc (s->h, "job-manager.sched-hello", NULL, FLUX_NODEID_ANY, FLUX_RPC_STREAMING);
    json_int_t id;

    while (f && flux_rpc_get_unpack (f, "{s:I}", "id", &id) == 0) {
        lookup_R (s, id);
        flux_future_reset (f);
    }
    int rc = f && errno == ENODATA ? 0 : -1;
    flux_future_destroy (f);
    return rc;
}

static int ready (struct sched *s)
{
    flux_future_t *f = s->limit > 0
                           ? flux_rpc_pack (s->h, "job-manager.sched-ready", FLUX_NODEID_ANY, 0,
                                            "{s:s s:i}", "mode", "limited", "limit", s->limit)
                           : flux_rpc_pack (s->h, "job-manager.sched-ready", FLUX_NODEID_ANY, 0,
                                            "{s:s}", "mode", "unlimited");
    int count, rc = f ? flux_rpc_get_unpack (f, "{s:i}", "count", &count) : -1;

    flux_future_destroy (f);
    return rc;
}

FLUX_EXPORT int mod_main (flux_t *h, int argc, char **argv);

int mod_main (flux_t *h, int argc, char **argv)
{
    struct sched *s = calloc (1, sizeof (*s));
    flux_msg_handler_t **mh = NULL;
    flux_future_t *f = NULL, *service = NULL;
    int rc = -1;

    if (!s)
        return -1;
    s->h = h;
    if (argc > 0 && sscanf (argv[0], "limit=%d", &s->limit) != 1) {
        flux_log (h, LOG_ERR, "unknown argument: %s", argv[0]);
        errno = EINVAL;
        goto out;
    }
    if (!(service = flux_service_register (h, "sched")) || flux_future_get (service, NULL) < 0 ||
        flux_msg_handler_addvec (h, handlers, s, &mh) < 0 ||
        !(f = flux_rpc (h, "resource.acquire", NULL, FLUX_NODEID_ANY, FLUX_RPC_STREAMING)) ||
        flux_future_get (f, NULL) < 0)
        goto out;
    acquire_cb (f, s);
    if (flux_future_then (f, -1., acquire_cb, s) < 0 || hello (s) < 0 || ready (s) < 0)
        goto out;
    rc = flux_reactor_run (flux_get_reactor (h), 0);
out:
    flux_msg_handler_delvec (mh);
    flux_future_destroy (f);
    flux_future_destroy (service);
    while (s->njobs > 0)
        leave_queue (s, 0);
    for (int r = 0; r < RANKS_MAX; r++)
        json_decref (s->rank[r].children);
    free (s);
    return rc < 0 ? -1 : 0;
}
