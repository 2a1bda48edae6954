/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux tree: a hierarchy of instances over which many jobs are spread. Each instance but the leaves
 * runs this verb again as the initial program of its children; what they took comes back by way of
 * their parent's KVS. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/job/jobspec_build.h"
#include "lib/util/buf.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/tree_plan.h"
#include "shell/cmd/verbs.h"

#define WINDOW 256 // submissions that are under way at a time

struct tree {
    struct cmd *c;
    flux_t *h;
    struct tree_plan plan;
    int level;
    const char *id;
    struct tree_part part;
    int failed; // jobs
    int leaves;
    double begin, end;
    struct buf records; // of the instances below
};

/* The i-th of the words between colons, or NULL; the caller frees it. */
static char *level_word (const char *s, int i)
{
    for (; s && i > 0; i--) {
        s = strchr (s, ':');
        s = s ? s + 1 : NULL;
    }
    return s && strcspn (s, ":") > 0 ? strndup (s, strcspn (s, ":")) : NULL;
}

/* Wait for jobs; counts those that did not succeed. Each future is destroyed. */
static int wait_all (struct cmd *c, flux_future_t **f, int n)
{
    int failed = 0;

    for (int i = 0; i < n; i++) {
        const char *why;
        bool ok;
        if (flux_job_wait_get_status (f[i], &ok, &why) < 0)
            cmd_die (c, "%s", cmd_why (f[i]));
        if (!ok && failed++ == 0)
            cmd_warn (c, "%s", why);
        flux_future_destroy (f[i]);
    }
    return failed;
}

static flux_future_t *send_spec (struct tree *t, json_t *spec)
{
    char *text = json_dumps (spec, JSON_COMPACT);
    flux_future_t *f = text ? flux_job_submit (t->h, text, 16, FLUX_JOB_WAITABLE) : NULL;

    free (text);
    if (!f)
        cmd_die (t->c, "%s", strerror (errno));
    return f;
}

/* From the submission of a job to the wait for its end. */
static flux_future_t *then_wait (struct tree *t, flux_future_t *f)
{
    flux_jobid_t id;

    if (flux_job_submit_get_id (f, &id) < 0)
        cmd_die (t->c, "%s", cmd_why (f));
    flux_future_destroy (f);
    if (!(f = flux_job_wait (t->h, id)))
        cmd_die (t->c, "%s", strerror (errno));
    return f;
}

static void set_env (json_t *spec, const char *name, int value)
{
    char text[16];

    snprintf (text, sizeof (text), "%d", value);
    (void)jobspec_setenv (spec, name, text);
}

static void run_leaf (struct tree *t)
{
    char *cwd = get_current_dir_name ();
    struct jobspec_request req = {
        .argc = t->c->argc, .argv = t->c->argv, .ntasks = 1, .cwd = cwd, .environ = environ};
    flux_future_t **f = calloc (t->part.njobs + 1, sizeof (*f));
    flux_error_t error;
    json_t *spec = f ? jobspec_build (&req, &error) : NULL;

    if (!spec)
        cmd_die (t->c, "%s", f ? error.text : "out of memory");
    (void)jobspec_setenv (spec, "FLUX_TREE_ID", t->id);
    set_env (spec, "FLUX_TREE_NNODES", t->part.nnodes);
    set_env (spec, "FLUX_TREE_NCORES_PER_NODE", t->part.cores);
    set_env (spec, "FLUX_TREE_NGPUS_PER_NODE", t->part.gpus);
    for (int i = 0; i < t->part.njobs + WINDOW; i++) {
        if (i < t->part.njobs) {
            set_env (spec, "FLUX_TREE_JOBSCRIPT_INDEX", i + 1);
            f[i] = send_spec (t, spec);
        }
        if (i >= WINDOW && i - WINDOW < t->part.njobs)
            f[i - WINDOW] = then_wait (t, f[i - WINDOW]);
    }
    t->failed = wait_all (t->c, f, t->part.njobs);
    t->leaves = 1;
    json_decref (spec);
    free (f);
    free (cwd);
}

/* What an instance is told by -Q, -M and -P. */
static char **broker_opts (struct tree *t)
{
    char *queue = level_word (cmd_str (t->c, "queue-policy", NULL), t->level);
    char *match = level_word (cmd_str (t->c, "match-policy", NULL), t->level);
    char *params = level_word (cmd_str (t->c, "queue-params", NULL), t->level), *save = NULL;
    char **v = calloc (64, sizeof (*v));
    int n = 0, rc = 0;

    if (queue)
        rc |= asprintf (&v[n++], "-Ssched.queue-policy=%s", queue);
    if (match)
        rc |= asprintf (&v[n++], "-Ssched.match-policy=%s", match);
    for (char *p = params ? strtok_r (params, ",", &save) : NULL; p && n < 60;
         p = strtok_r (NULL, ",", &save))
        rc |= asprintf (&v[n++], "-Ssched.%s", p);
    if (rc < 0)
        cmd_die (t->c, "out of memory");
    free (queue);
    free (match);
    free (params);
    return v;
}

