/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job-list service, see list.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "lib/codec/limits.h"
#include "lib/util/buf.h"
#include "shell/broker/router.h"
#include "shell/service/job_list/attrs.h"
#include "shell/service/job_list/constraint.h"
#include "shell/service/job_list/list.h"
#include "shell/service/job_list/private.h"
#include "shell/service/job_manager/manager.h"

#define CHUNK 250      // jobs in one response of a stream
#define SLICE_ROWS 500 // jobs listed, and looked at, in one turn of the loop
#define SLICE_LOOKS 5000
#define ROWS_MAX (64u << 20) // bytes in the one answer of who asks for no stream
#define PATIENCE 0.01        // seconds until a client is looked at again that has not read enough

struct listing {
    struct job_list *jl;
    const flux_msg_t *msg;
    struct job_constraint *constraint;
    struct job_walk *walk;
    uint64_t attrs;
    double since;
    int left; // below 0: no limit
    bool streaming;
    bool first;
    bool overflow;
    struct buf rows; // with commas
    int nrows;
    struct listing *prev, *next;
};

static void listing_free (struct listing *l)
{
    if (l) {
        DL_DELETE (l->jl->listings, l);
        if (l->streaming)
            router_flow_release (l->jl->rt, l->msg);
        job_walk_end (l->walk);
        job_constraint_destroy (l->constraint);
        buf_clear (&l->rows);
        flux_msg_decref (l->msg);
        free (l);
    }
}

static void send_chunk (struct listing *l)
{
    static const char *const tails[] = {"]}", "],\"version\":0}", "],\"version\":1}"};
    struct buf b = {0};

    buf_reserve (&b, l->rows.len + 64);
    buf_puts (&b, "{\"jobs\":[");
    buf_append (&b, l->rows.data, l->rows.len);
    buf_puts (&b, tails[l->first ? 1 + l->streaming : 0]);
    if (b.err || l->rows.err) {
        router_respond_error (l->jl->rt, l->msg, ENOMEM, NULL);
        buf_clear (&b);
    } else
        router_respond_take (l->jl->rt, l->msg, buf_steal (&b, NULL));
    buf_reset (&l->rows);
    l->nrows = 0;
    l->first = false;
}

/* Seconds are told to the microsecond. */
static bool is_older (const struct listing *l, const struct job *job)
{
    return l->since > 0 && job->state == JOB_INACTIVE && job->t_inactive <= l->since + 5e-7;
}

static void add_row (struct listing *l, const struct job *job)
{
    if (l->nrows++ > 0)
        buf_putc (&l->rows, ',');
    job_attrs_append (&l->rows, job, l->attrs);
    if (l->left > 0)
        l->left--;
    if (l->streaming && l->nrows == CHUNK)
        send_chunk (l);
}

bool job_list_sees_all (const struct job_list *jl, const flux_msg_t *msg)
{
    struct flux_msg_cred cred;

    return !jl->private_mode ||
           (flux_msg_get_cred (msg, &cred) == 0 && (cred.rolemask & FLUX_ROLE_PRIVILEGED));
}

bool job_list_sees (const struct job_list *jl, const flux_msg_t *msg, const struct job *job)
{
    uint32_t userid;

    return job_list_sees_all (jl, msg) ||
           (flux_msg_get_userid (msg, &userid) == 0 && userid == job->userid);
}

/* Go on for a while; false at the end. */
static bool list_some (struct listing *l)
{
    int rows = 0;

    if (l->rows.len > ROWS_MAX) {
        l->overflow = true;
        return false;
    }

    for (int looks = 0; looks < SLICE_LOOKS && rows < SLICE_ROWS; looks++) {
        struct job *job = l->left == 0 ? NULL : job_walk_next (l->walk);
        if (!job || is_older (l, job)) // the rest is older still
            return false;
        if (job_list_sees (l->jl, l->msg, job) && job_constraint_match (l->constraint, job)) {
            add_row (l, job);
            rows++;
        }
    }
    return true;
}

static void finish (struct listing *l)
{
    if (l->overflow)
        router_respond_error (l->jl->rt, l->msg, EMSGSIZE,
                              "the list is too long for one answer, ask for a stream");
    else if (l->first || l->nrows > 0)
        send_chunk (l);
    if (l->streaming)
        router_respond_error (l->jl->rt, l->msg, ENODATA, NULL);
    listing_free (l);
}

static bool is_behind (const struct listing *l)
{
    return l->streaming && router_backlog (l->jl->rt, l->msg) > CLIENT_BACKLOG_MAX;
}

/* Long lists take turns with all else, and wait for those who read them. */
static void more_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct job_list *jl = w->data;
    struct listing *l, *tmp;
    bool waits = true;

    DL_FOREACH_SAFE (jl->listings, l, tmp)
    {
        if (is_behind (l))
            continue;
        waits = false;
        if (!list_some (l))
            finish (l);
    }
    ev_timer_set (&jl->more, waits ? PATIENCE : 0., 0.);
    if (jl->listings)
        ev_timer_start (loop, &jl->more);
}

