/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A task's connection to the broker of its node. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/request.h>

#include "lib/tasks/private.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

#define OPEN_TIMEOUT 60.
#define SEND_TIMEOUT 60. // a broker that takes nothing for so long is lost
#define CLOSE_TIMEOUT 5.

double tasks_deadline (double timeout)
{
    return timeout < 0 ? -1. : monotime_now () + timeout;
}

/* ---- calls ---- */

static void call_end (struct flux_tasks *t, struct call *c)
{
    HASH_DEL (t->calls, c);
    free (c);
}

void tasks_forget (struct flux_tasks *t, uint32_t matchtag)
{
    struct call *c;

    HASH_FIND (hh, t->calls, &matchtag, sizeof (matchtag), c);
    if (c)
        call_end (t, c);
}

static void lose_broker (struct flux_tasks *t, int errnum)
{
    struct call *c, *tmp;

    if (t->errnum)
        return;
    t->errnum = errnum;
    HASH_ITER (hh, t->calls, c, tmp)
    {
        struct call copy = *c;
        call_end (t, c);
        copy.cb (t, NULL, copy.arg);
    }
}

static uint32_t add_call (struct flux_tasks *t, int flags, call_f cb, void *arg)
{
    struct call *c = calloc (1, sizeof (*c)), *old;

    if (!c)
        return 0;
    do {
        c->matchtag = ++t->last_matchtag;
        HASH_FIND (hh, t->calls, &c->matchtag, sizeof (c->matchtag), old);
    } while (c->matchtag == FLUX_MATCHTAG_NONE || old);
    c->streaming = flags & FLUX_MSGFLAG_STREAMING;
    c->cb = cb;
    c->arg = arg;
    HASH_ADD (hh, t->calls, matchtag, sizeof (c->matchtag), c);
    return c->matchtag;
}

int tasks_send (struct flux_tasks *t, const flux_msg_t *msg, double deadline)
{
    double give_up = monotime_now () + SEND_TIMEOUT;

    while (!t->errnum && flux_send (t->h, msg, FLUX_O_NONBLOCK) < 0) {
        if (errno != EAGAIN && errno != ENOBUFS) {
            lose_broker (t, ECONNRESET);
        } else {
            struct pollfd pfd = {.fd = flux_pollfd (t->h), .events = POLLIN};
            double now = monotime_now ();
            if (now >= give_up)
                lose_broker (t, ECONNRESET);
            if (deadline >= 0 && now >= deadline) {
                errno = ETIMEDOUT;
                return -1;
            }
            flux_pollevents (t->h);
            poll (&pfd, 1, 10);
        }
    }
    errno = t->errnum;
    return t->errnum ? -1 : 0;
}

uint32_t tasks_call (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                     const void *data, size_t len, call_f cb, void *arg)
{
    flux_msg_t *msg = flux_request_encode (topic, NULL);
    uint32_t tag = 0;

    if (msg)
        flux_msg_route_enable (msg);
    if (msg && flux_msg_set_nodeid (msg, nodeid) == 0 &&
        (!flags || flux_msg_set_flag (msg, flags) == 0) &&
        (!data || flux_msg_set_payload (msg, data, len) == 0) &&
        (tag = add_call (t, flags, cb, arg)) > 0 &&
        (flux_msg_set_matchtag (msg, tag) < 0 || tasks_send (t, msg, -1.) < 0)) {
        tasks_forget (t, tag);
        tag = 0;
    }
    flux_msg_decref (msg);
    return tag;
}

uint32_t tasks_call_json (struct flux_tasks *t, const char *topic, uint32_t nodeid, int flags,
                          json_t *o, call_f cb, void *arg)
{
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;
    uint32_t tag = 0;

    if (s)
        tag = tasks_call (t, topic, nodeid, flags, s, strlen (s) + 1, cb, arg);
    else
        errno = EINVAL;
    free (s);
    json_decref (o);
    return tag;
}

struct answer {
    const flux_msg_t *msg;
    bool done;
};

static void answer_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct answer *a = arg;

    a->msg = response ? flux_msg_incref (response) : NULL;
    a->done = true;
}