/* The command that child i runs. */
static json_t *child_spec (struct tree *t, int i, const struct tree_part *part, const char *key)
{
    static const char *const same[] = {"queue-policy", "match-policy", "queue-params", NULL};
    struct jobspec_request req = {.nnodes = part->nnodes,
                                  .ntasks = part->nnodes,
                                  .cores_per_task = part->cores,
                                  .gpus_per_task = part->gpus,
                                  .environ = environ,
                                  .flux = program_invocation_short_name};
    char **v = calloc (t->c->argc + 32, sizeof (*v)), **opts = broker_opts (t);
    char topology[TREE_DEPTH_MAX * 6] = "";
    flux_error_t error;
    int n = 0, rc = 0;

    for (int k = 0; k < t->plan.depth; k++)
        snprintf (topology + strlen (topology), sizeof (topology) - strlen (topology), "%s%d",
                  k ? "x" : "", t->plan.width[k]);
    req.cwd = get_current_dir_name ();
    v[n++] = strdup (req.flux);
    v[n++] = strdup ("tree");
    rc |= asprintf (&v[n++], "--topology=%s", topology);
    rc |= asprintf (&v[n++], "--level=%d", t->level + 1);
    rc |= asprintf (&v[n++], "--nnodes=%d", part->nnodes);
    rc |= asprintf (&v[n++], "--ncores=%d", part->cores);
    rc |= asprintf (&v[n++], "--ngpus=%d", part->gpus);
    rc |= asprintf (&v[n++], "--njobs=%d", part->njobs);
    rc |= asprintf (&v[n++], "--prefix=%s.%d", t->id, i + 1);
    rc |= asprintf (&v[n++], "--report=%s", key);
    for (int k = 0; same[k]; k++)
        if (cmd_has (t->c, same[k]))
            rc |= asprintf (&v[n++], "--%s=%s", same[k], cmd_str (t->c, same[k], ""));
    v[n++] = strdup ("--");
    for (int k = 0; k < t->c->argc; k++)
        v[n++] = strdup (t->c->argv[k]);
    req.argc = n;
    req.argv = v;
    req.name = v[1];
    json_t *spec = rc < 0 ? NULL : jobspec_build_nest (&req, opts, &error);
    if (!spec)
        cmd_die (t->c, "%s", rc < 0 ? "out of memory" : error.text);
    for (int k = 0; k < n; k++)
        free (v[k]);
    for (int k = 0; opts[k]; k++)
        free (opts[k]);
    free (v);
    free (opts);
    free ((char *)req.cwd);
    return spec;
}

/* A child's report, which is then gone. */
static void take_report (struct tree *t, const char *key, int njobs)
{
    flux_future_t *f = flux_kvs_lookup (t->h, NULL, 0, key);
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    const char *text;
    int failed, leaves, used = 0;

    if (f && flux_kvs_lookup_get (f, &text) == 0 && text &&
        sscanf (text, "%d %d\n%n", &failed, &leaves, &used) == 2) {
        t->failed += failed;
        t->leaves += leaves;
        buf_puts (&t->records, text + used);
    } else
        t->failed += njobs; // it died before
    flux_future_destroy (f);
    if (txn && flux_kvs_txn_unlink (txn, 0, key) == 0) {
        f = flux_kvs_commit (t->h, NULL, 0, txn);
        flux_future_get (f, NULL);
        flux_future_destroy (f);
    }
    flux_kvs_txn_destroy (txn);
}

static void run_children (struct tree *t)
{
    int width = t->plan.width[t->level], n = 0;
    flux_future_t **f = calloc (width, sizeof (*f));
    int *njobs = calloc (width, sizeof (*njobs));
    unsigned nonce;
    char key[64];

    if (!f || !njobs || getrandom (&nonce, sizeof (nonce), 0) < 0)
        cmd_die (t->c, "%s", strerror (errno));
    for (int i = 0; i < width; i++) {
        struct tree_part part;
        if (tree_part_child (&t->part, width, i, &part) < 0)
            cmd_die (t->c, "%s: %d children of %d nodes with %d cores: too many", t->id, width,
                     t->part.nnodes, t->part.cores);
        if (part.njobs == 0)
            break;
        snprintf (key, sizeof (key), "flux-tree-%08x-%d", nonce, i);
        json_t *spec = child_spec (t, i, &part, key);
        f[n] = send_spec (t, spec);
        njobs[n++] = part.njobs;
        json_decref (spec);
    }
    for (int i = 0; i < n; i++)
        f[i] = then_wait (t, f[i]);
    wait_all (t->c, f, n); // what failed is in the reports
    for (int i = 0; i < n; i++) {
        snprintf (key, sizeof (key), "flux-tree-%08x-%d", nonce, i);
        take_report (t, key, njobs[i]);
    }
    free (f);
    free (njobs);
}

