/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The log service, see log.h. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <flux/request.h>
#include <flux/rpc.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/log.h"
#include "shell/broker/log_sink.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"

#define ENTRY_MAX 4096
#define RING_MAX 1000000

struct entry {
    char *text;
};

struct log {
    struct router *rt;
    struct log_sink *sink;
    struct entry *ring;
    uint32_t size, first, count;
    json_int_t local, remote; // that came in, from here and from other brokers
    struct waiters *followers;
};

static int severity_of (const char *line)
{
    return *line == '<' ? (atoi (line + 1) >> 3) & LOG_PRIMASK
                        : LOG_INFO; // as flux_log() writes it
}

struct delivery {
    struct log *log;
    const char *line;
};

static void deliver_each (const flux_msg_t *msg, void *arg)
{
    struct delivery *d = arg;

    router_respond (d->log->rt, msg, d->line);
}

static void keep (struct log *log, const char *line)
{
    char *copy = strdup (line);

    if (!copy || log->size == 0) {
        free (copy);
        return;
    }
    uint32_t slot = (log->first + log->count) % log->size;
    if (log->count == log->size) {
        free (log->ring[log->first].text);
        log->first = (log->first + 1) % log->size;
    } else {
        log->count++;
    }
    log->ring[slot].text = copy;
}

static void append (struct log *log, const char *line, size_t len)
{
    struct delivery d = {log, line};
    int severity = severity_of (line);
    if (log_sink_keeps (log->sink, severity)) {
        keep (log, line);
        waiters_each (log->followers, deliver_each, &d);
    }
    log_sink_put (log->sink, severity, line, len);
}

/* The third field of a line is the rank that it is from: <PRI>1 TIME RANK ... */
static bool is_remote (const struct log *log, const char *line)
{
    for (int blanks = 0; line && blanks < 2; blanks++)
        line = (line = strchr (line, ' ')) ? line + 1 : NULL;
    return line && strtoul (line, NULL, 10) != router_rank (log->rt);
}

/* The owner reads it on a terminal, which a guest is not to steer. */
static void make_plain (char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < ' ' || *line == 0x7f)
            *line = '?';
    }
}

static void append_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *topic;
    const void *data;
    size_t len;
    uint32_t matchtag = 0;
    struct log *log = arg;
    char line[ENTRY_MAX + 1];

    if (flux_request_decode_raw (msg, &topic, &data, &len) == 0 && len > 0) {
        if (len > ENTRY_MAX)
            len = ENTRY_MAX;
        memcpy (line, data, len);
        line[len] = '\0';
        if (flux_msg_authorize (msg, FLUX_USERID_UNKNOWN) < 0)
            make_plain (line);
        append (log, line, strlen (line));
        *(is_remote (log, line) ? &log->remote : &log->local) += 1;
    }
    flux_msg_get_matchtag (msg, &matchtag);
    if (matchtag != FLUX_MATCHTAG_NONE) // flux-core's clients ask for no answer this way
        router_respond (rt, msg, NULL);
}

static void dmesg_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct log *log = arg;
    int follow, nobacklog = 0;

    if (flux_request_unpack (msg, NULL, "{s:b s?b}", "follow", &follow, "nobacklog", &nobacklog) <
            0 ||
        !flux_msg_is_streaming (msg)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    for (uint32_t i = 0; !nobacklog && i < log->count; i++)
        router_respond (rt, msg, log->ring[(log->first + i) % log->size].text);
    if (!follow)
        router_respond_error (rt, msg, ENODATA, NULL);
    else if (waiters_add (log->followers, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

static void clear (struct log *log)
{
    for (uint32_t i = 0; i < log->count; i++)
        free (log->ring[(log->first + i) % log->size].text);
    log->first = log->count = 0;
}

static void clear_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    clear (arg);
    router_respond (rt, msg, NULL);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct log *log = arg;

    router_respond_pack (rt, msg, "{s:I s:I s:I s:I}", "ring-used", (json_int_t)log->count, "count",
                         log->local + log->remote, "local", log->local, "remote", log->remote);
}

static void cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct log *log = arg;
    const flux_msg_t *held = waiters_cancel (log->followers, msg);

    if (held) {
        router_respond_error (rt, held, ENODATA, NULL);
        flux_msg_decref (held);
    }
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct log *log = arg;

    waiters_disconnect (log->followers, msg);
}

static const struct handler_row rows[] = {
    {"append", append_cb, FLUX_ROLE_USER},
    {"dmesg", dmesg_cb, FLUX_ROLE_OWNER},
    {"clear", clear_cb, FLUX_ROLE_OWNER},
    {"cancel", cancel_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

struct log *log_create (struct router *rt, const struct attrs *attrs, flux_error_t *errp)
{
    struct log *log = calloc (1, sizeof (*log));

    if (!log) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    log->rt = rt;
    if (attr_get_uint32 (attrs, "log-ring-size", &log->size, errp) < 0 ||
        !(log->sink = log_sink_create (rt, attrs, errp))) {
        free (log);
        return NULL;
    }
    if (log->size > RING_MAX)
        log->size = RING_MAX;
    if (!(log->ring = calloc (log->size + 1, sizeof (log->ring[0]))) ||
        !(log->followers = waiters_create ()) || router_service_add (rt, "log", rows, log) < 0) {
        errprintf (errp, "out of memory");
        log_destroy (log);
        return NULL;
    }
    return log;
}

void log_destroy (struct log *log)
{
    if (log) {
        int saved_errno = errno;
        router_service_remove (log->rt, "log");
        if (log->ring)
            clear (log);
        free (log->ring);
        waiters_destroy (log->followers);
        log_sink_destroy (log->sink);
        free (log);
        errno = saved_errno;
    }
}
