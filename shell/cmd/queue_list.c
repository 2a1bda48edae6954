/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux queue list: queues, their state, defaults and limits. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/queue_list.h"
#include "shell/cmd/resource_queues.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/term.h"
#include "shell/cmd/treedict.h"

#define HEAD                                                                                       \
    "?:{queuem:<8.8} ?:{parent:<8.8} {color_enabled}{enabled:>2}{color_off} "                      \
    "{color_started}{started:>2}{color_off} "

static const struct fmt_named formats[] = {
    {"default", "The columns of flux queue list without --format",
     HEAD "{defaults.timelimit!F:>8} {limits.timelimit!F:>8} {limits.range.effective.nnodes:>10} "
          "{limits.range.effective.ncores:>10} {limits.range.effective.ngpus:>10}"},
    {"policy", "With limits as they are configured, whatever there is",
     HEAD "{defaults.timelimit!F:>8} {limits.timelimit!F:>8} {limits.range.nnodes:>10} "
          "{limits.range.ncores:>10} {limits.range.ngpus:>10}"},
    {"nodes", "With numbers of nodes by state",
     HEAD "{resources.all.nnodes:>6} {resources.up.nnodes:>10} {resources.down.nnodes:>10} "
          "{resources.allocated.nnodes:>11} {resources.free.nnodes:>10}"},
    {0},
};

static const char *const tables[] = {"list", NULL};
static const struct fmt_set list_set = {
    .formats = formats,
    .files = "flux-queue",
    .tables = tables,
    .table = "list",
};

/* One queue. config is the whole configuration; entry that of the queue, NULL for the anonymous. */
struct queue {
    const char *name;
    bool is_default, enabled, started, paused; // paused: by its parent
    json_t *entry, *parent, *config, *counts;
    bool color;
};

static const struct fmt_heading headings[] = {
    {"queue", "QUEUE"},
    {"queuem", "QUEUE"},
    {"parent", "PARENT"},
    {"submission", "SUBMIT"},
    {"scheduling", "SCHED"},
    {"enabled", "EN"},
    {"enabled.ascii", "EN"},
    {"started", "ST"},
    {"started.ascii", "ST"},
    {"color_enabled", ""},
    {"color_started", ""},
    {"color_off", ""},
    {"defaults.timelimit", "TDEFAULT"},
    {"limits.timelimit", "TLIMIT"},
    {"limits.range.nnodes", "NNODES"},
    {"limits.range.ncores", "NCORES"},
    {"limits.range.ngpus", "NGPUS"},
    {"limits.range.effective.nnodes", "NNODES"},
    {"limits.range.effective.ncores", "NCORES"},
    {"limits.range.effective.ngpus", "NGPUS"},
    {"limits.min.nnodes", "MINNODES"},
    {"limits.max.nnodes", "MAXNODES"},
    {"limits.min.ncores", "MINCORES"},
    {"limits.max.ncores", "MAXCORES"},
    {"limits.min.ngpus", "MINGPUS"},
    {"limits.max.ngpus", "MAXGPUS"},
    {"resources.all.nnodes", "NODES"},
    {"resources.up.nnodes", "NODES:UP"},
    {"resources.down.nnodes", "NODES:DOWN"},
    {"resources.allocated.nnodes", "NODES:ALLOC"},
    {"resources.free.nnodes", "NODES:FREE"},
    {"resources.all.ncores", "CORES"},
    {"resources.up.ncores", "CORES:UP"},
    {"resources.down.ncores", "CORES:DOWN"},
    {"resources.allocated.ncores", "CORES:ALLOC"},
    {"resources.free.ncores", "CORES:FREE"},
    {"resources.all.ngpus", "GPUS"},
    {"resources.up.ngpus", "GPUS:UP"},
    {"resources.down.ngpus", "GPUS:DOWN"},
    {"resources.allocated.ngpus", "GPUS:ALLOC"},
    {"resources.free.ngpus", "GPUS:FREE"},
    {0},
};

/* A policy of the queue, else of its parent, else of the instance. */
static json_t *policy (const struct queue *q, const char *key)
{
    char path[128];
    json_t *o;

    snprintf (path, sizeof (path), "policy.%s", key);
    if ((o = treedict_get (q->entry, path)) || (o = treedict_get (q->parent, path)))
        return o;
    return treedict_get (q->config, path);
}

