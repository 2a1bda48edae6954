/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job shells on this rank, see local.h. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>

#include <flux/request.h>

#include "lib/job/jsonbuf.h"
#include "lib/job/jsonscan.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "shell/broker/attr.h"
#include "shell/broker/router.h"
#include "shell/service/job_exec/local.h"
#include "shell/service/job_exec/spawner.h"

#define WARM_DELAY .01 // seconds until the spawner is started, if it is to be there before a job
#define ENDED_MAX 1024 // ends that are remembered, should the link have been lost with them
#define ENDED_TIME 60. // seconds

/* The end of a job shell for another rank. */
struct ended {
    uint64_t id;
    enum shell_event event;
    int status;
    char *text;
    double when;
    UT_hash_handle hh; // in the order of time
};

struct running {
    uint64_t id;
    pid_t pid;
    shell_event_f cb;
    void *arg;
    const flux_msg_t *request; // of another rank
    UT_hash_handle hh;
};

struct exec_local {
    struct router *rt;
    const struct attrs *attrs;
    uint32_t owner;
    struct spawner *spawner;
    struct running *running;
    struct ended *ended;
    char *attrs_text; // `{"attrs":{...},`
    ev_timer warm;
};

static struct running *lookup (struct exec_local *el, uint64_t id)
{
    struct running *r;

    HASH_FIND (hh, el->running, &id, sizeof (id), r);
    return r;
}

static void forget (struct exec_local *el, struct running *r)
{
    HASH_DEL (el->running, r);
    flux_msg_decref (r->request);
    free (r);
}

static void started_cb (void *arg, uint64_t id, pid_t pid)
{
    struct exec_local *el = arg;
    struct running *r = lookup (el, id);

    if (r) {
        r->pid = pid;
        r->cb (id, SHELL_STARTED, pid, NULL, r->arg);
    }
}

static void connect_cb (void *arg, uint64_t id, int fd)
{
    struct exec_local *el = arg;

    router_client_add (el->rt, fd, el->owner, FLUX_ROLE_OWNER);
}

static void end (struct exec_local *el, uint64_t id, enum shell_event event, int status,
                 const char *text)
{
    struct running *r = lookup (el, id);

    if (r) {
        r->cb (id, event, status, text, r->arg);
        forget (el, r);
    }
}

static void exited_cb (void *arg, uint64_t id, int wait_status, const char *result, size_t len)
{
    end (arg, id, SHELL_EXITED, wait_status, result);
}

static void failed_cb (void *arg, uint64_t id, int errnum, const char *text)
{
    end (arg, id, SHELL_FAILED, errnum, text);
}

static const struct spawner_ops spawner_ops = {
    .started = started_cb,
    .connect = connect_cb,
    .exited = exited_cb,
    .failed = failed_cb,
};

int exec_local_warm (struct exec_local *el, flux_error_t *errp)
{
    if (el->spawner)
        return 0;
    char *path = peer_find ("flux-shell", "job");
    if (!path)
        return errprintf (errp, "flux-shell is not found: %s", strerror (errno));
    const char *plugins = attr_get (el->attrs, "conf.shell_pluginpath");
    const char *cleanup = attr_get (el->attrs, "rundir-cleanup");
    const char *rundir = cleanup && !strcmp (cleanup, "1") ? attr_get (el->attrs, "rundir") : NULL;
    el->spawner =
        spawner_create (router_loop (el->rt), path, plugins, rundir, &spawner_ops, el, errp);
    free (path);
    return el->spawner ? 0 : -1;
}

/* What a job shell is told of the broker it runs under, as text in front of the request. */
static const char *attrs_text (struct exec_local *el)
{
    static const char *names[] = {"local-uri", "rank",           "size",       "hostlist",
                                  "hostname",  "instance-level", "jobid-path", "rundir"};
    if (el->attrs_text)
        return el->attrs_text;
    json_t *attrs = json_object ();
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        const char *value = attr_get (el->attrs, names[i]);
        if (value)
            json_object_set_new (attrs, names[i], json_string (value));
    }
    char *text = json_dumps (attrs, JSON_COMPACT);
    json_decref (attrs);
    if (!text || asprintf (&el->attrs_text, "{\"attrs\":%s,", text) < 0)
        el->attrs_text = NULL;
    free (text);
    return el->attrs_text;
}

