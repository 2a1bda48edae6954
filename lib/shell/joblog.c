/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonbuf.h"
#include "lib/shell/joblog.h"
#include "lib/util/monotime.h"

struct joblog {
    struct ev_loop *loop;
    struct link *link;
    struct joblog_config config;
    struct buf text[JOBLOG_PATHS];
    ev_timer timer;
    size_t in_flight; // bytes, in requests that are not answered
    int requests;     // not answered, those to be sent again among them
    bool was_busy;
    uint64_t seq;        // of the last request
    struct sent *failed; // by seq; while there are any, nothing new is sent
    int nfailed;
    double failed_since;
    ev_timer resend;
};

/* Of one request, until it is answered. */
struct sent {
    struct joblog *log;
    size_t len;
    uint64_t seq;
    struct buf payload;
    struct sent *next;
};

static const char *path_name (enum joblog_path path)
{
    static const char *const names[] = {"guest.output", "guest.input", "guest.exec.eventlog"};
    return names[path];
}

static void sent_free (struct sent *sent)
{
    buf_clear (&sent->payload);
    free (sent);
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    joblog_flush (w->data);
}

static void resend_cb (struct ev_loop *loop, ev_timer *w, int revents);

struct joblog *joblog_create (struct ev_loop *loop, struct link *link,
                              const struct joblog_config *config)
{
    struct joblog *log = calloc (1, sizeof (*log));

    if (log) {
        log->loop = loop;
        log->link = link;
        log->config = *config;
        ev_init (&log->timer, timer_cb);
        log->timer.data = log;
        ev_init (&log->resend, resend_cb);
        log->resend.data = log;
    }
    return log;
}

void joblog_destroy (struct joblog *log)
{
    struct sent *sent;

    if (!log)
        return;
    ev_timer_stop (log->loop, &log->timer);
    ev_timer_stop (log->loop, &log->resend);
    while ((sent = log->failed)) {
        log->failed = sent->next;
        sent_free (sent);
    }
    for (int i = 0; i < JOBLOG_PATHS; i++)
        buf_clear (&log->text[i]);
    free (log);
}

size_t joblog_unsent (const struct joblog *log)
{
    size_t len = 0;

    for (int i = 0; i < JOBLOG_PATHS; i++)
        len += log->text[i].len;
    return len;
}

bool joblog_busy (const struct joblog *log)
{
    return log->in_flight >= JOBLOG_IN_FLIGHT_MAX || joblog_unsent (log) >= JOBLOG_UNSENT_MAX;
}

bool joblog_settled (const struct joblog *log)
{
    return log->requests == 0;
}

static void settle (struct joblog *log, struct sent *sent)
{
    log->in_flight -= sent->len;
    log->requests--;
    sent_free (sent);
}

static void keep_failed (struct joblog *log, struct sent *sent)
{
    struct sent **p = &log->failed;

    if (log->nfailed++ == 0 && log->failed_since == 0)
        log->failed_since = monotime_now ();
    while (*p && (*p)->seq < sent->seq)
        p = &(*p)->next;
    sent->next = *p;
    *p = sent;
}

static void tell_idle (struct joblog *log)
{
    if (log->was_busy && !log->failed && log->in_flight < JOBLOG_IN_FLIGHT_MAX)
        joblog_flush (log);
    if ((log->was_busy && !joblog_busy (log)) || log->requests == 0) {
        log->was_busy = joblog_busy (log);
        log->config.idle (log->config.arg);
    }
}

static void answered (struct link *link, const flux_msg_t *response, void *arg)
{
    struct sent *sent = arg;
    struct joblog *log = sent->log;
    int errnum = 0;

    if (response)
        flux_msg_get_errnum (response, &errnum);
    if (errnum == EHOSTUNREACH || errnum == EAGAIN)
        keep_failed (log, sent);
    else {
        log->failed_since = 0;
        settle (log, sent);
    }
    /* Wait for the answers to all, so that the order is kept. */
    if (log->failed && log->nfailed == log->requests) {
        ev_timer_set (&log->resend, JOBLOG_RESEND_DELAY, 0.);
        ev_timer_start (log->loop, &log->resend);
    } else
        tell_idle (log);
}

