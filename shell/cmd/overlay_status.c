/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay status: the tree of brokers, and how each part of it is. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/overlay.h"
#include "shell/cmd/term.h"

#define TEE (term_utf8 () ? "├─ " : "|- ")
#define ELBOW (term_utf8 () ? "└─ " : "`- ")
#define BAR (term_utf8 () ? "│  " : "|  ")

struct tree {
    struct overlay_view view;
    int verbose;
    bool summary, down, plain, color, ghosts;
    struct idset *live;      // brokers that are somewhere in the tree; NULL: not asked for yet
    json_t *planned;         // the tree as it is planned; the same
    struct idset *highlight; // or NULL
};

static const char *color_of (const char *status)
{
    if (strcmp (status, "full") == 0)
        return "\033[32m";
    if (strcmp (status, "partial") == 0 || strcmp (status, "degraded") == 0)
        return "\033[33m";
    return strcmp (status, "offline") == 0 ? "\033[37m" : "\033[31m";
}

struct node {
    int rank;
    const char *status;
    double duration;
    const char *error;
    double rpc_time; // 0: did not answer
};

/* What stands before and behind a name that --highlight is about. */
static const char *mark (const struct tree *t, int rank, bool begin)
{
    if (!t->highlight || !idset_test (t->highlight, (unsigned)rank))
        return "";
    if (t->color)
        return begin ? "\033[01;34m" : "\033[0m";
    return begin ? "<<" : ">>";
}

static void print_status (struct tree *t, const struct node *n)
{
    char since[32];

    printf ("%s%s%s", t->color ? color_of (n->status) : "", n->status, t->color ? "\033[0m" : "");
    fmt_duration (n->duration, since, sizeof (since));
    if (t->verbose > 0 && n->duration > 0)
        printf (" for %s", since);
    if (t->verbose > 1 && n->rpc_time > 0)
        printf (" (%.3f ms)", n->rpc_time * 1e3);
    if (n->error && *n->error)
        printf (": %s", n->error);
    printf ("\n");
}

static void print_node (struct tree *t, const char *indent, const struct node *n)
{
    const char *host = t->view.hosts && n->rank < hostlist_count (t->view.hosts)
                           ? hostlist_nth (t->view.hosts, n->rank)
                           : "";

    printf ("%s%s%d %s%s: ", t->plain ? "" : indent, mark (t, n->rank, true), n->rank, host,
            mark (t, n->rank, false));
    print_status (t, n);
}

static void walk (struct tree *t, const char *above, json_t *node, int depth);

static void find_live (struct tree *t, json_t *node, int depth)
{
    json_t *child, *sub;
    flux_error_t why;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        const char *status = "";
        int rank = 0;

        json_unpack (child, "{s:i s:s}", "rank", &rank, "status", &status);
        if (!overlay_is_up (status))
            continue;
        idset_set (t->live, (unsigned)rank);
        if (depth < OVERLAY_DEPTH_MAX && (sub = overlay_health (&t->view, (uint32_t)rank, &why))) {
            find_live (t, sub, depth + 1);
            json_decref (sub);
        }
    }
}

/* Who is in the tree, and how it was planned: known once somebody is missing. */
static void know_tree (struct tree *t)
{
    flux_error_t why;
    json_t *o;

    if (t->live)
        return;
    if (!(t->live = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
        !(o = overlay_health (&t->view, 0, &why)))
        cmd_die (t->view.c, "rank 0: %s", why.text);
    find_live (t, o, 0);
    json_decref (o);
    t->planned = overlay_topology_rpc (t->view.c, t->view.h);
}

static json_t *find_planned (json_t *node, int rank)
{
    json_t *child, *found;
    size_t i;

    if (json_integer_value (json_object_get (node, "rank")) == rank)
        return node;
    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        if ((found = find_planned (child, rank)))
            return found;
    }
    return NULL;
}

static bool is_ghost (const struct tree *t, const json_t *child)
{
    return !idset_test (t->live, json_integer_value (json_object_get (child, "rank")));
}