static int parse_list (struct listing *l, flux_error_t *errp)
{
    int max_entries;
    json_t *attrs, *constraint = NULL;

    if (flux_request_unpack (l->msg, NULL, "{s:i s:o s?F s?o}", "max_entries", &max_entries,
                             "attrs", &attrs, "since", &l->since, "constraint", &constraint) < 0 ||
        max_entries < 0 || !json_is_array (attrs)) {
        errno = EPROTO;
        return -1;
    }
    l->jl->nlisted++;
    l->left = max_entries > 0 ? max_entries : -1;
    if (job_attrs_parse (attrs, &l->attrs, errp) < 0 ||
        !(l->constraint = job_constraint_create (constraint, errp)))
        return -1;
    l->walk = job_walk_begin (l->jl->jm, job_constraint_states (l->constraint));
    return l->walk ? 0 : -1;
}

static struct listing *listing_create (struct job_list *jl, const flux_msg_t *msg)
{
    struct listing *l = calloc (1, sizeof (*l));

    if (l) {
        l->jl = jl;
        l->msg = flux_msg_incref (msg);
        l->first = true;
        l->streaming = flux_msg_is_streaming (msg);
        if (l->streaming)
            router_flow_hold (jl->rt, msg);
        DL_APPEND (jl->listings, l);
    }
    return l;
}

static void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;
    struct listing *l = listing_create (jl, msg);
    flux_error_t error = {""};

    if (!l || parse_list (l, &error) < 0) {
        router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
        listing_free (l);
    } else if (!is_behind (l) && !list_some (l))
        finish (l);
    else if (!ev_is_active (&jl->more))
        ev_timer_start (router_loop (rt), &jl->more);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;
    struct listing *l, *tmp;

    DL_FOREACH_SAFE (jl->listings, l, tmp)
    {
        if (flux_disconnect_match (msg, l->msg))
            listing_free (l);
    }
    byid_disconnect (jl->byid, msg);
    job_stats_disconnect (jl->stats, msg);
}

/* flux_cancel(): the stream ends with ENODATA. */
static void cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;
    struct listing *l, *tmp;

    DL_FOREACH_SAFE (jl->listings, l, tmp)
    {
        if (l->streaming && flux_cancel_match (msg, l->msg)) {
            router_respond_error (rt, l->msg, ENODATA, NULL);
            listing_free (l);
        }
    }
    byid_cancel (jl->byid, msg);
    job_stats_cancel (jl->stats, msg);
}

static void list_attrs_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    static const char *text =
        "{\"attrs\":[\"userid\",\"urgency\",\"priority\",\"t_submit\",\"t_depend\","
        "\"t_priority\",\"t_sched\",\"t_run\",\"t_cleanup\",\"t_inactive\",\"state\",\"name\","
        "\"cwd\",\"queue\",\"project\",\"bank\",\"ntasks\",\"ncores\",\"duration\",\"nnodes\","
        "\"ranks\",\"nodelist\",\"success\",\"exception_occurred\",\"exception_type\","
        "\"exception_severity\",\"exception_note\",\"result\",\"expiration\",\"annotations\","
        "\"waitstatus\",\"dependencies\",\"all\"]}";

    router_respond (rt, msg, text);
}

static json_int_t count_jobs (const struct job_list *jl, int states)
{
    size_t n = 0;

    for (int i = 0; i < JOB_STATES; i++)
        n += (states & (1 << i)) ? job_manager_count (jl->jm, 1 << i) : 0;
    return (json_int_t)n;
}

static void list_id_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    byid_request (((struct job_list *)arg)->byid, msg);
}

static void job_stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    job_stats_request (((struct job_list *)arg)->stats, msg);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;
    struct listing *l;
    int n;

    DL_COUNT (jl->listings, l, n);
    router_respond_pack (rt, msg, "{s:{s:I s:I s:I} s:{s:i} s:i s:i s:I}", "jobs", "pending",
                         count_jobs (jl, JOB_PENDING), "running", count_jobs (jl, JOB_RUNNING),
                         "inactive", count_jobs (jl, JOB_INACTIVE), "idsync", "waits",
                         (int)byid_count (jl->byid), "stats_watchers",
                         (int)job_stats_watchers (jl->stats), "listings", n, "listed",
                         (json_int_t)jl->nlisted);
}

static const struct handler_row rows[] = {
    {"list", list_cb, FLUX_ROLE_USER},
    {"list-id", list_id_cb, FLUX_ROLE_USER},
    {"list-attrs", list_attrs_cb, FLUX_ROLE_USER},
    {"job-stats", job_stats_cb, FLUX_ROLE_USER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"cancel", cancel_cb, FLUX_ROLE_ALL},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct job_list *job_list_create (struct router *rt, struct job_manager *jm)
{
    struct job_list *jl = calloc (1, sizeof (*jl));

    if (!jl)
        return NULL;
    jl->rt = rt;
    jl->jm = jm;
    ev_timer_init (&jl->more, more_cb, 0., 0.);
    jl->more.data = jl;
    if (!(jl->byid = byid_create (jl)) || !(jl->stats = job_stats_create (jl)) ||
        router_service_add (rt, "job-list", rows, jl) < 0) {
        job_list_destroy (jl);
        return NULL;
    }
    return jl;
}

void job_list_destroy (struct job_list *jl)
{
    if (jl) {
        router_service_remove (jl->rt, "job-list");
        ev_timer_stop (router_loop (jl->rt), &jl->more);
        while (jl->listings)
            listing_free (jl->listings);
        byid_destroy (jl->byid);
        job_stats_destroy (jl->stats);
        free (jl);
    }
}

void job_list_set_access (struct job_list *jl, const json_t *conf)
{
    json_t *access = json_object_get (conf, "access");

    jl->private_mode = json_is_true (json_object_get (access, "private-mode"));
}
