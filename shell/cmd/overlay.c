/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay: the tree of brokers. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

#define OVERLAY_TIMEOUT 5.0
#define OVERLAY_DEPTH_MAX 64

struct tree {
    struct cmd *c;
    flux_t *h;
    struct hostlist *hosts;
    double timeout;
    bool summary, down, plain, color, ghost;
};

/* The caller frees the answer. NULL when the broker does not answer. */
static json_t *health (struct tree *t, uint32_t rank, flux_error_t *errp)
{
    flux_future_t *f = flux_rpc (t->h, "overlay.health", NULL, rank, 0);
    const char *text;
    json_t *o = NULL;

    if (f && flux_future_wait_for (f, t->timeout) == 0 && flux_rpc_get (f, &text) == 0)
        o = json_loads (text, 0, NULL);
    else
        snprintf (errp->text, sizeof (errp->text), "%s",
                  errno == ETIMEDOUT ? "no answer in time" : cmd_why (f));
    flux_future_destroy (f);
    return o;
}

static const char *color_of (const char *status)
{
    if (strcmp (status, "full") == 0)
        return "\033[32m";
    if (strcmp (status, "partial") == 0 || strcmp (status, "degraded") == 0)
        return "\033[33m";
    return strcmp (status, "offline") == 0 ? "\033[37m" : "\033[31m";
}

static void print_node (struct tree *t, const char *indent, int rank, const char *status,
                        double duration, const char *error)
{
    const char *host =
        t->hosts && rank < hostlist_count (t->hosts) ? hostlist_nth (t->hosts, rank) : "";
    char since[32];

    fmt_duration (duration, since, sizeof (since));
    printf ("%s%d %s: %s%s%s%s%s%s%s\n", t->plain ? "" : indent, rank, host,
            t->color ? color_of (status) : "", status, t->color ? "\033[0m" : "",
            duration > 0 ? " for " : "", duration > 0 ? since : "", error && *error ? ": " : "",
            error ? error : "");
}

/* What is printed in front of children: lines that go on from the levels above. */
static void walk (struct tree *t, const char *above, json_t *node, int depth)
{
    json_t *children = json_object_get (node, "children"), *child;
    size_t count = json_array_size (children), i;
    const char *tee = term_utf8 () ? "├─ " : "|- ", *elbow = term_utf8 () ? "└─ " : "`- ";
    const char *bar = term_utf8 () ? "│  " : "|  ";

    json_array_foreach (children, i, child)
    {
        bool last = i + 1 == count;
        const char *status = "", *error = NULL;
        double duration = 0;
        int rank = 0;
        char *here, *below;
        flux_error_t why;

        json_unpack (child, "{s:i s:s s?F s?s}", "rank", &rank, "status", &status, "duration",
                     &duration, "error", &error);
        if (t->down && strcmp (status, "full") == 0)
            continue;
        if (asprintf (&here, "%s%s", above, last ? elbow : tee) < 0 ||
            asprintf (&below, "%s%s", above, last ? "   " : bar) < 0)
            return;
        print_node (t, here, rank, status, duration, error);
        bool up = strcmp (status, "offline") != 0 && strcmp (status, "lost") != 0;
        json_t *sub = up && depth < OVERLAY_DEPTH_MAX ? health (t, rank, &why) : NULL;
        if (sub)
            walk (t, below, sub, depth + 1);
        json_decref (sub);
        free (here);
        free (below);
    }
}

/* With --wait, ask until the subtree has the state. */
static void wait_for (struct tree *t, uint32_t rank, const char *state)
{
    flux_future_t *f = flux_rpc_pack (t->h, "overlay.health", rank, 0, "{s:s}", "wait", state);

    if (!f || flux_rpc_get (f, NULL) < 0)
        cmd_die (t->c, "%s", cmd_why (f));
    flux_future_destroy (f);
}

static void tree_open (struct tree *t)
{
    const char *hosts;

    t->h = cmd_open (t->c);
    hosts = flux_attr_get (t->h, "hostlist");
    t->hosts = hosts ? hostlist_decode (hosts) : NULL;
}

static int run_status (struct cmd *c)
{
    struct tree t = {.c = c,
                     .timeout = cmd_fsd (c, "timeout", OVERLAY_TIMEOUT),
                     .summary = cmd_has (c, "summary"),
                     .down = cmd_has (c, "down"),
                     .plain = cmd_has (c, "no-pretty"),
                     .color = term_color (c)};
    uint32_t rank = cmd_int (c, "rank", 0, 0, 0x7fffffff);
    const char *status = "", *wait = cmd_str (c, "wait", NULL);
    double duration = 0;
    flux_error_t error;
    int number = rank;

    if (t.timeout == 0)
        t.timeout = -1;
    tree_open (&t);
    if (wait)
        wait_for (&t, rank, wait);
    json_t *o = health (&t, rank, &error);
    if (!o)
        return cmd_fail (c, "rank %u: %s", rank, error.text);
    json_unpack (o, "{s?i s?s s?F}", "rank", &number, "status", &status, "duration", &duration);
    if (t.summary)
        printf ("%s\n", status);
    else {
        print_node (&t, "", number, status, duration, NULL);
        walk (&t, "", o, 0);
    }
    json_decref (o);
    hostlist_destroy (t.hosts);
    flux_close (t.h);
    return 0;
}

