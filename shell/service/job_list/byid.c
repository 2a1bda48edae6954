/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One job by its id (RFC 43): now, or when it has come to a state. */

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "shell/broker/router.h"
#include "shell/service/job_list/attrs.h"
#include "shell/service/job_list/private.h"
#include "shell/service/job_manager/manager.h"

struct wait {
    const flux_msg_t *msg;
    uint64_t attrs;
    int states; // any of these
    struct wait *prev, *next;
};

/* Waits for the same job. */
struct awaited {
    uint64_t id;
    struct wait *waits;
    bool due; // is on the list of those to be looked at
    struct awaited *next_due;
    UT_hash_handle hh;
};

struct byid {
    struct job_list *jl;
    struct awaited *table, *due;
    size_t count;
};

static void wait_free (struct byid *b, struct awaited *a, struct wait *w)
{
    DL_DELETE (a->waits, w);
    flux_msg_decref (w->msg);
    free (w);
    b->count--;
}

static void awaited_free (struct byid *b, struct awaited *a)
{
    struct wait *w, *tmp;

    DL_FOREACH_SAFE (a->waits, w, tmp)
    wait_free (b, a, w);
    HASH_DEL (b->table, a);
    free (a);
}

static void respond (struct byid *b, const flux_msg_t *msg, const struct job *job, uint64_t attrs)
{
    struct buf text = {0};

    buf_puts (&text, "{\"job\":");
    job_attrs_append (&text, job, attrs);
    buf_putc (&text, '}');
    if (text.err) {
        router_respond_error (b->jl->rt, msg, ENOMEM, NULL);
        buf_clear (&text);
    } else
        router_respond_take (b->jl->rt, msg, buf_steal (&text, NULL));
}

/* A job that ended may never come to the state. */
static bool is_there (const struct job *job, int states)
{
    return states == 0 || job->state == JOB_INACTIVE || (job->states_seen & states);
}

static void look (struct byid *b, struct awaited *a)
{
    struct job *job = job_manager_lookup (b->jl->jm, a->id);
    struct wait *w, *tmp;

    DL_FOREACH_SAFE (a->waits, w, tmp)
    {
        if (job && !is_there (job, w->states))
            continue;
        if (job)
            respond (b, w->msg, job, w->attrs);
        else
            router_respond_error (b->jl->rt, w->msg, ENOENT, "unknown job id");
        wait_free (b, a, w);
    }
    if (!a->waits)
        awaited_free (b, a);
}

static void turn_end (struct router *rt, void *arg)
{
    struct byid *b = arg;
    struct awaited *a;

    while ((a = b->due)) {
        LL_DELETE2 (b->due, a, next_due);
        a->due = false;
        look (b, a);
    }
}

/* What goes with a state, as the result, is known when the turn is over. */
static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct byid *b = arg;
    struct awaited *a;

    if (!b->table)
        return;
    HASH_FIND (hh, b->table, &job->id, sizeof (job->id), a);
    if (a && !a->due) {
        a->due = true;
        LL_PREPEND2 (b->due, a, next_due);
        router_at_turn_end (b->jl->rt, turn_end, b);
    }
}

static int wait_add (struct byid *b, const flux_msg_t *msg, uint64_t id, int states, uint64_t attrs)
{
    struct awaited *a;
    struct wait *w = calloc (1, sizeof (*w));

    if (!w)
        return -1;
    HASH_FIND (hh, b->table, &id, sizeof (id), a);
    if (!a) {
        if (!(a = calloc (1, sizeof (*a)))) {
            free (w);
            return -1;
        }
        a->id = id;
        HASH_ADD (hh, b->table, id, sizeof (a->id), a);
    }
    *w = (struct wait){.msg = flux_msg_incref (msg), .attrs = attrs, .states = states};
    DL_APPEND (a->waits, w);
    b->count++;
    return 0;
}

#define WAITS_MAX 1000000
#define STATES (JOB_ACTIVE | JOB_INACTIVE)

/* That there is a job of somebody else is not told, either. */
void byid_request (struct byid *b, const flux_msg_t *msg)
{
    struct router *rt = b->jl->rt;
    json_int_t id;
    json_t *names;
    int states = 0;
    uint64_t attrs;
    struct job *job;
    flux_error_t error = {""};

    if (flux_request_unpack (msg, NULL, "{s:I s:o s?i}", "id", &id, "attrs", &names, "state",
                             &states) < 0 ||
        !json_is_array (names))
        router_respond_error (rt, msg, EPROTO, "malformed list-id request");
    else if ((states & ~STATES))
        router_respond_error (rt, msg, EPROTO, "list-id: no such state");
    else if (job_attrs_parse (names, &attrs, &error) < 0)
        router_respond_error (rt, msg, errno, error.text);
    else if (!(job = job_manager_lookup (b->jl->jm, id)) || !job_list_sees (b->jl, msg, job))
        router_respond_error (rt, msg, ENOENT, "unknown job id");
    else if (is_there (job, states))
        respond (b, msg, job, attrs);
    else if (b->count >= WAITS_MAX)
        router_respond_error (rt, msg, ENOSPC, "too many wait");
    else if (wait_add (b, msg, id, states, attrs) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

/* Those that a cancellation means are told so, those of one that went away are not. */
static void drop (struct byid *b, const flux_msg_t *msg,
                  bool (*match) (const flux_msg_t *msg, const flux_msg_t *held), bool tell)
{
    struct awaited *a, *atmp;
    struct wait *w, *tmp;

    HASH_ITER (hh, b->table, a, atmp)
    {
        DL_FOREACH_SAFE (a->waits, w, tmp)
        {
            if (!match (msg, w->msg))
                continue;
            if (tell)
                router_respond_error (b->jl->rt, w->msg, ENODATA, NULL);
            wait_free (b, a, w);
        }
        if (!a->waits && !a->due)
            awaited_free (b, a);
    }
}

void byid_cancel (struct byid *b, const flux_msg_t *cancel)
{
    drop (b, cancel, flux_cancel_match, true);
}

void byid_disconnect (struct byid *b, const flux_msg_t *disconnect)
{
    drop (b, disconnect, flux_disconnect_match, false);
}

size_t byid_count (const struct byid *b)
{
    return b->count;
}

struct byid *byid_create (struct job_list *jl)
{
    struct byid *b = calloc (1, sizeof (*b));

    if (b && job_manager_on_event (jl->jm, event_cb, b) < 0) {
        free (b);
        return NULL;
    }
    if (b)
        b->jl = jl;
    return b;
}

void byid_destroy (struct byid *b)
{
    if (b) {
        struct awaited *a, *tmp;
        router_turn_end_forget (b->jl->rt, turn_end, b);
        HASH_ITER (hh, b->table, a, tmp)
        awaited_free (b, a);
        free (b);
    }
}