static struct running *add (struct exec_local *el, uint64_t id, shell_event_f cb, void *arg)
{
    struct running *r = lookup (el, id);

    if (r) {
        errno = EEXIST;
        return NULL;
    }
    if (!(r = calloc (1, sizeof (*r))))
        return NULL;
    r->id = id;
    r->cb = cb;
    r->arg = arg;
    HASH_ADD (hh, el->running, id, sizeof (r->id), r);
    return r;
}

static int spawn (struct exec_local *el, uint64_t id, const char *request, size_t len)
{
    struct buf b = {0};
    flux_error_t error;
    const char *prefix = attrs_text (el);

    if (exec_local_warm (el, &error) < 0)
        return -1;
    if (!prefix || len < 2) {
        errno = EINVAL;
        return -1;
    }
    buf_puts (&b, prefix);
    buf_append (&b, request + 1, len - 1);
    int rc = b.err ? -1 : spawner_start (el->spawner, id, b.data, b.len);
    buf_clear (&b);
    return rc;
}

int exec_local_start (struct exec_local *el, uint64_t id, const char *request, size_t len,
                      shell_event_f cb, void *arg)
{
    struct running *r = add (el, id, cb, arg);

    if (!r)
        return -1;
    if (spawn (el, id, request, len) < 0) {
        int saved_errno = errno;
        forget (el, r);
        errno = saved_errno;
        return -1;
    }
    return 0;
}

int exec_local_kill (struct exec_local *el, uint64_t id, int signum)
{
    if (!lookup (el, id) || !el->spawner) {
        errno = ENOENT;
        return -1;
    }
    return spawner_kill (el->spawner, id, signum);
}

/* Remote calls */

static void forget_ended (struct exec_local *el, struct ended *e)
{
    HASH_DEL (el->ended, e);
    free (e->text);
    free (e);
}

static void remember_ended (struct exec_local *el, uint64_t id, enum shell_event event, int status,
                            const char *text)
{
    double now = ev_now (router_loop (el->rt));
    struct ended *e, *tmp;

    HASH_ITER (hh, el->ended, e, tmp)
    {
        if (e->id != id && HASH_COUNT (el->ended) < ENDED_MAX && now - e->when < ENDED_TIME)
            break;
        forget_ended (el, e);
    }
    HASH_FIND (hh, el->ended, &id, sizeof (id), e);
    if (e)
        forget_ended (el, e);
    if (!(e = calloc (1, sizeof (*e))))
        return;
    *e = (struct ended){.id = id, .event = event, .status = status, .when = now};
    e->text = text ? strdup (text) : NULL;
    HASH_ADD (hh, el->ended, id, sizeof (e->id), e);
}

/* The last word is the end of the stream too, as its text: one message less on the way up. */
static void answer_exited (struct exec_local *el, const flux_msg_t *request, int status,
                           const char *result)
{
    struct buf b = {0};

    buf_printf (&b, "{\"type\":\"exited\",\"status\":%d", status);
    if (result) {
        buf_puts (&b, ",\"result\":");
        jsonbuf_str (&b, result);
    }
    buf_putc (&b, '}');
    router_respond_error (el->rt, request, b.err ? b.err : ENODATA, b.err ? NULL : b.data);
    buf_clear (&b);
}

static void answer_started (struct exec_local *el, const flux_msg_t *request, int pid)
{
    char text[64];

    snprintf (text, sizeof (text), "{\"type\":\"started\",\"pid\":%d}", pid);
    router_respond (el->rt, request, text);
}

static void answer (struct exec_local *el, const flux_msg_t *request, enum shell_event event,
                    int status, const char *text)
{
    if (event == SHELL_STARTED)
        answer_started (el, request, status);
    else if (event == SHELL_EXITED)
        answer_exited (el, request, status, text);
    else
        router_respond_error (el->rt, request, status ? status : EIO, text);
}