static void get_limit (const struct queue *q, const char *key, struct fmt_value *v)
{
    json_t *o = policy (q, key);
    double seconds = __builtin_inf ();

    if (json_is_string (o) && fsd_parse_duration (json_string_value (o), &seconds) < 0)
        return;
    if (json_is_number (o))
        seconds = json_number_value (o);
    if (seconds == 0)
        seconds = __builtin_inf ();
    fmt_set_real (v, seconds);
}

/* "nnodes", which is "min"/"max" of job-size: 0 to infinite, unless limited. */
static char *size_limit (const struct queue *q, const char *side, const char *what)
{
    char key[96], *s;
    json_t *o;

    snprintf (key, sizeof (key), "limits.job-size.%s.%s", side, what);
    o = policy (q, key);
    if (!o || json_integer_value (o) < 0)
        return strdup (strcmp (side, "max") == 0 ? "inf" : "0");
    return asprintf (&s, "%lld", (long long)json_integer_value (o)) < 0 ? NULL : s;
}

/* The most that is allowed and there: the queue may have fewer. */
static char *effective_max (const struct queue *q, const char *what)
{
    char key[32], *limit = size_limit (q, "max", what), *s;

    snprintf (key, sizeof (key), "all.%s", what);
    json_t *all = treedict_get (q->counts, key);
    if (!all || !limit ||
        (strcmp (limit, "inf") != 0 && strtoll (limit, NULL, 10) < json_integer_value (all)))
        return limit;
    free (limit);
    return asprintf (&s, "%lld", (long long)json_integer_value (all)) < 0 ? NULL : s;
}

static void get_range (const struct queue *q, const char *what, struct fmt_value *v)
{
    bool effective = strncmp (what, "effective.", 10) == 0;
    const char *item = effective ? what + 10 : what;
    char *min = size_limit (q, "min", item), *s;
    char *max = effective ? effective_max (q, item) : size_limit (q, "max", item);

    if (asprintf (&s, "%s-%s", min ? min : "", max ? max : "") >= 0)
        fmt_set_owned (v, s);
    free (min);
    free (max);
}

static void get_flag (const char *field, bool on, struct fmt_value *v)
{
    if (strstr (field, ".ascii") || !term_utf8 ())
        fmt_set_str (v, on ? "y" : "n");
    else
        fmt_set_str (v, on ? "✔" : "✗");
}

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    const struct queue *q = item;
    char *s;

    if (strcmp (field, "queuem") == 0 && q->name && q->is_default) {
        if (asprintf (&s, "%s*", q->name) >= 0)
            fmt_set_owned (v, s);
    } else if (strncmp (field, "queue", 5) == 0)
        fmt_set_str (v, q->name);
    else if (strcmp (field, "parent") == 0)
        fmt_set_json (v, json_object_get (q->entry, "parent"));
    else if (strcmp (field, "submission") == 0)
        fmt_set_str (v, q->enabled ? "enabled" : "disabled");
    else if (strcmp (field, "scheduling") == 0)
        fmt_set_str (v, q->started ? "started" : q->paused ? "stopped (parent)" : "stopped");
    else if (strncmp (field, "enabled", 7) == 0)
        get_flag (field, q->enabled, v);
    else if (strncmp (field, "started", 7) == 0 && q->paused)
        fmt_set_str (v, strstr (field, ".ascii") || !term_utf8 () ? "p" : "\u23f8");
    else if (strncmp (field, "started", 7) == 0)
        get_flag (field, q->started, v);
    else if (strcmp (field, "defaults.timelimit") == 0)
        get_limit (q, "jobspec.defaults.system.duration", v);
    else if (strcmp (field, "limits.timelimit") == 0)
        get_limit (q, "limits.duration", v);
    else if (strncmp (field, "limits.range.", 13) == 0)
        get_range (q, field + 13, v);
    else if (strncmp (field, "limits.min.", 11) == 0)
        fmt_set_owned (v, size_limit (q, "min", field + 11));
    else if (strncmp (field, "limits.max.", 11) == 0)
        fmt_set_owned (v, size_limit (q, "max", field + 11));
    else if (strncmp (field, "resources.", 10) == 0)
        fmt_set_json (v, treedict_get (q->counts, field + 10));
    else if (q->color && strcmp (field, "color_off") == 0)
        fmt_set_str (v, "\033[0;0m");
    else if (q->color && q->paused && strcmp (field, "color_started") == 0)
        fmt_set_str (v, "\033[01;33m");
    else if (q->color)
        fmt_set_str (v, (strcmp (field, "color_enabled") == 0 ? q->enabled : q->started)
                            ? "\033[01;32m"
                            : "\033[01;31m");
    else
        fmt_set_str (v, "");
}