/* Those below one that is missing, if they are nowhere else, are taken for missing as well. */
static void walk_ghosts (struct tree *t, const char *above, json_t *planned, const char *status)
{
    json_t *children = json_object_get (planned, "children"), *child;
    size_t left = 0, i;

    json_array_foreach (children, i, child)
    {
        left += is_ghost (t, child);
    }
    json_array_foreach (children, i, child)
    {
        struct node n = {.rank = json_integer_value (json_object_get (child, "rank")),
                         .status = status};
        char *here = NULL, *below = NULL;

        if (!is_ghost (t, child))
            continue;
        left--;
        if (asprintf (&here, "%s%s", above, left ? TEE : ELBOW) >= 0 &&
            asprintf (&below, "%s%s", above, left ? BAR : "   ") >= 0) {
            print_node (t, here, &n);
            walk_ghosts (t, below, child, status);
        }
        free (here);
        free (below);
    }
}

/* One child and what is below it. */
static void walk_child (struct tree *t, const char *above, json_t *child, bool last, int depth)
{
    char *here = NULL, *below = NULL;
    struct node n = {.status = ""};
    flux_error_t why = {""};
    json_t *sub = NULL;

    json_unpack (child, "{s:i s:s s?F s?s}", "rank", &n.rank, "status", &n.status, "duration",
                 &n.duration, "error", &n.error);
    if (overlay_is_up (n.status) && depth < OVERLAY_DEPTH_MAX) {
        if (!(sub = overlay_health (&t->view, (uint32_t)n.rank, &why)))
            n.error = why.text;
        n.rpc_time = t->view.rpc_time;
    }
    if (asprintf (&here, "%s%s", above, last ? ELBOW : TEE) >= 0 &&
        asprintf (&below, "%s%s", above, last ? "   " : BAR) >= 0) {
        print_node (t, here, &n);
        if (sub)
            walk (t, below, sub, depth + 1);
        else if (t->ghosts && !overlay_is_up (n.status)) {
            know_tree (t);
            walk_ghosts (t, below, find_planned (t->planned, n.rank), n.status);
        }
    }
    json_decref (sub);
    free (here);
    free (below);
}

static bool is_shown (const struct tree *t, const json_t *child)
{
    const char *status = json_string_value (json_object_get (child, "status"));

    return !t->down || (status && strcmp (status, "full") != 0);
}

/* `above` is printed in front of children: lines that go on from the levels above. */
static void walk (struct tree *t, const char *above, json_t *node, int depth)
{
    json_t *children = json_object_get (node, "children"), *child;
    size_t left = 0, i;

    json_array_foreach (children, i, child)
    {
        left += is_shown (t, child);
    }
    json_array_foreach (children, i, child)
    {
        if (is_shown (t, child))
            walk_child (t, above, child, --left == 0, depth);
    }
}

/* With --wait: the broker tells each new state of the subtree. */
static void wait_for (struct tree *t, uint32_t rank, const char *want)
{
    static const char *const states[] = {"full", "partial", "degraded", "lost", "offline"};
    const char *status = "";
    flux_future_t *f;
    size_t i = 0;

    while (i < sizeof (states) / sizeof (states[0]) && strcmp (states[i], want) != 0)
        i++;
    if (i == sizeof (states) / sizeof (states[0]))
        cmd_die (t->view.c, "--wait=%s: not one of full, partial, degraded, lost, offline", want);
    f = flux_rpc (t->view.h, "overlay.health", NULL, rank, FLUX_RPC_STREAMING);
    while (f && flux_rpc_get_unpack (f, "{s:s}", "status", &status) == 0) {
        if (strcmp (status, want) == 0) {
            flux_future_destroy (f);
            return;
        }
        flux_future_reset (f);
    }
    cmd_die (t->view.c, "%s", cmd_why (f));
}

/* Is any target in this part of the planned tree? Then its top is to be marked too. */
static bool mark_ancestors (struct idset *marked, const json_t *node)
{
    unsigned int rank = json_integer_value (json_object_get (node, "rank"));
    bool any = idset_test (marked, rank);
    json_t *child;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        any |= mark_ancestors (marked, child);
    }
    if (any)
        idset_set (marked, rank);
    return any;
}

