/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux tree: a hierarchy of instances over which many jobs are spread. Each instance but the leaves
 * runs this verb again as the initial program of its children; what they took comes back by way of
 * their parent's KVS. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/tree_private.h"
#include "shell/cmd/verbs.h"

/* To the parent: its KVS is reached by the broker that started this instance. */
static void send_report (struct tree *t, const char *key)
{
    const char *uri = flux_attr_get (t->h, "parent-uri");
    flux_t *parent = uri ? flux_open (uri, 0) : NULL;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    json_t *o = tree_report (t);
    char *text = o ? json_dumps (o, JSON_COMPACT) : NULL;
    flux_future_t *f;

    if (!parent || !txn || !text || flux_kvs_txn_put (txn, 0, key, text) < 0 ||
        !(f = flux_kvs_commit (parent, NULL, 0, txn)) || flux_future_get (f, NULL) < 0)
        cmd_die (t->c, "%s: no report to the parent: %s", t->id, strerror (errno));
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    flux_close (parent);
    json_decref (o);
    free (text);
}

/* Print what the leaves would be. */
static void print_plan (struct tree *t, int level, const char *id, const struct tree_part *part)
{
    char name[256];

    if (level == t->plan.depth) {
        printf ("%s: %d nodes, %d cores and %d GPUs on each, %d jobs\n", id, part->nnodes,
                part->cores, part->gpus, part->njobs);
        return;
    }
    for (int i = 0; i < t->plan.width[level]; i++) {
        struct tree_part child;
        if (tree_part_child (part, t->plan.width[level], i, &child) < 0)
            cmd_die (t->c, "%s: %d children of %d nodes with %d cores: too many", id,
                     t->plan.width[level], part->nnodes, part->cores);
        snprintf (name, sizeof (name), "%s.%d", id, i + 1);
        if (child.njobs > 0)
            print_plan (t, level + 1, name, &child);
    }
}

/* An option under its name in flux-sched, or the short one. */
static int count (const struct cmd *c, const char *name, const char *alias, int dflt, int min)
{
    return cmd_int (c, cmd_has (c, name) ? name : alias, dflt, min, 1 << 20);
}

/* What is not said is all that the instance has. */
static void find_size (struct tree *t)
{
    struct cmd *c = t->c;
    json_t *status = cmd_rpc (c, t->h, "sched.resource-status", 0, NULL, "sched.resource-status");
    struct rstates s;

    if (rstates_create (&s, status) < 0)
        cmd_die (c, "sched.resource-status: %s", strerror (errno));
    int nodes = s.up->nnodes;
    t->part.nnodes = cmd_int (c, "nnodes", nodes, 1, 1 << 24);
    t->part.cores =
        count (c, "ncores-per-node", "ncores", nodes ? rv1_ncores (s.up) / nodes : 0, 1);
    t->part.gpus = count (c, "ngpus-per-node", "ngpus", nodes ? rv1_ngpus (s.up) / nodes : 0, 0);
    t->part.njobs = cmd_int (c, "njobs", 1, 1, 1 << 28);
    rstates_clear (&s);
    json_decref (status);
}

static int run (struct cmd *c)
{
    struct tree t = {.c = c, .id = cmd_str (c, "prefix", "tree")};
    const char *topology = cmd_str (c, "topology", "1");

    if (c->argc == 0)
        return cmd_fail (c, "the command to run is missing");
    if (cmd_has (c, "leaf") && (cmd_has (c, "topology") || cmd_has (c, "queue-policy") ||
                                cmd_has (c, "queue-params") || cmd_has (c, "match-policy")))
        return cmd_fail (c, "--leaf does not go with options for instances below");
    tree_check_format (c);
    t.level = cmd_int (c, "level", 0, 0, TREE_DEPTH_MAX);
    t.h = cmd_open (c);
    find_size (&t);
    if (cmd_has (c, "leaf"))
        t.plan.depth = 0;
    else if (strcmp (topology, "auto") == 0)
        tree_plan_auto (&t.plan, &t.part, cmd_fsd (c, "job-length", 0));
    else if (tree_plan_parse (&t.plan, topology) < 0)
        return cmd_fail (c, "--topology=%s: not of the form 2x4, nor auto", topology);
    if (cmd_has (c, "dry-run")) {
        print_plan (&t, 0, t.id, &t.part);
        return 0;
    }
    t.begin = walltime_now ();
    if (t.level < t.plan.depth)
        tree_run_children (&t);
    else
        tree_run_leaf (&t);
    t.end = walltime_now ();
    if (cmd_has (c, "report"))
        send_report (&t, cmd_str (c, "report", NULL));
    int rc = cmd_has (c, "report") ? t.failed > 0 : tree_print_report (&t);
    json_decref (t.rows);
    json_decref (t.worst.tell);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.key = 'T',
     .name = "topology",
     .arg = "AxB...",
     .help = "Children of each instance by level, as 2x4 (1); auto chooses"},
    {.key = 'J', .name = "njobs", .arg = "N", .help = "Number of jobs in all (1)"},
    {.key = 'N', .name = "nnodes", .arg = "N", .help = "Number of nodes in all (all)"},
    {.key = 'c', .name = "ncores-per-node", .arg = "N", .help = "Cores on each node (all)"},
    {.key = 'g', .name = "ngpus-per-node", .arg = "N", .help = "GPUs on each node (all)"},
    {.name = "ncores", .arg = "N", .help = "The same", .flags = CMD_OPT_HIDDEN},
    {.name = "ngpus", .arg = "N", .help = "The same", .flags = CMD_OPT_HIDDEN},
    {.key = 'l', .name = "leaf", .help = "Run the jobs in this instance"},
    {.name = "job-length",
     .arg = "FSD",
     .help = "With -T auto, how long a job takes (no time at all)"},
    {.key = 'Q',
     .name = "queue-policy",
     .arg = "POLICY:...",
     .help = "Queue policies by level, as fcfs:easy"},
    {.key = 'P',
     .name = "queue-params",
     .arg = "NAME=VALUE,...:...",
     .help = "Parameters of the queue policies by level, as queue-depth=8"},
    {.key = 'M',
     .name = "match-policy",
     .arg = "POLICY:...",
     .help = "Policies by which resources are chosen, by level"},
    {.key = 'X',
     .name = "prefix",
     .arg = "NAME",
     .help = "What names in the tree begin with (tree)"},
    {.key = 'o', .name = "perf-out", .arg = "FILE", .help = "Write what each instance took"},
    {.name = "perf-format",
     .arg = "FORMAT",
     .help = "The columns of it, as {treeid:<15s} {elapse:>20f}"},
    {.key = 'f',
     .name = "flux-logs",
     .arg = "DIR",
     .help = "Write the log of each instance to a file there"},
    {.key = 'r',
     .name = "flux-rundir",
     .arg = "DIR",
     .help = "Have the run directories of all instances there"},
    {.name = "job-name", .arg = "NAME", .help = "What jobs that are instances are called (tree)"},
    {.key = 'd', .name = "dry-run", .help = "Print what the leaves would be, run nothing"},
    {.name = "level", .arg = "N", .help = "For the verb itself", .flags = CMD_OPT_HIDDEN},
    {.name = "report", .arg = "KEY", .help = "For the verb itself", .flags = CMD_OPT_HIDDEN},
    {0},
};

const struct cmd_verb cmd_verb_tree = {
    .name = "tree",
    .args = "COMMAND [ARG...]",
    .summary = "Run many jobs in a hierarchy of instances",
    .opts = {opts},
    .flags = CMD_VERB_STOP,
    .run = run,
};