static const struct fmt_source source = {.headings = headings, .get = get};

static void get_status (struct cmd *c, flux_t *h, struct queue *q)
{
    json_t *in = json_object (), *o;

    if (q->name)
        json_object_set_new (in, "name", json_string (q->name));
    o = cmd_rpc (c, h, "job-manager.queue-status", 0, in, q->name);
    q->enabled = json_is_true (json_object_get (o, "enable"));
    q->started = json_is_true (json_object_get (o, "start"));
    const char *blocked = json_string_value (json_object_get (o, "blocked"));
    q->paused = !q->started && blocked && strcmp (blocked, "parent") == 0;
    json_decref (o);
}

/* What there is in each queue. */
static void count_resources (flux_t *h, struct queue *queues, size_t n, const json_t *config)
{
    json_t *status = cmd_rpc_try (h, "resource.sched-status", 0, NULL, NULL);
    struct rstates states;

    if (status && rstates_create (&states, status) == 0) {
        for (size_t i = 0; i < n; i++) {
            struct queue *q = &queues[i];
            struct idset *ranks =
                queue_ranks (json_object_get (config, "queues"), q->entry, states.all);
            q->counts = rstates_counts (&states, ranks);
            idset_destroy (ranks);
        }
        rstates_clear (&states);
    }
    json_decref (status);
}

/* A queue of --queue that there is not ends the program. */
static void check_asked (struct cmd *c, const json_t *asked, const json_t *names)
{
    const char *name;
    json_t *o, *have;
    size_t i;

    json_object_foreach ((json_t *)asked, name, o)
    {
        bool found = false;
        json_array_foreach (names, i, have) found |= strcmp (json_string_value (have), name) == 0;
        if (!found)
            cmd_die (c, "--queue: %s: no such queue", name);
    }
}

static int run (struct cmd *c)
{
    char *text = fmtconf_choose (c, &list_set);
    flux_error_t error;
    struct fmt *fmt;
    json_t *list, *names, *config, *o;
    size_t i, n = 0;

    if (!text)
        return 0;
    if (!(fmt = fmt_create (text, &source, &error)))
        cmd_die (c, "--format: %s", error.text);
    free (text);
    flux_t *h = cmd_open (c);
    list = cmd_rpc (c, h, "job-manager.queue-list", 0, NULL, NULL);
    names = json_object_get (list, "queues");
    config = cmd_rpc_try (h, "config.get", FLUX_NODEID_ANY, NULL, NULL);
    json_t *asked = queues_asked (c);
    check_asked (c, asked, names);
    struct queue *queues = calloc (json_array_size (names) + 1, sizeof (*queues));
    const void **items = calloc (json_array_size (names) + 1, sizeof (*items));
    const char *dflt =
        json_string_value (treedict_get (config, "policy.jobspec.defaults.system.queue"));
    if (!queues || !items)
        return cmd_fail (c, "out of memory");
    json_array_foreach (names, i, o) if (!asked || json_object_get (asked, json_string_value (o)))
        queues[n++]
            .name = json_string_value (o);
    if (json_array_size (names) == 0)
        n = 1;
    for (i = 0; i < n; i++) {
        struct queue *q = &queues[i];
        q->config = config;
        q->color = term_color (c);
        q->entry = q->name ? json_object_get (json_object_get (config, "queues"), q->name) : NULL;
        const char *parent = json_string_value (json_object_get (q->entry, "parent"));
        q->parent = parent ? json_object_get (json_object_get (config, "queues"), parent) : NULL;
        q->is_default = dflt && q->name && strcmp (dflt, q->name) == 0;
        get_status (c, h, q);
        items[i] = q;
    }
    count_resources (h, queues, n, config);
    fmt_print (fmt, stdout, items, n, cmd_has (c, "no-header") ? FMT_NO_HEADER : 0, -1);
    for (i = 0; i < n; i++)
        json_decref (queues[i].counts);
    free (items);
    free (queues);
    json_decref (asked);
    json_decref (list);
    json_decref (config);
    fmt_destroy (fmt);
    flux_close (h);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.key = 'q',
     .name = "queue",
     .arg = "QUEUE,...",
     .help = "Only these queues",
     .flags = CMD_OPT_REPEAT},
    FMTCONF_FORMAT_OPT ("FLUX_QUEUE_LIST_FORMAT_DEFAULT"),
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    TERM_COLOR_L_OPT,
    {0},
};

const struct cmd_verb cmd_verb_queue_list = {
    .name = "list",
    .summary = "List queues with their limits",
    .opts = {opts},
    .run = run,
};
