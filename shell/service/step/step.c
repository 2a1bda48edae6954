/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobs whose whole life is the answer to one request, see step.h. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <flux/disconnect.h>
#include <flux/job.h>
#include <flux/request.h>

#include "lib/job/eventlog.h"
#include "lib/job/fluid.h"
#include "shell/broker/router.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/step/output.h"
#include "shell/service/step/step.h"

struct step {
    struct steps *s;
    const flux_msg_t *msg;
    uint64_t id;
    struct kvs_local_watch *output;
    bool fatal;
    int code; // below 0: none yet
    bool ended;
    struct step *next_ended;
    UT_hash_handle by_id, by_client;
};

struct steps {
    struct router *rt;
    struct kvs *kvs;
    struct job_manager *jm;
    struct job_exec *exec;
    struct step *ids, *clients; // the same ones
    struct step *ended;
};

static struct step *find_client (struct steps *s, const flux_msg_t *msg)
{
    const char *uuid = flux_msg_route_first (msg);
    struct step *st = NULL;

    if (uuid)
        HASH_FIND (by_client, s->clients, uuid, strlen (uuid), st);
    return st && flux_disconnect_match (msg, st->msg) ? st : NULL;
}

static void step_free (struct step *st)
{
    if (st->output)
        kvs_local_watch_stop (st->output);
    HASH_DELETE (by_id, st->s->ids, st);
    HASH_DELETE (by_client, st->s->clients, st);
    flux_msg_decref (st->msg);
    free (st);
}

static void say (struct step *st, struct buf *b)
{
    if (b->len > 0 && !b->err)
        router_respond_raw (st->s->rt, st->msg, b->data, b->len);
    buf_reset (b);
}

static double submitted_at (struct step *st)
{
    const struct job *job = job_manager_lookup (st->s->jm, st->id);

    return job ? job->t_submit : 0.;
}

static void output_cb (struct kvs *kvs, const char *key, const char *data, size_t len, int errnum,
                       void *arg)
{
    struct step *st = arg;
    const char *line;
    size_t n;
    struct buf b = {0};

    if (errnum != 0) {
        st->output = NULL;
        return;
    }
    while (eventlog_next_line (&data, &len, &line, &n)) {
        step_output (&b, line, n, submitted_at (st));
        say (st, &b);
    }
    buf_clear (&b);
}

static void on_start (struct step *st)
{
    char key[JOB_KEY_SIZE];

    job_key (st->id, "guest.output", key, sizeof (key));
    st->output = kvs_local_watch (st->s->kvs, NULL, key, KVS_LOCAL_APPEND, output_cb, st);
}

static void on_exception (struct step *st, const char *entry)
{
    struct buf b = {0};
    char text[FLUID_STRING_SIZE];
    int severity;

    fluid_encode (st->id, FLUID_DEC, text, sizeof (text));
    step_exception (&b, entry, text, submitted_at (st), &severity);
    st->fatal |= severity == 0;
    say (st, &b);
    buf_clear (&b);
}

static void on_finish (struct step *st, const struct job *job)
{
    struct buf b = {0};
    flux_error_t error = {""};

    st->code = flux_job_waitstatus_to_exitcode (job->wait_status, &error);
    if (st->code != 0 && *error.text)
        buf_printf (&b, "m%s\n", error.text);
    say (st, &b);
    buf_clear (&b);
}

static void finish (struct step *st)
{
    int code = st->code < 0 || (st->fatal && st->code == 0) ? 1 : st->code;
    char text[16];
    int n = snprintf (text, sizeof (text), "x%d", code);

    router_respond_raw (st->s->rt, st->msg, text, n);
    router_respond_error (st->s->rt, st->msg, ENODATA, NULL);
    step_free (st);
}

/* The store gives the last of the output at the end of the turn, before this. */
static void end_pass (struct router *rt, void *arg)
{
    struct steps *s = arg;

    while (s->ended) {
        struct step *st = s->ended;
        s->ended = st->next_ended;
        finish (st);
    }
}