static void remote_event (uint64_t id, enum shell_event event, int status, const char *text,
                          void *arg)
{
    struct exec_local *el = arg;
    struct running *r = lookup (el, id);

    if (!r || !r->request)
        return;
    answer (el, r->request, event, status, text);
    if (event != SHELL_STARTED)
        remember_ended (el, id, event, status, text);
}

/* Answer this request from now on. */
static void attach (struct running *r, const flux_msg_t *msg, struct exec_local *el)
{
    flux_msg_decref (r->request);
    r->request = flux_msg_incref (msg);
    if (r->pid > 0)
        answer (el, msg, SHELL_STARTED, r->pid, NULL);
}

static void attach_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct exec_local *el = arg;
    struct running *r;
    struct ended *e;
    json_int_t n;

    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &n) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    uint64_t id = (uint64_t)n;
    HASH_FIND (hh, el->ended, &id, sizeof (id), e);
    if ((r = lookup (el, id)) && r->request)
        attach (r, msg, el);
    else if (e)
        answer (el, msg, e->event, e->status, e->text);
    else
        router_respond_error (rt, msg, ENOENT, "the job shell is not there any more");
}

static void start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct exec_local *el = arg;
    struct jsonspan value;
    const char *text;
    int64_t id;

    if (flux_request_decode (msg, NULL, &text) < 0 || !text) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    struct jsonspan all = {text, text + strlen (text)}; // the shell reads the rest
    if (!jsonscan_member (all, "id", &value) || !jsonscan_integer (value, &id)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    struct running *r = add (el, id, remote_event, el);
    if (!r || spawn (el, id, text, strlen (text)) < 0) {
        router_respond_error (rt, msg, errno, "the job shell could not be started");
        if (r)
            forget (el, r);
        return;
    }
    r->request = flux_msg_incref (msg);
}

static void kill_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct exec_local *el = arg;
    json_int_t id;
    int signum;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "signum", &signum) < 0 ||
        exec_local_kill (el, id, signum) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

/* Rank 0 took this broker for lost, with all that runs here. */
static void abandon_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct exec_local *el = arg;
    struct running *r, *tmp;

    HASH_ITER (hh, el->running, r, tmp)
    exec_local_kill (el, r->id, SIGKILL);
    router_respond (rt, msg, NULL);
}

static const struct handler_row rows[] = {
    {"abandon", abandon_cb, FLUX_ROLE_OWNER},
    {"start", start_cb, FLUX_ROLE_OWNER},
    {"attach", attach_cb, FLUX_ROLE_OWNER},
    {"kill", kill_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

/* Where steps of Slurm are to be had there will be some soon. */
static void warm_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    exec_local_warm (w->data, NULL);
}

struct exec_local *exec_local_create (struct router *rt, const struct attrs *attrs, uint32_t owner)
{
    struct exec_local *el = calloc (1, sizeof (*el));

    if (!el)
        return NULL;
    el->rt = rt;
    el->attrs = attrs;
    el->owner = owner;
    if (router_service_add (rt, "shell-exec", rows, el) < 0) {
        free (el);
        return NULL;
    }
    const char *wrap = attr_get (attrs, "broker.wrap");
    ev_timer_init (&el->warm, warm_cb, WARM_DELAY, 0.);
    el->warm.data = el;
    if (wrap && strcmp (wrap, "0") != 0)
        ev_timer_start (router_loop (rt), &el->warm);
    return el;
}

void exec_local_destroy (struct exec_local *el)
{
    if (el) {
        int saved_errno = errno;
        struct running *r, *tmp;
        router_service_remove (el->rt, "shell-exec");
        ev_timer_stop (router_loop (el->rt), &el->warm);
        spawner_destroy (el->spawner);
        HASH_ITER (hh, el->running, r, tmp)
        forget (el, r);
        struct ended *e, *etmp;
        HASH_ITER (hh, el->ended, e, etmp)
        forget_ended (el, e);
        free (el->attrs_text);
        free (el);
        errno = saved_errno;
    }
}