const flux_msg_t *tasks_ask (struct flux_tasks *t, const char *topic, uint32_t nodeid, json_t *o,
                             double deadline)
{
    struct answer a = {NULL, false};
    uint32_t tag = tasks_call_json (t, topic, nodeid, 0, o, answer_cb, &a);
    int errnum = 0;

    if (tag == 0)
        return NULL;
    while (!a.done) {
        if (tasks_step (t, deadline) < 0) {
            tasks_forget (t, tag);
            return NULL;
        }
    }
    if (!a.msg || flux_msg_get_errnum (a.msg, &errnum) < 0 || errnum) {
        flux_msg_decref (a.msg);
        errno = errnum ? errnum : ECONNRESET;
        return NULL;
    }
    return a.msg;
}

/* ---- what comes in ---- */

static void take_response (struct flux_tasks *t, const flux_msg_t *msg)
{
    uint32_t tag = 0;
    int errnum = 0;
    struct call *c;

    flux_msg_get_matchtag (msg, &tag);
    flux_msg_get_errnum (msg, &errnum);
    HASH_FIND (hh, t->calls, &tag, sizeof (tag), c);
    if (!c)
        return;
    struct call copy = *c;
    if (!c->streaming || errnum)
        call_end (t, c);
    copy.cb (t, msg, copy.arg);
}

static void take_message (struct flux_tasks *t, const flux_msg_t *msg)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_RESPONSE)
        take_response (t, msg);
    else if (type == FLUX_MSGTYPE_REQUEST)
        recv_request (t, msg);
    else if (type == FLUX_MSGTYPE_EVENT)
        topic_event (t, msg);
}

static bool take_messages (struct flux_tasks *t)
{
    flux_msg_t *msg;
    bool any = false;

    while (!t->errnum && (msg = flux_recv (t->h, FLUX_MATCH_ANY, FLUX_O_NONBLOCK))) {
        take_message (t, msg);
        flux_msg_decref (msg);
        any = true;
    }
    if (!t->errnum && errno != EAGAIN && errno != EWOULDBLOCK)
        lose_broker (t, ECONNRESET);
    return any;
}

static int wait_ms (const struct flux_tasks *t, double deadline, double now)
{
    double next = send_next_time (t), seconds = -1.;

    if (deadline >= 0)
        seconds = deadline - now;
    if (next > 0 && (seconds < 0 || next - now < seconds))
        seconds = next > now ? next - now : 0;
    return seconds < 0 ? -1 : seconds > 3600. ? 3600000 : (int)(seconds * 1000) + 1;
}

/* The handle's fd is an epoll set that tells of each piece of news once: to wait on it is to take
 * the news. All that was there has been read before. */
static int wait_input (struct flux_tasks *t, int ms)
{
    struct epoll_event events[4];
    int fd = flux_pollfd (t->h);
    int n = epoll_wait (fd, events, 4, t->direct ? 0 : ms);

    return n != 0 || !t->direct ? n : direct_poll (t, fd, ms);
}

int tasks_step (struct flux_tasks *t, double deadline)
{
    for (;;) {
        bool any = take_messages (t);
        double now = monotime_now ();
        if (t->direct && direct_progress (t))
            any = true;
        send_again (t, now);
        if (t->errnum) {
            errno = t->errnum;
            return -1;
        }
        if (any)
            return 0;
        bool late = deadline >= 0 && now >= deadline;
        int n = wait_input (t, late ? 0 : wait_ms (t, deadline, now));
        if (n < 0 && errno != EINTR)
            return -1;
        if (late && n <= 0) { // news that were taken must be looked at
            errno = ETIMEDOUT;
            return -1;
        }
    }
}

int flux_tasks_progress (flux_tasks_t *t, double timeout)
{
    return tasks_step (t, tasks_deadline (timeout));
}

int flux_tasks_pollfd (flux_tasks_t *t)
{
    return t->epfd;
}

int tasks_watch_fd (struct flux_tasks *t, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};

    return epoll_ctl (t->epfd, EPOLL_CTL_ADD, fd, &ev);
}

/* ---- open and close ---- */

static int env_int (const char *name, int min, int def)
{
    const char *s = getenv (name);
    char *end;
    long v = s ? strtol (s, &end, 10) : def;

    return s && (end == s || *end || v < min || v > INT_MAX) ? def : (int)v;
}

