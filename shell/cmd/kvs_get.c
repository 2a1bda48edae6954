/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs get: print values, once or as they change. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/kvs.h"
#include "shell/cmd/kvs_blob.h"

static const struct cmd_opt opts[] = {
    {.name = "raw", .key = 'r', .help = "Print the value without a newline behind it"},
    {.name = "treeobj", .key = 't', .help = "Print the RFC 11 tree object"},
    {.name = "at", .key = 'a', .arg = "TREEOBJ", .help = "Read below this root"},
    {.name = "label", .key = 'l', .help = "Print KEY= in front of the value"},
    {.name = "waitcreate", .key = 'W', .help = "Wait for a key that does not exist"},
    {.name = "count", .key = 'c', .arg = "N", .help = "End after N values of a watched key"},
    {.name = "uniq", .key = 'u', .help = "Of a watched key print only values that differ"},
    {.name = "append", .key = 'A', .help = "Of a watched key print only what is appended"},
    {.name = "full",
     .key = 'f',
     .help = "For a watched key see changes of the directories above, too"},
    {0},
};

static const struct cmd_opt get_opts[] = {
    {.name = "watch", .key = 'w', .help = "Print the value again whenever it changes"},
    {.name = "stream", .key = 'S', .help = "Get a large value in several answers"},
    {0},
};

struct get {
    const struct cmd *c;
    int max, count;
    bool stream, watch, output;
};

static bool has_get_opt (const struct cmd *c, const char *name)
{
    return c->verb == &kvs_verb_get && cmd_has (c, name);
}

static bool is_watch (const struct cmd *c)
{
    return c->verb == &kvs_verb_watch || has_get_opt (c, "watch");
}

static int lookup_flags (const struct cmd *c)
{
    static const struct {
        const char *name;
        int flag;
    } map[] = {
        {"treeobj", FLUX_KVS_TREEOBJ}, {"waitcreate", FLUX_KVS_WAITCREATE},
        {"uniq", FLUX_KVS_WATCH_UNIQ}, {"append", FLUX_KVS_WATCH_APPEND},
        {"full", FLUX_KVS_WATCH_FULL},
    };
    int flags = is_watch (c) ? FLUX_KVS_WATCH : 0;

    if (has_get_opt (c, "stream"))
        flags |= FLUX_KVS_STREAM;

    for (size_t i = 0; i < sizeof (map) / sizeof (map[0]); i++)
        if (cmd_has (c, map[i].name))
            flags |= map[i].flag;
    if (!(flags & FLUX_KVS_WATCH)) // these mean nothing without --watch
        flags &= ~(FLUX_KVS_WATCH_UNIQ | FLUX_KVS_WATCH_APPEND | FLUX_KVS_WATCH_FULL);
    return flags;
}

static int print_answer (struct get *g, flux_future_t *f, const char *key)
{
    const char *text;
    const void *data;
    size_t len;

    if (cmd_has (g->c, "treeobj")) {
        if (flux_kvs_lookup_get_treeobj (f, &text) < 0)
            return -1;
        printf ("%s%s%s\n", cmd_has (g->c, "label") ? key : "", cmd_has (g->c, "label") ? "=" : "",
                text);
        return 0;
    }
    if (flux_kvs_lookup_get_raw (f, &data, &len) < 0)
        return -1;
    if (cmd_has (g->c, "label"))
        printf ("%s=", key);
    if (data)
        fwrite (data, 1, len, stdout);
    if (len > 0 && !cmd_has (g->c, "raw") && !g->stream)
        putchar ('\n');
    g->output |= len > 0;
    return 0;
}

static void answer (flux_future_t *f, void *arg)
{
    struct get *g = arg;
    const char *key = flux_kvs_lookup_get_key (f);

    if ((g->watch || g->stream) && flux_future_get (f, NULL) < 0 && errno == ENODATA) {
        if (g->stream && g->output && !cmd_has (g->c, "raw"))
            putchar ('\n');
        flux_future_destroy (f);
        return;
    }
    if (print_answer (g, f, key) < 0)
        kvs_die (g->c, f, key);
    fflush (stdout);
    if (!g->watch && !g->stream) {
        flux_future_destroy (f);
        return;
    }
    flux_future_reset (f);
    if (g->max > 0 && ++g->count == g->max && flux_kvs_lookup_cancel (f) < 0)
        kvs_die (g->c, NULL, key);
}

/* A value with nothing before it that would have to wait. */
static bool is_plain (const struct cmd *c)
{
    return !is_watch (c) && !has_get_opt (c, "stream") && !cmd_has (c, "treeobj") &&
           !cmd_has (c, "waitcreate");
}

struct piece {
    struct get *g;
    const char *key;
    bool any;
};

static void print_piece (const void *data, size_t len, void *arg)
{
    struct piece *p = arg;

    if (!p->any && cmd_has (p->g->c, "label"))
        printf ("%s=", p->key);
    p->any = true;
    fwrite (data, 1, len, stdout);
}

/* False when the way by way of the blobs is not for this key, and nothing was printed. */
static bool get_blobs (struct get *g, flux_t *h, const char *key)
{
    flux_future_t *f = kvs_lookup (g->c, h, FLUX_KVS_TREEOBJ, key);
    struct piece p = {g, key, false};
    const char *text;
    bool done = flux_kvs_lookup_get_treeobj (f, &text) == 0 &&
                kvs_blobs_load (h, text, print_piece, &p) == 0;

    if (!done && p.any)
        cmd_die (g->c, "%s: %s", key, strerror (EIO));
    if (done && p.any && !cmd_has (g->c, "raw"))
        putchar ('\n');
    flux_future_destroy (f);
    return done && p.any;
}

/* Without --watch one key after the other, so that output comes in their order. */
static int run (struct cmd *c)
{
    flux_t *h;
    struct get g = {.c = c, .watch = is_watch (c), .stream = has_get_opt (c, "stream")};

    kvs_operands (c, 1, -1);
    g.max = g.watch ? cmd_int (c, "count", 0, 0, 1 << 30) : 0;
    h = cmd_open (c);
    for (int i = 0; i < c->argc; i++) {
        if (is_plain (c) && get_blobs (&g, h, c->argv[i]))
            continue;
        flux_future_t *f = kvs_lookup (c, h, lookup_flags (c), c->argv[i]);
        if (flux_future_then (f, -1., answer, &g) < 0)
            kvs_die (c, NULL, c->argv[i]);
        if (!g.watch && flux_reactor_run (flux_get_reactor (h), 0) < 0)
            kvs_die (c, NULL, c->argv[i]);
    }
    if (g.watch && flux_reactor_run (flux_get_reactor (h), 0) < 0)
        kvs_die (c, NULL, "reactor");
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_get = {
    .name = "get",
    .args = "KEY...",
    .summary = "Print the values of keys",
    .opts = {opts, get_opts, kvs_opt_ns},
    .run = run,
};

const struct cmd_verb kvs_verb_watch = {
    .name = "watch",
    .args = "KEY...",
    .summary = "Print the values of keys whenever they change, as get --watch",
    .opts = {opts, kvs_opt_ns},
    .run = run,
};
