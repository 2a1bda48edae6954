/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs eventlog append, get, wait-event. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/eventlog.h"
#include "lib/util/buf.h"
#include "shell/cmd/evfmt.h"
#include "shell/cmd/kvs.h"

/* ---- append */

static const struct cmd_opt append_opts[] = {
    {.name = "timestamp",
     .key = 't',
     .arg = "SEC",
     .help = "Seconds since the epoch (default: now)"},
    {0},
};

static double timestamp (const struct cmd *c)
{
    const char *s = cmd_str (c, "timestamp", NULL);
    char *end;
    double t = s ? strtod (s, &end) : 0.;

    if (s && (end == s || *end || !(t >= 0.)))
        cmd_die (c, "--timestamp=%s: not a time", s);
    return t;
}

static int run_append (struct cmd *c)
{
    struct buf b = {0};
    flux_kvs_txn_t *txn = kvs_txn (c);
    flux_future_t *f;
    flux_t *h;
    json_t *context = NULL;

    kvs_operands (c, 2, -1);
    if (c->argc > 2) { // what is spread over several words is joined again
        char *text = cmd_join (c->argv + 2, c->argc - 2);
        if (!(context = json_loads (text, 0, NULL)) || !json_is_object (context))
            cmd_die (c, "%s: the context is not a JSON object", text);
        free (text);
    }
    if (eventlog_append_json (&b, timestamp (c), c->argv[1], context) < 0 ||
        flux_kvs_txn_put_raw (txn, FLUX_KVS_APPEND, c->argv[0], b.data, b.len) < 0)
        kvs_die (c, NULL, c->argv[0]);
    h = cmd_open (c);
    if (!(f = flux_kvs_commit (h, kvs_ns (c), 0, txn)) || flux_future_get (f, NULL) < 0)
        kvs_die (c, f, "commit");
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    json_decref (context);
    buf_clear (&b);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_append = {
    .name = "append",
    .args = "KEY NAME [CONTEXT...]",
    .summary = "Append an event",
    .opts = {append_opts, kvs_opt_ns},
    .run = run_append,
};

/* ---- reading */

struct reader {
    const struct cmd *c;
    struct evfmt fmt;
    const char *key;
    const char *event; // wait-event: the name
    int max, count;
    bool watch, stream, done;
};

static void reader_init (struct reader *r, const struct cmd *c)
{
    memset (r, 0, sizeof (*r));
    r->c = c;
    r->key = c->argv[0];
    evfmt_init (&r->fmt, c);
    if (cmd_has (c, "unformatted")) {
        if (cmd_has (c, "human"))
            cmd_die (c, "--unformatted and --human exclude each other");
        r->fmt.json = true;
    }
}

/* Whether the event is to be printed; may end the reading. */
static bool wanted (struct reader *r, const json_t *entry)
{
    const char *name = "";

    if (r->done)
        return false;
    if (!r->event) {
        r->done = r->max > 0 && ++r->count == r->max;
        return true;
    }
    eventlog_entry_parse (entry, NULL, &name, NULL);
    r->done = strcmp (name, r->event) == 0;
    return r->done ? !cmd_has (r->c, "quiet") : cmd_has (r->c, "verbose");
}

static void print_events (struct reader *r, const char *text, size_t len)
{
    const char *line;
    size_t n;
    flux_error_t error;

    while (eventlog_next_line (&text, &len, &line, &n)) {
        json_t *entry = eventlog_entry_decode (line, n, &error);
        if (!entry)
            cmd_die (r->c, "%s: %s", r->key, error.text);
        if (wanted (r, entry) && evfmt_print (&r->fmt, stdout, entry) < 0)
            cmd_die (r->c, "%s: a malformed event", r->key);
        json_decref (entry);
    }
    if (len > 0)
        cmd_die (r->c, "%s: not an eventlog", r->key);
}

static void answer (flux_future_t *f, void *arg)
{
    struct reader *r = arg;
    const void *data;
    size_t len;

    if (flux_future_get (f, NULL) < 0 && errno == ENODATA) {
        flux_future_destroy (f);
        return;
    }
    if (flux_kvs_lookup_get_raw (f, &data, &len) < 0) {
        if (errno == ETIMEDOUT)
            cmd_die (r->c, "%s: the event did not come in time", r->key);
        kvs_die (r->c, f, r->key);
    }
    if (!r->done && len > 0)
        print_events (r, data, len);
    if (!r->watch && !r->stream) {
        flux_future_destroy (f);
        return;
    }
    flux_future_reset (f);
    if (r->done && flux_kvs_lookup_cancel (f) < 0)
        kvs_die (r->c, NULL, r->key);
}

static void read_log (struct reader *r, int flags, double timeout)
{
    flux_t *h = cmd_open (r->c);
    flux_future_t *f = flux_kvs_lookup (h, kvs_ns (r->c), flags, r->key);

    r->watch = flags & FLUX_KVS_WATCH;
    r->stream = flags & FLUX_KVS_STREAM;
    if (!f || flux_future_then (f, timeout, answer, r) < 0 ||
        flux_reactor_run (flux_get_reactor (h), 0) < 0)
        kvs_die (r->c, NULL, r->key);
    flux_close (h);
}

static const struct cmd_opt get_opts[] = {
    {.name = "waitcreate", .key = 'W', .help = "Wait for a key that does not exist"},
    {.name = "watch", .key = 'w', .help = "Go on with events as they come"},
    {.name = "count", .key = 'c', .arg = "N", .help = "End after N events (--watch)"},
    {.name = "unformatted", .key = 'u', .help = "Show events as they are stored (RFC 18)"},
    {.name = "stream", .key = 'S', .help = "Get a large log in several answers"},
    EVFMT_OPTS,
    {0},
};

static int run_get (struct cmd *c)
{
    struct reader r;
    int flags = 0;

    kvs_operands (c, 1, 1);
    reader_init (&r, c);
    if (cmd_has (c, "watch")) {
        flags |= FLUX_KVS_WATCH | FLUX_KVS_WATCH_APPEND;
        r.max = cmd_int (c, "count", 0, 0, 1 << 30);
    }
    if (cmd_has (c, "waitcreate"))
        flags |= FLUX_KVS_WAITCREATE;
    if (cmd_has (c, "stream"))
        flags |= FLUX_KVS_STREAM;
    read_log (&r, flags, -1.);
    return 0;
}

static const struct cmd_verb verb_get = {
    .name = "get",
    .args = "KEY",
    .summary = "Show the events of a log",
    .opts = {get_opts, kvs_opt_ns},
    .run = run_get,
};

static const struct cmd_opt wait_opts[] = {
    {.name = "waitcreate", .key = 'W', .help = "Wait for a key that does not exist"},
    {.name = "timeout", .key = 't', .arg = "FSD", .help = "Give up after this time"},
    {.name = "unformatted", .key = 'u', .help = "Show events as they are stored (RFC 18)"},
    {.name = "quiet", .key = 'q', .help = "Do not show the event"},
    {.name = "verbose", .key = 'v', .help = "Show the events before it, too"},
    EVFMT_OPTS,
    {0},
};

static int run_wait (struct cmd *c)
{
    struct reader r;
    int flags = FLUX_KVS_WATCH | FLUX_KVS_WATCH_APPEND;

    kvs_operands (c, 2, 2);
    reader_init (&r, c);
    r.event = c->argv[1];
    if (cmd_has (c, "waitcreate"))
        flags |= FLUX_KVS_WAITCREATE;
    read_log (&r, flags, cmd_fsd (c, "timeout", -1.));
    return r.done ? 0 : cmd_fail (c, "%s: the log ended without %s", r.key, r.event);
}

static const struct cmd_verb verb_wait = {
    .name = "wait-event",
    .args = "KEY EVENT",
    .summary = "Wait for an event",
    .opts = {wait_opts, kvs_opt_ns},
    .run = run_wait,
};

static const struct cmd_verb *const subs[] = {&verb_append, &verb_get, &verb_wait, NULL};

const struct cmd_verb kvs_verb_eventlog = {
    .name = "eventlog",
    .args = "COMMAND [ARG...]",
    .summary = "Read and write event logs (RFC 18)",
    .subs = subs,
};
