/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who hears of a process, and what it says. One whose output is not read waits in its write(2), as
 * it would in a pipe. */

#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#include "lib/shell/ioencode.h"
#include "lib/util/buf.h"
#include "shell/service/rexec/private.h"

#define BACKLOG_MAX (256u << 10) // bytes on their way; there may be many brokers
#define PATIENCE 0.01            // seconds until one that waits is looked at again

void rexec_hear (struct entry *e, const flux_msg_t *request)
{
    e->request = flux_msg_incref (request);
    router_flow_hold (e->rx->rt, request);
}

static void go_on (struct entry *e)
{
    e->waits_for_reader = false;
    proc_resume (e->proc);
}

void rexec_unhear (struct entry *e)
{
    if (!e->request)
        return;
    router_flow_release (e->rx->rt, e->request);
    flux_msg_decref (e->request);
    e->request = NULL;
    if (e->waits_for_reader)
        go_on (e);
}

static bool is_behind (const struct entry *e)
{
    return router_backlog (e->rx->rt, e->request) > BACKLOG_MAX;
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct rexec *rx = w->data;
    struct entry *e;
    bool any = false;

    DL_FOREACH (rx->entries, e)
    {
        if (e->waits_for_reader && !is_behind (e))
            go_on (e);
        any = any || e->waits_for_reader;
    }
    ev_timer_set (w, PATIENCE, 0.);
    if (any)
        ev_timer_start (loop, w);
}

static void wait_for_reader (struct entry *e)
{
    struct rexec *rx = e->rx;

    e->waits_for_reader = true;
    proc_pause (e->proc);
    if (!ev_is_active (&rx->timer))
        ev_timer_start (router_loop (rx->rt), &rx->timer);
}

void rexec_send_output (struct entry *e, enum proc_stream stream, const char *data, size_t len,
                        bool eof)
{
    struct buf b = {0};
    char rank[16];
    int flags = e->attached ? e->attach_flags : e->flags;

    if (!e->request || !(flags & (stream == PROC_STDOUT ? FLAG_STDOUT : FLAG_STDERR)))
        return;
    snprintf (rank, sizeof (rank), "%u", (unsigned)router_rank (e->rx->rt));
    buf_printf (&b, "{\"type\":\"output\",\"pid\":%d,\"io\":", (int)proc_pid (e->proc));
    ioencode_context (&b, stream == PROC_STDOUT ? "stdout" : "stderr", rank, data, len, eof);
    buf_putc (&b, '}');
    if (!b.err)
        router_respond (e->rx->rt, e->request, b.data);
    buf_clear (&b);
    if (!eof && !e->waits_for_reader && is_behind (e))
        wait_for_reader (e);
}

void rexec_send_end (struct entry *e)
{
    router_respond_pack (e->rx->rt, e->request, "{s:s s:i}", "type", "finished", "status",
                         e->status);
    router_respond_error (e->rx->rt, e->request, ENODATA, NULL);
}

void rexec_hear_start (struct rexec *rx)
{
    ev_timer_init (&rx->timer, timer_cb, PATIENCE, 0.);
    rx->timer.data = rx;
}

void rexec_hear_stop (struct rexec *rx)
{
    ev_timer_stop (router_loop (rx->rt), &rx->timer);
}