static void print_record (struct tree *t, struct buf *b)
{
    buf_printf (b, "%s %.6f %.6f %.6f %d %d %d %d %d\n", t->id, t->end - t->begin, t->begin, t->end,
                t->part.njobs, t->failed, t->part.nnodes, t->part.cores, t->part.gpus);
    if (t->records.data)
        buf_puts (b, t->records.data);
}

/* To the parent: its KVS is reached by the broker that started this instance. */
static void send_report (struct tree *t, const char *key)
{
    const char *uri = flux_attr_get (t->h, "parent-uri");
    flux_t *parent = uri ? flux_open (uri, 0) : NULL;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    struct buf b = {0};
    flux_future_t *f;

    buf_printf (&b, "%d %d\n", t->failed, t->leaves);
    print_record (t, &b);
    if (!parent || !txn || b.err || flux_kvs_txn_put (txn, 0, key, b.data) < 0 ||
        !(f = flux_kvs_commit (parent, NULL, 0, txn)) || flux_future_get (f, NULL) < 0)
        cmd_die (t->c, "%s: no report to the parent: %s", t->id, strerror (errno));
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    flux_close (parent);
    buf_clear (&b);
}

static int report (struct tree *t)
{
    const char *path = cmd_str (t->c, "perf-out", NULL);
    double elapsed = t->end - t->begin;
    struct buf b = {0};
    FILE *out;

    if (path) {
        print_record (t, &b);
        if (!(out = fopen (path, "w")) ||
            fprintf (out, "TreeID Elapsed Begin End NJobs NFailed NNodes CPN GPN\n%s",
                     b.data ? b.data : "") < 0 ||
            fclose (out) != 0)
            cmd_die (t->c, "%s: %s", path, strerror (errno));
        buf_clear (&b);
    }
    printf ("%s: %d jobs, %d failed, in %.3fs (%.1f/s) on %d %s\n", t->id, t->part.njobs, t->failed,
            elapsed, elapsed > 0 ? t->part.njobs / elapsed : 0, t->leaves,
            t->leaves == 1 ? "leaf" : "leaves");
    return t->failed > 0;
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
    t->part.cores = cmd_int (c, "ncores", nodes ? rv1_ncores (s.up) / nodes : 0, 1, 1 << 20);
    t->part.gpus = cmd_int (c, "ngpus", nodes ? rv1_ngpus (s.up) / nodes : 0, 0, 1 << 20);
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
    t.level = cmd_int (c, "level", 0, 0, TREE_DEPTH_MAX);
    t.h = cmd_open (c);
    find_size (&t);
    if (strcmp (topology, "auto") == 0)
        tree_plan_auto (&t.plan, &t.part, cmd_fsd (c, "job-length", 0));
    else if (tree_plan_parse (&t.plan, topology) < 0)
        return cmd_fail (c, "--topology=%s: not of the form 2x4, nor auto", topology);
    if (cmd_has (c, "dry-run")) {
        print_plan (&t, 0, t.id, &t.part);
        return 0;
    }
    t.begin = walltime_now ();
    if (t.level < t.plan.depth)
        run_children (&t);
    else
        run_leaf (&t);
    t.end = walltime_now ();
    if (!cmd_has (c, "report"))
        return report (&t);
    send_report (&t, cmd_str (c, "report", NULL));
    return t.failed > 0;
}

static const struct cmd_opt opts[] = {
    {.key = 'T',
     .name = "topology",
     .arg = "AxB...",
     .help = "Children of each instance by level, as 2x4 (1); auto chooses"},
    {.key = 'J', .name = "njobs", .arg = "N", .help = "Number of jobs in all (1)"},
    {.key = 'N', .name = "nnodes", .arg = "N", .help = "Number of nodes in all (all)"},
    {.key = 'c', .name = "ncores", .arg = "N", .help = "Cores on each node (all)"},
    {.key = 'g', .name = "ngpus", .arg = "N", .help = "GPUs on each node (all)"},
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
    {.key = 'D', .name = "dry-run", .help = "Print what the leaves would be, run nothing"},
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
