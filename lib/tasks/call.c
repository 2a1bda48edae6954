/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Calls over the connection, and waiting for what comes in. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <flux/request.h>

#include "lib/tasks/private.h"
#include "lib/util/monotime.h"

#define SEND_TIMEOUT 60. // a broker that takes nothing for so long is lost

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

void tasks_forget_all (struct flux_tasks *t)
{
    struct call *c, *tmp;

    HASH_ITER (hh, t->calls, c, tmp)
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

int tasks_post (struct flux_tasks *t, const char *topic, uint32_t nodeid, const void *data,
                size_t len)
{
    flux_msg_t *msg = flux_request_encode (topic, NULL);
    int rc = -1;

    if (msg)
        flux_msg_route_enable (msg);
    if (msg && flux_msg_set_nodeid (msg, nodeid) == 0 && flux_msg_set_noresponse (msg) == 0 &&
        flux_msg_set_payload (msg, data, len) == 0)
        rc = tasks_send (t, msg, -1.);
    flux_msg_decref (msg);
    return rc;
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

/* ---- waiting ---- */

void tasks_check_in (struct flux_tasks *t, double seconds)
{
    double when = monotime_now () + seconds;

    if (t->check_at > 0 && t->check_at <= when)
        return;
    t->check_at = when;
    if (t->timer_at > 0 && t->timer_at <= when)
        return;
    t->timer_at = when;
    struct itimerspec its = {
        .it_value = {(time_t)seconds, 1 + (long)((seconds - (time_t)seconds) * 999999998)}};
    timerfd_settime (t->timerfd, 0, &its, NULL);
}

static void check (struct flux_tasks *t, double now)
{
    uint64_t n;

    if (read (t->timerfd, &n, sizeof (n)) > 0 || now >= t->timer_at)
        t->timer_at = 0;
    receipt_check (t, now);
}

static int wait_ms (const struct flux_tasks *t, double deadline, double now)
{
    double next = t->check_at, seconds = -1.;

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
        if (t->check_at > 0 && now >= t->check_at)
            check (t, now);
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
