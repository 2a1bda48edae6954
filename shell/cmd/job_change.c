/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job urgency, memo, purge: what changes something of jobs that are there. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/job.h"
#include "shell/cmd/treedict.h"

#define MEMO_SIZE_MAX (64 << 20)

int job_urgency (struct cmd *c, const char *s)
{
    int urgency = cmd_urgency (s);

    if (urgency < 0)
        cmd_die (c, "%s: not an urgency (0 to 31, hold, expedite or default)", s);
    return urgency;
}

static int run_urgency (struct cmd *c)
{
    int old = -1;

    if (c->argc != 2)
        return cmd_fail (c, "a job id and an urgency are needed");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    int urgency = job_urgency (c, c->argv[1]);
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_job_set_urgency (h, id, urgency);
    if (!f || flux_rpc_get_unpack (f, "{s:i}", "old_urgency", &old) < 0)
        return cmd_fail (c, "%s: %s", c->argv[0], cmd_why (f));
    if (cmd_has (c, "verbose")) {
        if (old == FLUX_JOB_URGENCY_HOLD)
            fprintf (stderr, "old urgency: job held\n");
        else if (old == FLUX_JOB_URGENCY_EXPEDITE)
            fprintf (stderr, "old urgency: job expedited\n");
        else
            fprintf (stderr, "old urgency: %d\n", old);
    }
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

/* KEY=VAL into the object; VAL is JSON when it can be, - is standard input. */
static void add_memo (struct cmd *c, json_t *memo, const char *arg)
{
    const char *equal = strchr (arg, '=');
    char *text = NULL, *key;

    if (!equal || equal == arg)
        cmd_die (c, "%s: not KEY=VAL", arg);
    if (strcmp (equal + 1, "-") == 0 && fd_read_all (STDIN_FILENO, MEMO_SIZE_MAX, &text) < 0)
        cmd_die (c, "standard input: %s", strerror (errno));
    key = strndup (arg, equal - arg);
    if (treedict_set_text (memo, key, text ? text : equal + 1) < 0)
        cmd_die (c, "%s: cannot be set", arg);
    free (key);
    free (text);
}

static int run_memo (struct cmd *c)
{
    json_t *memo = json_object ();

    if (c->argc < 2)
        return cmd_fail (c, "a job id and KEY=VAL are needed");
    flux_jobid_t id = cmd_jobid (c, c->argv[0]);
    for (int i = 1; i < c->argc; i++)
        add_memo (c, memo, c->argv[i]);
    flux_t *h = cmd_open (c);
    json_t *in = cmd_pack (c, "{s:I s:b s:o}", "id", id, "volatile", (int)cmd_has (c, "volatile"),
                           "memo", memo);
    json_decref (cmd_rpc (c, h, "job-manager.memo", FLUX_NODEID_ANY, in, c->argv[0]));
    flux_close (h);
    return 0;
}

static int rpc_count (struct cmd *c, flux_t *h, const char *topic, json_t *in)
{
    json_t *out = cmd_rpc (c, h, topic, 0, in, "purge");
    int count = json_integer_value (json_object_get (out, "count"));

    json_decref (out);
    return count;
}

static int purge_range (struct cmd *c, flux_t *h, int force)
{
    int batch = cmd_int (c, "batch", 50, 1, 1 << 30), count, total = 0;

    do {
        json_t *in = cmd_pack (c, "{s:f s:i s:i s:b}", "age_limit", cmd_fsd (c, "age-limit", -1.),
                               "num_limit", (int)cmd_int (c, "num-limit", -1, -1, 1 << 30), "batch",
                               batch, "force", force);
        count = rpc_count (c, h, "job-manager.purge", in);
        total += count;
    } while (force && count == batch);
    return total;
}

static int run_purge (struct cmd *c)
{
    int force = cmd_has (c, "force"), total = 0;

    if (c->argc > 0 && (cmd_has (c, "age-limit") || cmd_has (c, "num-limit")))
        return cmd_fail (c, "give job ids, or limits, not both");
    for (int i = 0; i < c->argc; i++)
        cmd_jobid (c, c->argv[i]);
    flux_t *h = cmd_open (c);
    if (c->argc == 0)
        total = purge_range (c, h, force);
    for (int i = 0; i < c->argc; i++)
        total +=
            rpc_count (c, h, "job-manager.purge-id",
                       cmd_pack (c, "{s:I s:i}", "id", cmd_jobid (c, c->argv[i]), "force", force));
    json_t *stats = cmd_rpc (c, h, "job-manager.stats-get", 0, NULL, "purge");
    int left = json_integer_value (json_object_get (stats, "inactive_jobs"));
    if (force)
        printf ("purged %d inactive jobs, %d remaining\n", total, left);
    else
        printf ("use --force to purge %d of %d inactive jobs\n", total, left);
    json_decref (stats);
    flux_close (h);
    return 0;
}

static const struct cmd_opt urgency_opts[] = {
    {.key = 'v', .name = "verbose", .help = "Say what the urgency was"},
    {0},
};

static const struct cmd_opt memo_opts[] = {
    {.name = "volatile", .help = "Do not put it into the eventlog"},
    {0},
};

static const struct cmd_opt purge_opts[] = {
    {.name = "age-limit", .arg = "FSD", .help = "Jobs that ended longer ago than this"},
    {.name = "num-limit", .arg = "COUNT", .help = "The oldest, until COUNT are left"},
    {.key = 'f', .name = "force", .help = "Do it, rather than say how many jobs match"},
    {.name = "batch", .arg = "COUNT", .help = "Jobs per request (50)"},
    {0},
};

const struct cmd_verb cmd_verb_job_urgency = {
    .name = "urgency",
    .args = "ID URGENCY",
    .summary = "Set the urgency of a job: 0-31, hold, expedite, default",
    .opts = {urgency_opts},
    .run = run_urgency,
};

const struct cmd_verb cmd_verb_job_memo = {
    .name = "memo",
    .args = "ID KEY=VAL...",
    .summary = "Note something on a job",
    .opts = {memo_opts},
    .run = run_memo,
};

const struct cmd_verb cmd_verb_job_purge = {
    .name = "purge",
    .args = "[ID...]",
    .summary = "Forget jobs that have ended",
    .opts = {purge_opts},
    .run = run_purge,
};