static json_t *topology (struct cmd *c, flux_t *h)
{
    return cmd_rpc (c, h, "overlay.topology", 0, cmd_pack (c, "{s:i}", "rank", 0), NULL);
}

/* Rank of the parent in the tree, -1 when it is not in there. */
static int parent_of (const json_t *node, int rank)
{
    int here = json_integer_value (json_object_get (node, "rank")), found;
    json_t *child;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        if (json_integer_value (json_object_get (child, "rank")) == rank)
            return here;
        if ((found = parent_of (child, rank)) >= 0)
            return found;
    }
    return -1;
}

static int run_parentof (struct cmd *c)
{
    char *end;

    if (c->argc != 1)
        return cmd_fail (c, "a rank is needed");
    long rank = strtol (c->argv[0], &end, 10);
    if (*end || end == c->argv[0])
        return cmd_fail (c, "%s: not a rank", c->argv[0]);
    flux_t *h = cmd_open (c);
    json_t *o = topology (c, h);
    int parent = parent_of (o, rank);
    if (parent < 0)
        return cmd_fail (c, rank == 0 ? "rank %ld has no parent" : "there is no rank %ld", rank);
    printf ("%d\n", parent);
    json_decref (o);
    flux_close (h);
    return 0;
}

static int run_lookup (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    const char *s = flux_attr_get (h, "hostlist");
    struct hostlist *hl = s ? hostlist_decode (s) : NULL;
    char *end;

    if (c->argc != 1 || !hl)
        return cmd_fail (c, "a rank or a host name is needed");
    long rank = strtol (c->argv[0], &end, 10);
    if (*end == '\0' && end != c->argv[0]) {
        if (rank < 0 || rank >= hostlist_count (hl))
            return cmd_fail (c, "there is no rank %ld", rank);
        printf ("%s\n", hostlist_nth (hl, rank));
    } else {
        int at = hostlist_find (hl, c->argv[0]);
        if (at < 0)
            return cmd_fail (c, "%s: no such host", c->argv[0]);
        printf ("%d\n", at);
    }
    hostlist_destroy (hl);
    flux_close (h);
    return 0;
}

static int run_disconnect (struct cmd *c)
{
    int parent = cmd_int (c, "parent", -1, 0, 0x7fffffff);
    char *end;

    if (c->argc != 1)
        return cmd_fail (c, "a rank is needed");
    long rank = strtol (c->argv[0], &end, 10);
    if (*end || end == c->argv[0] || rank < 0)
        return cmd_fail (c, "%s: not a rank", c->argv[0]);
    flux_t *h = cmd_open (c);
    if (parent < 0) {
        json_t *o = topology (c, h);
        if ((parent = parent_of (o, rank)) < 0)
            return cmd_fail (c, "rank %ld has no parent", rank);
        json_decref (o);
    }
    cmd_warn (c, "asking rank %d to disconnect child rank %ld", parent, rank);
    json_decref (cmd_rpc (c, h, "overlay.disconnect-subtree", parent,
                          cmd_pack (c, "{s:i}", "rank", (int)rank), NULL));
    flux_close (h);
    return 0;
}

static const struct cmd_opt status_opts[] = {
    {.key = 'r', .name = "rank", .arg = "NODEID", .help = "The subtree from this broker (0)"},
    {.key = 't', .name = "timeout", .arg = "FSD", .help = "Wait so long for each broker (5s)"},
    {.name = "summary", .help = "Only the status of the whole"},
    {.name = "down", .help = "Only what is not full"},
    {.name = "no-pretty", .help = "No indentation"},
    {.name = "no-ghost", .help = "Has no effect", .flags = CMD_OPT_HIDDEN},
    {.key = 'L',
     .name = "color",
     .arg = "WHEN",
     .help = "Use color: auto (the default), always or never",
     .flags = CMD_OPT_OPTARG},
    {.key = 'w', .name = "wait", .arg = "STATE", .help = "Wait for full, partial, degraded"},
    {0},
};

static const struct cmd_opt disconnect_opts[] = {
    {.key = 'r', .name = "parent", .arg = "NODEID", .help = "The parent's rank (found out)"},
    {0},
};

static const struct cmd_verb status_verb = {
    .name = "status",
    .summary = "Show the health of the tree of brokers",
    .opts = {status_opts},
    .run = run_status,
};

static const struct cmd_verb lookup_verb = {
    .name = "lookup",
    .args = "RANK|HOST",
    .summary = "Show the host of a rank, or the rank of a host",
    .run = run_lookup,
};

static const struct cmd_verb parentof_verb = {
    .name = "parentof",
    .args = "RANK",
    .summary = "Show the parent of a broker",
    .run = run_parentof,
};

static const struct cmd_verb disconnect_verb = {
    .name = "disconnect",
    .args = "RANK",
    .summary = "Cut a subtree off",
    .opts = {disconnect_opts},
    .run = run_disconnect,
};

static const struct cmd_verb *const subs[] = {&status_verb, &lookup_verb, &parentof_verb,
                                              &disconnect_verb, NULL};

const struct cmd_verb cmd_verb_overlay = {
    .name = "overlay",
    .args = "COMMAND",
    .summary = "Look at the tree of brokers",
    .subs = subs,
};
