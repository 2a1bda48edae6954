/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay: the tree of brokers. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "lib/util/monotime.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/overlay.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

#define OVERLAY_TIMEOUT 0.5
#define TEE (term_utf8 () ? "├─ " : "|- ")
#define ELBOW (term_utf8 () ? "└─ " : "`- ")
#define BAR (term_utf8 () ? "│  " : "|  ")

struct tree {
    struct cmd *c;
    flux_t *h;
    struct hostlist *hosts;
    double timeout;
    int verbose;
    bool summary, down, plain, color, ghosts;
    struct idset *live;      // brokers that are somewhere in the tree; NULL: not asked for yet
    json_t *planned;         // the tree as it is planned; the same
    struct idset *highlight; // or NULL
    double rpc_time;         // of the last answer
};

/* The caller frees the answer. NULL when the broker does not answer. */
static json_t *health (struct tree *t, uint32_t rank, flux_error_t *errp)
{
    double start = monotime_now ();
    flux_future_t *f = flux_rpc (t->h, "overlay.health", NULL, rank, 0);
    const char *text;
    json_t *o = NULL;

    if (f && flux_future_wait_for (f, t->timeout) == 0 && flux_rpc_get (f, &text) == 0)
        o = json_loads (text, 0, NULL);
    else
        snprintf (errp->text, sizeof (errp->text), "%s",
                  errno == ETIMEDOUT ? "no answer in time" : cmd_why (f));
    flux_future_destroy (f);
    t->rpc_time = monotime_now () - start;
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

static void print_node (struct tree *t, const char *indent, const struct node *n)
{
    const char *host =
        t->hosts && n->rank < hostlist_count (t->hosts) ? hostlist_nth (t->hosts, n->rank) : "";
    char since[32];

    printf ("%s%s%d %s%s: %s%s%s", t->plain ? "" : indent, mark (t, n->rank, true), n->rank, host,
            mark (t, n->rank, false), t->color ? color_of (n->status) : "", n->status,
            t->color ? "\033[0m" : "");
    fmt_duration (n->duration, since, sizeof (since));
    if (t->verbose > 0 && n->duration > 0)
        printf (" for %s", since);
    if (t->verbose > 1 && n->rpc_time > 0)
        printf (" (%.3f ms)", n->rpc_time * 1e3);
    if (n->error && *n->error)
        printf (": %s", n->error);
    printf ("\n");
}

static bool is_up (const char *status)
{
    return strcmp (status, "offline") != 0 && strcmp (status, "lost") != 0;
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
        if (!is_up (status))
            continue;
        idset_set (t->live, (unsigned)rank);
        if (depth < OVERLAY_DEPTH_MAX && (sub = health (t, (uint32_t)rank, &why))) {
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
    if (!(t->live = idset_create (0, IDSET_FLAG_AUTOGROW)) || !(o = health (t, 0, &why)))
        cmd_die (t->c, "rank 0: %s", why.text);
    find_live (t, o, 0);
    json_decref (o);
    t->planned = overlay_topology_rpc (t->c, t->h);
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
    if (is_up (n.status) && depth < OVERLAY_DEPTH_MAX) {
        if (!(sub = health (t, (uint32_t)n.rank, &why)))
            n.error = why.text;
        n.rpc_time = t->rpc_time;
    }
    if (asprintf (&here, "%s%s", above, last ? ELBOW : TEE) >= 0 &&
        asprintf (&below, "%s%s", above, last ? "   " : BAR) >= 0) {
        print_node (t, here, &n);
        if (sub)
            walk (t, below, sub, depth + 1);
        else if (t->ghosts && !is_up (n.status)) {
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
        cmd_die (t->c, "--wait=%s: not one of full, partial, degraded, lost, offline", want);
    f = flux_rpc (t->h, "overlay.health", NULL, rank, FLUX_RPC_STREAMING);
    while (f && flux_rpc_get_unpack (f, "{s:s}", "status", &status) == 0) {
        if (strcmp (status, want) == 0) {
            flux_future_destroy (f);
            return;
        }
        flux_future_reset (f);
    }
    cmd_die (t->c, "%s", cmd_why (f));
}

static void tree_open (struct tree *t)
{
    const char *hosts;

    t->h = cmd_open (t->c);
    hosts = flux_attr_get (t->h, "hostlist");
    t->hosts = hosts ? hostlist_decode (hosts) : NULL;
}

static struct idset *ranks_of (struct tree *t, const char *hosts, const char **bad);

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

    for (int iter = 0; (s = cmd_next (t->c, "highlight", &iter));) {
        struct idset *ids = idset_decode (s);
        if (!ids)
            ids = ranks_of (t, s, &bad);
        if (!ids || bad ||
            (!idset_empty (ids) && t->hosts && (int)idset_last (ids) >= hostlist_count (t->hosts)))
            cmd_die (t->c, "--highlight=%s: not ranks or hosts of this instance", s);
        if (!marked && !(marked = idset_create (0, IDSET_FLAG_AUTOGROW)))
            cmd_die (t->c, "out of memory");
        idset_add (marked, ids);
        idset_destroy (ids);
    }
    if (marked) {
        json_t *topo = overlay_topology_rpc (t->c, t->h);
        mark_ancestors (marked, topo);
        json_decref (topo);
    }
    return marked;
}

static int run_status (struct cmd *c)
{
    struct tree t = {.c = c,
                     .timeout = cmd_fsd (c, "timeout", OVERLAY_TIMEOUT),
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

    if (t.timeout == 0)
        t.timeout = -1;
    tree_open (&t);
    if (wait)
        wait_for (&t, rank, wait);
    t.highlight = read_highlight (&t);
    json_t *o = health (&t, rank, &error);
    if (!o)
        return cmd_fail (c, "rank %u: %s", rank, error.text);
    json_unpack (o, "{s?i s?s s?F}", "rank", &n.rank, "status", &n.status, "duration", &n.duration);
    n.rpc_time = t.rpc_time;
    print_node (&t, "", &n);
    if (!t.summary)
        walk (&t, "", o, 0);
    json_decref (o);
    json_decref (t.planned);
    idset_destroy (t.live);
    idset_destroy (t.highlight);
    hostlist_destroy (t.hosts);
    flux_close (t.h);
    return 0;
}

/* Errors by their text; there are few different ones. */
struct failure {
    char *text;
    struct idset *ranks;
    struct failure *next;
};

static void note_failure (struct failure **list, int rank, const char *text)
{
    struct failure *f = *list;

    while (f && strcmp (f->text, text) != 0)
        f = f->next;
    if (!f) {
        if (!(f = calloc (1, sizeof (*f))) || !(f->text = strdup (text)) ||
            !(f->ranks = idset_create (0, IDSET_FLAG_AUTOGROW)))
            abort ();
        while (*list)
            list = &(*list)->next;
        *list = f;
    }
    idset_set (f->ranks, (unsigned)rank);
}

/* Those below a lost broker that are in nowhere have lost their parent: `seen` has all that are in,
 * or have a word of their own. */
static void gather (struct tree *t, json_t *node, struct idset *seen, struct failure **list,
                    int depth)
{
    json_t *child, *sub;
    flux_error_t why;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        const char *status = "", *error = NULL;
        int rank = 0;

        json_unpack (child, "{s:i s:s s?s}", "rank", &rank, "status", &status, "error", &error);
        if (is_up (status) || error)
            idset_set (seen, (unsigned)rank);
        if (error)
            note_failure (list, rank, error);
        if (!is_up (status) || depth >= OVERLAY_DEPTH_MAX)
            continue;
        if ((sub = health (t, (uint32_t)rank, &why)))
            gather (t, sub, seen, list, depth + 1);
        else
            note_failure (list, rank, why.text);
        json_decref (sub);
    }
}

static void gather_orphans (const json_t *topo, struct idset *seen, struct failure **list)
{
    int here = json_integer_value (json_object_get (topo, "rank"));
    json_t *child;
    size_t i;

    json_array_foreach (json_object_get (topo, "children"), i, child)
    {
        int rank = json_integer_value (json_object_get (child, "rank"));
        bool below_lost = here != 0 && !idset_test (seen, (unsigned)rank);
        for (struct failure *f = *list; below_lost && f; f = f->next) {
            if (idset_test (f->ranks, (unsigned)here)) {
                note_failure (list, rank, "lost parent");
                break;
            }
        }
        gather_orphans (child, seen, list);
    }
}

static char *hosts_of (struct tree *t, const struct idset *ranks)
{
    struct hostlist *hl = hostlist_create ();
    char *s;

    for (unsigned r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        if (t->hosts && (int)r < hostlist_count (t->hosts))
            hostlist_append (hl, hostlist_nth (t->hosts, (int)r));
    }
    s = hostlist_encode (hl);
    hostlist_destroy (hl);
    return s;
}

static int run_errors (struct cmd *c)
{
    struct tree t = {.c = c, .timeout = cmd_fsd (c, "timeout", OVERLAY_TIMEOUT)};
    struct idset *seen = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct failure *list = NULL;
    flux_error_t error;

    if (t.timeout == 0)
        t.timeout = -1;
    tree_open (&t);
    json_t *o = health (&t, 0, &error);
    if (!o || !seen)
        return cmd_fail (c, "rank 0: %s", error.text);
    gather (&t, o, seen, &list, 0);
    json_decref (o);
    o = overlay_topology_rpc (c, t.h);
    gather_orphans (o, seen, &list);
    json_decref (o);
    while (list) {
        struct failure *f = list;
        char *hosts = hosts_of (&t, f->ranks);
        printf ("%s: %s\n", hosts ? hosts : "", f->text);
        list = f->next;
        idset_destroy (f->ranks);
        free (f->text);
        free (f);
        free (hosts);
    }
    idset_destroy (seen);
    hostlist_destroy (t.hosts);
    flux_close (t.h);
    return 0;
}

json_t *overlay_topology_rpc (struct cmd *c, flux_t *h)
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
    json_t *o = overlay_topology_rpc (c, h);
    int parent = parent_of (o, rank);
    if (parent < 0)
        return cmd_fail (c, rank == 0 ? "rank %ld has no parent" : "there is no rank %ld", rank);
    printf ("%d\n", parent);
    json_decref (o);
    flux_close (h);
    return 0;
}

/* All ranks of the hosts, which one host may have several of. NULL: no such host, named in *bad. */
static struct idset *ranks_of (struct tree *t, const char *hosts, const char **bad)
{
    struct hostlist *hl = hostlist_decode (hosts);
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    *bad = hl ? NULL : hosts;
    for (int i = 0; hl && ids && i < hostlist_count (hl); i++) {
        char *host = strdup (hostlist_nth (hl, i));
        bool found = false;
        for (int r = 0; host && r < hostlist_count (t->hosts); r++) {
            if (strcmp (hostlist_nth (t->hosts, r), host) == 0) {
                idset_set (ids, (unsigned)r);
                found = true;
            }
        }
        free (host);
        if (!found)
            *bad = hosts;
    }
    hostlist_destroy (hl);
    return ids;
}

static int run_lookup (struct cmd *c)
{
    struct tree t = {.c = c};
    const char *bad;
    char *s;

    tree_open (&t);
    if (c->argc != 1 || !t.hosts)
        return cmd_fail (c, "ranks or host names are needed");
    struct idset *ids = idset_decode (c->argv[0]);
    if (ids && idset_count (ids) > 0) {
        if ((int)idset_last (ids) >= hostlist_count (t.hosts))
            return cmd_fail (c, "there is no rank %u", idset_last (ids));
        s = hosts_of (&t, ids);
    } else {
        idset_destroy (ids);
        ids = ranks_of (&t, c->argv[0], &bad);
        if (bad)
            return cmd_fail (c, "%s: no such host", bad);
        s = idset_encode (ids, IDSET_FLAG_RANGE);
    }
    printf ("%s\n", s ? s : "");
    free (s);
    idset_destroy (ids);
    hostlist_destroy (t.hosts);
    flux_close (t.h);
    return 0;
}

/* A rank, or a host which has just one. */
static int target_rank (struct tree *t, const char *target)
{
    const char *bad;
    char *end;
    long rank = strtol (target, &end, 10);

    if (*end == '\0' && end != target) {
        if (rank < 0 || (t->hosts && rank >= hostlist_count (t->hosts)))
            cmd_die (t->c, "there is no rank %ld", rank);
        return (int)rank;
    }
    struct idset *ids = t->hosts ? ranks_of (t, target, &bad) : NULL;
    if (!ids || bad || idset_count (ids) != 1)
        cmd_die (t->c, "%s: not a rank, nor a host with one rank", target);
    rank = idset_first (ids);
    idset_destroy (ids);
    return (int)rank;
}

int overlay_target_rank (struct cmd *c, flux_t *h, const char *target)
{
    const char *hosts = flux_attr_get (h, "hostlist");
    struct tree t = {.c = c, .h = h, .hosts = hosts ? hostlist_decode (hosts) : NULL};
    int rank = target_rank (&t, target);

    hostlist_destroy (t.hosts);
    return rank;
}

static int run_disconnect (struct cmd *c)
{
    int parent = cmd_int (c, "parent", -1, 0, 0x7fffffff);
    struct tree t = {.c = c};

    if (c->argc != 1)
        return cmd_fail (c, "a rank or a host is needed");
    tree_open (&t);
    int rank = target_rank (&t, c->argv[0]);
    if (parent < 0) {
        json_t *o = overlay_topology_rpc (c, t.h);
        if ((parent = parent_of (o, rank)) < 0)
            return cmd_fail (c, "rank %d has no parent", rank);
        json_decref (o);
    }
    cmd_warn (c, "asking rank %d to disconnect child rank %d", parent, rank);
    json_decref (cmd_rpc (c, t.h, "overlay.disconnect-subtree", parent,
                          cmd_pack (c, "{s:i}", "rank", rank), NULL));
    hostlist_destroy (t.hosts);
    flux_close (t.h);
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

static const struct cmd_opt disconnect_opts[] = {
    {.key = 'r', .name = "parent", .arg = "NODEID", .help = "The parent's rank (found out)"},
    {0},
};

static const struct cmd_opt errors_opts[] = {
    {.key = 't', .name = "timeout", .arg = "FSD", .help = "Wait so long for each broker (0.5s)"},
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
    .args = "RANKS|HOSTS",
    .summary = "Show the hosts of ranks, or the ranks of hosts",
    .run = run_lookup,
};

static const struct cmd_verb parentof_verb = {
    .name = "parentof",
    .args = "RANK",
    .summary = "Show the parent of a broker",
    .run = run_parentof,
};

static const struct cmd_verb errors_verb = {
    .name = "errors",
    .summary = "Show why brokers are lost",
    .opts = {errors_opts},
    .run = run_errors,
};

static const struct cmd_verb disconnect_verb = {
    .name = "disconnect",
    .args = "RANK|HOST",
    .summary = "Cut a subtree off",
    .opts = {disconnect_opts},
    .run = run_disconnect,
};

static const struct cmd_verb *const subs[] = {
    &status_verb,       &errors_verb,        &lookup_verb,
    &parentof_verb,     &disconnect_verb,    &overlay_rejoin_verb,
    &overlay_grow_verb, &overlay_trace_verb, NULL};

const struct cmd_verb cmd_verb_overlay = {
    .name = "overlay",
    .args = "COMMAND",
    .summary = "Look at the tree of brokers",
    .subs = subs,
};