/* flux-shell tells by FLUX_*; beside the tasks of a Slurm step there are only Slurm's. */
static int find_place (struct flux_tasks *t)
{
    const char *id = getenv ("FLUX_JOB_ID"), *step = getenv ("SLURM_STEP_ID");
    const char *slurm_id = getenv ("SLURM_JOB_ID");
    int rc = 0;

    if (id && getenv ("FLUX_TASK_RANK")) {
        t->job = strdup (id);
        t->rank = env_int ("FLUX_TASK_RANK", 0, 0);
        t->size = env_int ("FLUX_JOB_SIZE", 1, 1);
    } else if (slurm_id && getenv ("SLURM_PROCID")) {
        rc = asprintf (&t->job, "slurm-%s.%s", slurm_id, step ? step : "0");
        t->rank = env_int ("SLURM_PROCID", 0, 0);
        t->size = env_int ("SLURM_NTASKS", 1, 1);
    } else {
        t->job = strdup ("");
        t->size = 1;
    }
    return rc < 0 || !t->job ? -1 : 0;
}

static size_t direct_limit (void)
{
    const char *s = getenv ("FLUX_TASKS_DIRECT");
    char *end;

    if (!s || !*s)
        return TASKS_DIRECT_MIN;
    if (!strcmp (s, "off"))
        return SIZE_MAX;
    unsigned long long v = strtoull (s, &end, 10);
    return *end ? TASKS_DIRECT_MIN : (size_t)v;
}

static int get_node (struct flux_tasks *t, double deadline)
{
    const flux_msg_t *msg =
        tasks_ask (t, "attr.get", FLUX_NODEID_ANY, json_pack ("{s:s}", "name", "rank"), deadline);
    const char *value;

    if (!msg)
        return -1;
    int rc = flux_msg_unpack (msg, "{s:s}", "value", &value);
    if (rc == 0)
        t->node = atoi (value);
    flux_msg_decref (msg);
    return rc;
}

static int add_service (struct flux_tasks *t, double deadline)
{
    unsigned long long id;

    if (getrandom (&id, sizeof (id), 0) != sizeof (id))
        return -1;
    snprintf (t->address, sizeof (t->address), "%u-task-%016llx", (unsigned)t->uid, id);
    const flux_msg_t *msg = tasks_ask (t, "service.add", FLUX_NODEID_ANY,
                                       json_pack ("{s:s}", "service", t->address), deadline);
    flux_msg_decref (msg);
    return msg ? 0 : -1;
}

flux_tasks_t *flux_tasks_open (const char *uri, flux_error_t *errp)
{
    struct flux_tasks *t = calloc (1, sizeof (*t));
    double deadline = tasks_deadline (OPEN_TIMEOUT);

    if (!t || find_place (t) < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    t->epfd = -1;
    t->uid = getuid ();
    t->direct_min = direct_limit ();
    if (!(t->h = flux_open_ex (uri, 0, errp)))
        goto error;
    if ((t->epfd = epoll_create1 (EPOLL_CLOEXEC)) < 0 ||
        tasks_watch_fd (t, flux_pollfd (t->h)) < 0) {
        errprintf (errp, "epoll: %s", strerror (errno));
        goto error;
    }
    if (get_node (t, deadline) < 0 || add_service (t, deadline) < 0) {
        errprintf (errp, "the broker does not answer: %s", strerror (errno));
        goto error;
    }
    return t;
error:;
    int saved_errno = errno;
    if (t)
        flux_tasks_close (t);
    errno = saved_errno;
    return NULL;
}

void flux_tasks_close (flux_tasks_t *t)
{
    struct call *c, *tmp;

    if (!t)
        return;
    int saved_errno = errno;
    while (t->groups)
        flux_group_leave (t->groups, CLOSE_TIMEOUT);
    direct_destroy (t->direct);
    HASH_ITER (hh, t->calls, c, tmp)
    call_end (t, c);
    flux_close (t->h);
    if (t->epfd >= 0)
        close (t->epfd);
    free (t->job);
    free (t);
    errno = saved_errno;
}

const char *flux_tasks_job (const flux_tasks_t *t)
{
    return t->job;
}

int flux_tasks_rank (const flux_tasks_t *t)
{
    return t->rank;
}

int flux_tasks_size (const flux_tasks_t *t)
{
    return t->size;
}

int flux_tasks_node (const flux_tasks_t *t)
{
    return t->node;
}

void flux_tasks_set_direct (flux_tasks_t *t, size_t bytes)
{
    t->direct_min = bytes;
}
