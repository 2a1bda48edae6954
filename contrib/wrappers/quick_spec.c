/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "contrib/wrappers/quick.h"
#include "lib/job/jsonbuf.h"
#include "lib/util/utf8.h"

extern char **environ;

static void put_resources (struct buf *b, const struct quick *q)
{
    int tasks = q->tasks ? q->tasks : q->nodes;
    int slots = q->nodes ? (tasks + q->nodes - 1) / q->nodes : tasks;

    if (q->nodes)
        buf_printf (b, "{\"type\":\"node\",\"count\":%d,\"with\":[", q->nodes);
    buf_printf (b,
                "{\"type\":\"slot\",\"count\":%d,\"with\":[{\"type\":\"core\",\"count\":%d}],"
                "\"label\":\"task\"}",
                slots, q->cores ? q->cores : 1);
    if (q->nodes) // all of each, when no number of tasks is given
        buf_printf (b, "]%s}", q->tasks ? "" : ",\"exclusive\":true");
}

static void put_tasks (struct buf *b, const struct quick *q)
{
    bool uneven = q->nodes && q->tasks % q->nodes != 0; // some slots stay empty

    buf_puts (b, "{\"command\":[");
    for (int i = 0; q->argv[i]; i++) {
        if (i > 0)
            buf_putc (b, ',');
        jsonbuf_str (b, q->argv[i]);
    }
    buf_printf (b, "],\"slot\":\"task\",\"count\":{\"%s\":%d}}", uneven ? "total" : "per_slot",
                uneven ? q->tasks : 1);
}

/* What is not UTF-8 cannot be in JSON and stays behind, as with flux run. */
static void put_environment (struct buf *b, const struct quick *q)
{
    bool first = true;

    buf_putc (b, '{');
    for (char **e = environ; *e; e++) {
        const char *eq = strchr (*e, '=');
        size_t len = strlen (*e);
        if (!eq || eq == *e || !utf8_valid (*e, len, NULL) ||
            (q->cores && strncmp (*e, "SLURM_CPUS_PER_TASK=", 20) == 0))
            continue;
        if (!first)
            buf_putc (b, ',');
        first = false;
        jsonbuf_string (b, *e, eq - *e);
        buf_putc (b, ':');
        jsonbuf_string (b, eq + 1, *e + len - eq - 1);
    }
    if (q->cores)
        buf_printf (b, "%s\"SLURM_CPUS_PER_TASK\":\"%d\"", first ? "" : ",", q->cores);
    buf_putc (b, '}');
}

/* Those that flux run takes along. */
static void put_limits (struct buf *b)
{
    static const struct {
        const char *name;
        int resource;
    } limits[] = {
        {"as", RLIMIT_AS},       {"core", RLIMIT_CORE},   {"cpu", RLIMIT_CPU},
        {"data", RLIMIT_DATA},   {"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE},
        {"nproc", RLIMIT_NPROC}, {"rss", RLIMIT_RSS},     {"stack", RLIMIT_STACK},
    };
    struct rlimit r;

    buf_puts (b, "\"rlimit\":{");
    for (size_t i = 0; i < sizeof (limits) / sizeof (limits[0]); i++) {
        if (getrlimit (limits[i].resource, &r) < 0)
            r.rlim_cur = RLIM_INFINITY;
        buf_printf (b, "%s\"%s\":%lld", i ? "," : "", limits[i].name,
                    r.rlim_cur == RLIM_INFINITY ? -1LL : (long long)r.rlim_cur);
    }
    buf_putc (b, '}');
}

static void put_options (struct buf *b, const struct quick *q)
{
    buf_puts (b, "{\"input\":{\"stdin\":{\"type\":\"file\",\"path\":\"/dev/null\"}},");
    put_limits (b);
    if (q->no_affinity)
        buf_puts (b, ",\"cpu-affinity\":\"off\"");
    if (q->exit_on_error)
        buf_puts (b, ",\"exit-on-error\":1");
    buf_puts (b, ",\"slurm-env\":1}");
}

static void put_cwd (struct buf *b, const struct quick *q)
{
    char path[4096];

    if (!q->cwd && !getcwd (path, sizeof (path)))
        return;
    buf_puts (b, ",\"cwd\":");
    jsonbuf_str (b, q->cwd ? q->cwd : path);
}

void quick_jobspec (struct buf *b, const struct quick *q)
{
    buf_puts (b, "{\"resources\":[");
    put_resources (b, q);
    buf_puts (b, "],\"tasks\":[");
    put_tasks (b, q);
    buf_puts (b, "],\"attributes\":{\"system\":{\"duration\":");
    if (q->duration > 0)
        buf_printf (b, "%.1f", q->duration);
    else
        buf_putc (b, '0');
    buf_puts (b, ",\"environment\":");
    put_environment (b, q);
    put_cwd (b, q);
    if (q->name) {
        buf_puts (b, ",\"job\":{\"name\":");
        jsonbuf_str (b, q->name);
        buf_putc (b, '}');
    }
    buf_puts (b, ",\"shell\":{\"options\":");
    put_options (b, q);
    buf_puts (b, "}}},\"version\":1}");
}
