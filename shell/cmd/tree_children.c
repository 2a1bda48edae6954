/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/job/jobspec_build.h"
#include "shell/cmd/client.h"
#include "shell/cmd/tree_private.h"

/* The i-th of the words between colons, or NULL; the caller frees it. */
static char *level_word (const char *s, int i)
{
    for (; s && i > 0; i--) {
        s = strchr (s, ':');
        s = s ? s + 1 : NULL;
    }
    return s && strcspn (s, ":") > 0 ? strndup (s, strcspn (s, ":")) : NULL;
}

/* A folder of --flux-logs or --flux-rundir: where the user is, if it is not a whole path. */
static char *folder (struct tree *t, const char *name, const char *sub)
{
    const char *dir = cmd_str (t->c, name, NULL);
    char *cwd = get_current_dir_name (), *path = NULL;

    if (dir && asprintf (&path, "%s%s%s%s%s", *dir == '/' ? "" : cwd, *dir == '/' ? "" : "/", dir,
                         sub ? "/" : "", sub ? sub : "") < 0)
        cmd_die (t->c, "out of memory");
    if (path && mkdir (path, 0700) < 0 && errno != EEXIST)
        cmd_die (t->c, "%s: %s", path, strerror (errno));
    free (cwd);
    return path;
}

/* What instance `id` is told by -Q, -M and -P, -f and -r. */
static char **broker_opts (struct tree *t, const char *id)
{
    char *queue = level_word (cmd_str (t->c, "queue-policy", NULL), t->level);
    char *match = level_word (cmd_str (t->c, "match-policy", NULL), t->level);
    char *params = level_word (cmd_str (t->c, "queue-params", NULL), t->level), *save = NULL;
    char **v = calloc (64, sizeof (*v));
    int n = 0, rc = 0;

    if (queue && strcmp (queue, "default") != 0)
        rc |= asprintf (&v[n++], "-Ssched.queue-policy=%s", queue);
    if (match && strcmp (match, "default") != 0)
        rc |= asprintf (&v[n++], "-Ssched.match-policy=%s", match);
    for (char *p = params && strcmp (params, "default") != 0 ? strtok_r (params, ",", &save) : NULL;
         p && n < 60; p = strtok_r (NULL, ",", &save))
        rc |= asprintf (&v[n++], "-Ssched.%s", p);
    char *logs = folder (t, "flux-logs", NULL), *rundir = NULL;
    if (logs)
        rc |= asprintf (&v[n++], "-Slog-filename=%s/%s.log", logs, id);
    free (folder (t, "flux-rundir", NULL));
    if ((rundir = folder (t, "flux-rundir", id)))
        rc |= asprintf (&v[n++], "-Srundir=%s", rundir);
    if (rc < 0)
        cmd_die (t->c, "out of memory");
    free (logs);
    free (rundir);
    free (queue);
    free (match);
    free (params);
    return v;
}

/* The command that child i runs. */
static json_t *child_spec (struct tree *t, int i, const struct tree_part *part, const char *key)
{
    static const char *const same[] = {"queue-policy",
                                       "match-policy",
                                       "queue-params",
                                       "flux-logs",
                                       "flux-rundir",
                                       "job-name",
                                       NULL};
    struct jobspec_request req = {.nnodes = part->nnodes,
                                  .ntasks = part->nnodes,
                                  .cores_per_task = part->cores,
                                  .gpus_per_task = part->gpus,
                                  .environ = environ,
                                  .flux = program_invocation_short_name};
    char **v = calloc (t->c->argc + 32, sizeof (*v)), **opts, *id;
    char topology[TREE_DEPTH_MAX * 6] = "";
    flux_error_t error;
    int n = 0, rc = 0;

    for (int k = 0; k < t->plan.depth; k++)
        snprintf (topology + strlen (topology), sizeof (topology) - strlen (topology), "%s%d",
                  k ? "x" : "", t->plan.width[k]);
    req.cwd = get_current_dir_name ();
    rc |= asprintf (&id, "%s.%d", t->id, i + 1);
    opts = broker_opts (t, id);
    v[n++] = strdup (req.flux);
    v[n++] = strdup ("tree");
    rc |= asprintf (&v[n++], "--topology=%s", topology);
    rc |= asprintf (&v[n++], "--level=%d", t->level + 1);
    rc |= asprintf (&v[n++], "--nnodes=%d", part->nnodes);
    rc |= asprintf (&v[n++], "--ncores-per-node=%d", part->cores);
    rc |= asprintf (&v[n++], "--ngpus-per-node=%d", part->gpus);
    rc |= asprintf (&v[n++], "--njobs=%d", part->njobs);
    rc |= asprintf (&v[n++], "--prefix=%s", id);
    rc |= asprintf (&v[n++], "--report=%s", key);
    for (int k = 0; same[k]; k++)
        if (cmd_has (t->c, same[k]))
            rc |= asprintf (&v[n++], "--%s=%s", same[k], cmd_str (t->c, same[k], ""));
    v[n++] = strdup ("--");
    for (int k = 0; k < t->c->argc; k++)
        v[n++] = strdup (t->c->argv[k]);
    req.argc = n;
    req.argv = v;
    req.name = cmd_str (t->c, "job-name", v[1]);
    json_t *spec = rc < 0 ? NULL : jobspec_build_nest (&req, opts, &error);
    if (!spec)
        cmd_die (t->c, "%s", rc < 0 ? "out of memory" : error.text);
    for (int k = 0; k < n; k++)
        free (v[k]);
    for (int k = 0; opts[k]; k++)
        free (opts[k]);
    free (v);
    free (opts);
    free (id);
    free ((char *)req.cwd);
    return spec;
}

/* A child's report, which is then gone. */
static void take_report (struct tree *t, const char *key, const char *id, int njobs)
{
    flux_future_t *f = flux_kvs_lookup (t->h, NULL, 0, key);
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    const char *text;

    if (!f || flux_kvs_lookup_get (f, &text) < 0 || !text ||
        !tree_add_report (t, text)) { // it died before
        cmd_warn (t->c, "%s: ended without a report", id);
        t->failed += njobs;
    }
    flux_future_destroy (f);
    if (txn && flux_kvs_txn_unlink (txn, 0, key) == 0) {
        f = flux_kvs_commit (t->h, NULL, 0, txn);
        flux_future_get (f, NULL);
        flux_future_destroy (f);
    }
    flux_kvs_txn_destroy (txn);
}

/* What failed is in the reports. */
static void wait_for (struct tree *t, flux_future_t **f, int n)
{
    for (int i = 0; i < n; i++) {
        const char *why;
        bool ok;
        if (flux_job_wait_get_status (f[i], &ok, &why) < 0)
            cmd_die (t->c, "%s", cmd_why (f[i]));
        flux_future_destroy (f[i]);
    }
}

void tree_run_children (struct tree *t)
{
    int width = t->plan.width[t->level], n = 0;
    flux_future_t **f = calloc (width, sizeof (*f));
    int *njobs = calloc (width, sizeof (*njobs));
    unsigned nonce;
    char key[64], id[256];

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
        f[n] = tree_submit (t, spec);
        njobs[n++] = part.njobs;
        json_decref (spec);
    }
    for (int i = 0; i < n; i++)
        f[i] = tree_then_wait (t, f[i]);
    wait_for (t, f, n);
    for (int i = 0; i < n; i++) {
        snprintf (key, sizeof (key), "flux-tree-%08x-%d", nonce, i);
        snprintf (id, sizeof (id), "%s.%d", t->id, i + 1);
        take_report (t, key, id, njobs[i]);
    }
    free (f);
    free (njobs);
}