static void end_soon (struct router *rt, void *arg)
{
    router_at_turn_end (rt, end_pass, arg);
}

static void on_clean (struct step *st)
{
    st->ended = true;
    st->next_ended = st->s->ended;
    st->s->ended = st;
    router_at_turn_end (st->s->rt, end_soon, st->s);
}

static void job_event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct steps *s = arg;
    struct step *st = NULL;

    if (!s->ids)
        return;
    HASH_FIND (by_id, s->ids, &job->id, sizeof (job->id), st);
    if (!st || st->ended)
        return;
    if (strcmp (name, "start") == 0)
        on_start (st);
    else if (strcmp (name, "exception") == 0)
        on_exception (st, entry);
    else if (strcmp (name, "finish") == 0)
        on_finish (st, job);
    else if (strcmp (name, "clean") == 0)
        on_clean (st);
}

static void run_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct steps *s = arg;
    const char *uuid = flux_msg_route_first (msg);
    struct step *st = NULL;
    struct job *job = NULL;
    flux_error_t error = {""};

    if (!flux_msg_is_streaming (msg) || !uuid)
        router_respond_error (rt, msg, EPROTO, "step.run needs a streaming request");
    else if (find_client (s, msg))
        router_respond_error (rt, msg, EBUSY, "this client runs a step already");
    else if (!(st = calloc (1, sizeof (*st))))
        router_respond_error (rt, msg, ENOMEM, NULL);
    else if (!(job = job_manager_submit (s->jm, msg, &error)))
        router_respond_error (rt, msg, errno, error.text);
    if (!job) {
        free (st);
        return;
    }
    *st = (struct step){.s = s, .msg = flux_msg_incref (msg), .id = job->id, .code = -1};
    HASH_ADD (by_id, s->ids, id, sizeof (st->id), st);
    uuid = flux_msg_route_first (st->msg);
    HASH_ADD_KEYPTR (by_client, s->clients, uuid, strlen (uuid), st);
}

static void signal_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct steps *s = arg;
    struct step *st = find_client (s, msg);
    struct job *job = st ? job_manager_lookup (s->jm, st->id) : NULL;
    int signum;

    if (flux_request_unpack (msg, NULL, "{s:i}", "signum", &signum) < 0 || signum <= 0 ||
        signum >= NSIG)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (!job)
        router_respond_error (rt, msg, ENOENT, "this client runs no step");
    else if (signum != SIGINT && (job->state & JOB_RUNNING))
        (void)job_exec_kill (s->exec, job->id, signum);
    else if (signum == SIGINT || signum == SIGTERM || signum == SIGHUP)
        job_manager_raise (s->jm, job, "cancel", 0, job->userid, "interrupted by ctrl-C");
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct step *st = find_client (arg, msg);

    if (st && !st->ended)
        step_free (st);
}

static const struct handler_row rows[] = {
    {"run", run_cb, FLUX_ROLE_USER},
    {"signal", signal_cb, FLUX_ROLE_USER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct steps *steps_create (struct router *rt, struct kvs *kvs, struct job_manager *jm,
                            struct job_exec *exec)
{
    struct steps *s = calloc (1, sizeof (*s));

    if (!s)
        return NULL;
    *s = (struct steps){.rt = rt, .kvs = kvs, .jm = jm, .exec = exec};
    if (job_manager_on_event (jm, job_event_cb, s) < 0 ||
        router_service_add (rt, "step", rows, s) < 0) {
        free (s);
        return NULL;
    }
    return s;
}

void steps_destroy (struct steps *s)
{
    struct step *st, *tmp;

    if (s) {
        int saved_errno = errno;
        router_service_remove (s->rt, "step");
        HASH_ITER (by_id, s->ids, st, tmp)
        step_free (st);
        free (s);
        errno = saved_errno;
    }
}