/* The ranks or hosts of --highlight, and all that are above them. */
static struct idset *read_highlight (struct tree *t)
{
    struct idset *marked = NULL;
    const char *s, *bad = NULL;

    for (int iter = 0; (s = cmd_next (t->view.c, "highlight", &iter));) {
        struct idset *ids = idset_decode (s);
        if (!ids)
            ids = overlay_ranks_of (&t->view, s, &bad);
        if (!ids || bad ||
            (!idset_empty (ids) && t->view.hosts &&
             (int)idset_last (ids) >= hostlist_count (t->view.hosts)))
            cmd_die (t->view.c, "--highlight=%s: not ranks or hosts of this instance", s);
        if (!marked && !(marked = idset_create (0, IDSET_FLAG_AUTOGROW)))
            cmd_die (t->view.c, "out of memory");
        idset_add (marked, ids);
        idset_destroy (ids);
    }
    if (marked) {
        json_t *topo = overlay_topology_rpc (t->view.c, t->view.h);
        mark_ancestors (marked, topo);
        json_decref (topo);
    }
    return marked;
}

static int run_status (struct cmd *c)
{
    struct tree t = {.view = {.c = c, .timeout = cmd_fsd (c, "timeout", OVERLAY_TIMEOUT)},
                     .verbose = cmd_count (c, "verbose"),
                     .summary = cmd_has (c, "summary"),
                     .down = cmd_has (c, "down"),
                     .plain = cmd_has (c, "no-pretty"),
                     .ghosts = !cmd_has (c, "no-ghost"),
                     .color = term_color (c)};
    uint32_t rank = cmd_int (c, "rank", 0, 0, 0x7fffffff);
    const char *wait = cmd_str (c, "wait", NULL);
    struct node n = {.rank = rank, .status = ""};
    flux_error_t error;

    if (t.view.timeout == 0)
        t.view.timeout = -1;
    overlay_open (&t.view);
    if (wait)
        wait_for (&t, rank, wait);
    t.highlight = read_highlight (&t);
    json_t *o = overlay_health (&t.view, rank, &error);
    if (!o)
        return cmd_fail (c, "rank %u: %s", rank, error.text);
    json_unpack (o, "{s?i s?s s?F}", "rank", &n.rank, "status", &n.status, "duration", &n.duration);
    n.rpc_time = t.view.rpc_time;
    if (t.summary)
        print_status (&t, &n);
    else if (!t.down || strcmp (n.status, "full") != 0) {
        print_node (&t, "", &n);
        walk (&t, "", o, 0);
    }
    json_decref (o);
    json_decref (t.planned);
    idset_destroy (t.live);
    idset_destroy (t.highlight);
    overlay_close (&t.view);
    return 0;
}

static const struct cmd_opt status_opts[] = {
    {.key = 'r', .name = "rank", .arg = "NODEID", .help = "The subtree from this broker (0)"},
    {.key = 't',
     .name = "timeout",
     .arg = "FSD",
     .help = "Wait so long for each broker (0.5s; 0: for ever)"},
    {.key = 'v',
     .name = "verbose",
     .help = "Since when; twice: the time of each answer",
     .flags = CMD_OPT_REPEAT},
    {.name = "summary", .help = "Only the status of the whole"},
    {.name = "down", .help = "Only what is not full"},
    {.name = "no-pretty", .help = "No indentation"},
    {.name = "no-ghost", .help = "Leave out those that are missing below one that is missing"},
    TERM_COLOR_L_OPT,
    {.key = 'H',
     .name = "highlight",
     .arg = "RANKS|HOSTS",
     .help = "Mark these and all above them",
     .flags = CMD_OPT_REPEAT},
    {.key = 'w',
     .name = "wait",
     .arg = "STATE",
     .help = "Wait for full, partial, degraded, lost, offline"},
    {0},
};

const struct cmd_verb overlay_status_verb = {
    .name = "status",
    .summary = "Show the health of the tree of brokers",
    .opts = {status_opts},
    .run = run_status,
};