static int send_payload (struct joblog *log, struct sent *sent)
{
    struct buf copy = {0};

    buf_append (&copy, sent->payload.data, sent->payload.len);
    if (copy.err) {
        buf_clear (&copy);
        return -1;
    }
    return link_rpc_text (log->link, log->config.topic, log->config.nodeid, &copy, answered, sent);
}

static void resend_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct joblog *log = w->data;
    bool late = monotime_now () - log->failed_since > JOBLOG_RESEND_TIME;
    struct sent *list = log->failed, *sent;

    log->failed = NULL;
    log->nfailed = 0;
    while ((sent = list)) {
        list = sent->next;
        if (late || send_payload (log, sent) < 0)
            settle (log, sent);
    }
    tell_idle (log);
}

/* The payload is written by hand: a JSON library would check and copy all of it twice. */
static int send_text (struct joblog *log, enum joblog_path path)
{
    struct sent *sent = calloc (1, sizeof (*sent));
    struct buf *b = &log->text[path];

    if (!sent)
        return -1;
    sent->log = log;
    sent->len = b->len;
    sent->seq = ++log->seq;
    buf_printf (&sent->payload,
                "{\"id\":%" PRIu64 ",\"seq\":%" PRIu64 ",\"shell\":%d,\"path\":\"%s\",\"data\":",
                log->config.id, sent->seq, log->config.shell_rank, path_name (path));
    jsonbuf_string (&sent->payload, b->data, b->len);
    buf_putc (&sent->payload, '}');
    if (sent->payload.err || send_payload (log, sent) < 0) {
        sent_free (sent);
        return -1;
    }
    log->in_flight += sent->len;
    log->requests++;
    return 0;
}

void joblog_flush (struct joblog *log)
{
    ev_timer_stop (log->loop, &log->timer);
    for (int i = 0; i < JOBLOG_PATHS; i++) {
        if (log->text[i].len == 0)
            continue;
        if (log->failed || log->in_flight >= JOBLOG_IN_FLIGHT_MAX) {
            log->was_busy = true;
            return;
        }
        send_text (log, i); // without a broker there is nobody left to tell
        buf_reset (&log->text[i]);
    }
}

struct buf *joblog_buf (struct joblog *log, enum joblog_path path)
{
    return &log->text[path];
}

void joblog_added_within (struct joblog *log, double seconds)
{
    double delay = seconds >= 0.  ? seconds
                   : log->seq > 0 ? log->config.delay
                                  : log->config.first_delay;

    if (joblog_unsent (log) >= JOBLOG_SEND_SIZE)
        joblog_flush (log);
    else if (!ev_is_active (&log->timer) || ev_timer_remaining (log->loop, &log->timer) > delay) {
        ev_timer_stop (log->loop, &log->timer);
        ev_timer_set (&log->timer, delay, 0.);
        ev_timer_start (log->loop, &log->timer);
    }
    if (joblog_busy (log))
        log->was_busy = true;
}

void joblog_added (struct joblog *log)
{
    joblog_added_within (log, -1.);
}

void joblog_event (struct joblog *log, enum joblog_path path, double timestamp, const char *name,
                   const char *context)
{
    struct buf *b = &log->text[path];

    buf_printf (b, "{\"timestamp\":%.6f,\"name\":\"%s\"",
                timestamp > 0. ? timestamp : walltime_now (), name);
    if (context)
        buf_printf (b, ",\"context\":%s", context);
    buf_puts (b, "}\n");
    joblog_added (log);
}

int joblog_add_text (struct joblog *log, const char *path, const char *text, size_t len)
{
    for (int i = 0; i < JOBLOG_PATHS; i++) {
        if (!strcmp (path, path_name (i))) {
            buf_append (&log->text[i], text, len);
            joblog_added (log);
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

void joblog_take (struct joblog *log, struct buf *b)
{
    ev_timer_stop (log->loop, &log->timer);
    buf_putc (b, '[');
    for (int i = 0; i < JOBLOG_PATHS; i++) {
        struct buf *text = &log->text[i];
        if (text->len == 0)
            continue;
        buf_printf (b, "%s[\"%s\",", b->data[b->len - 1] == '[' ? "" : ",", path_name (i));
        jsonbuf_string (b, text->data, text->len);
        buf_putc (b, ']');
        buf_reset (text);
    }
    buf_putc (b, ']');
}
