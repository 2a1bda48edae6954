/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/job/eventlog.h"
#include "lib/job/jobspec_build.h"
#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/iodata.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/tree_private.h"

#define WINDOW 256              // submissions that are under way at a time
#define OUTPUT_MAX (64 << 10)   // of the job that is told of
#define EXAMINED_MAX 10000      // jobs that failed whose exit codes are looked at
#define CODE_WITHOUT_STATUS 255 // of a job that did not come to run

flux_future_t *tree_submit (struct tree *t, json_t *spec)
{
    char *text = json_dumps (spec, JSON_COMPACT);
    flux_future_t *f = text ? flux_job_submit (t->h, text, 16, FLUX_JOB_WAITABLE) : NULL;

    free (text);
    if (!f)
        cmd_die (t->c, "%s", strerror (errno));
    return f;
}

flux_future_t *tree_then_wait (struct tree *t, flux_future_t *f)
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

static json_t *make_spec (struct tree *t)
{
    char *cwd = get_current_dir_name ();
    struct jobspec_request req = {
        .argc = t->c->argc, .argv = t->c->argv, .ntasks = 1, .cwd = cwd, .environ = environ};
    flux_error_t error;
    json_t *spec = jobspec_build (&req, &error);

    if (!spec)
        cmd_die (t->c, "%s", error.text);
    free (cwd);
    (void)jobspec_setenv (spec, "FLUX_TREE_ID", t->id);
    set_env (spec, "FLUX_TREE_NNODES", t->part.nnodes);
    set_env (spec, "FLUX_TREE_NCORES_PER_NODE", t->part.cores);
    set_env (spec, "FLUX_TREE_NGPUS_PER_NODE", t->part.gpus);
    return spec;
}

/* What the job wrote, as far as there is room for it. */
static void collect (struct buf *b, const char *log)
{
    size_t left = strlen (log), len, i;
    json_t *entries = eventlog_decode (log, left, NULL), *entry, *context;
    const char *name;
    struct iodata io;

    json_array_foreach (entries, i, entry)
    {
        if (eventlog_entry_parse (entry, NULL, &name, &context) < 0 || strcmp (name, "data") != 0 ||
            iodata_decode (&io, context) < 0)
            continue;
        len = b->len + io.len > OUTPUT_MAX ? OUTPUT_MAX - b->len : io.len;
        if (io.data)
            buf_append (b, io.data, len);
        iodata_clear (&io);
    }
    json_decref (entries);
}

static json_t *output_of (struct tree *t, flux_jobid_t id)
{
    flux_future_t *f =
        flux_rpc_pack (t->h, "job-info.lookup", FLUX_NODEID_ANY, 0, "{s:I s:[s] s:i}", "id",
                       (json_int_t)id, "keys", "guest.output", "flags", 0);
    struct buf b = {0};
    const char *log;

    if (f && flux_rpc_get_unpack (f, "{s:s}", "guest.output", &log) == 0)
        collect (&b, log);
    flux_future_destroy (f);
    json_t *text = json_stringn (b.data ? b.data : "", b.len);
    buf_clear (&b);
    return text ? text : json_string ("(what it wrote is not text)\n");
}

static int code_of (const json_t *job)
{
    int status = -1, code;

    (void)json_unpack ((json_t *)job, "{s?i}", "waitstatus", &status);
    code = status < 0 ? CODE_WITHOUT_STATUS : flux_job_waitstatus_to_exitcode (status, NULL);
    return code > 0 ? code : CODE_WITHOUT_STATUS;
}

/* Of all that failed, the one with the highest code, and the first of those. */
static void find_worst (struct tree *t, const flux_jobid_t *ids, const int *index, int n)
{
    json_t *jobs = joblist_by_id (t->h, ids, n, json_pack ("[s]", "waitstatus"), NULL, NULL), *job;
    int at = 0;
    size_t i;

    t->worst.code = CODE_WITHOUT_STATUS;
    if (json_array_size (jobs) == (size_t)n) {
        t->worst.code = 0;
        json_array_foreach (jobs, i, job)
        {
            if (code_of (job) > t->worst.code) {
                t->worst.code = code_of (job);
                at = i;
            }
        }
    }
    t->worst.tell = json_pack ("{s:i s:s s:i s:o}", "code", t->worst.code, "id", t->id, "index",
                               index[at], "output", output_of (t, ids[at]));
    json_decref (jobs);
}

static void wait_all (struct tree *t, flux_future_t **f)
{
    int n = t->part.njobs, bad = 0;
    flux_jobid_t *ids = calloc (EXAMINED_MAX, sizeof (*ids));
    int *index = calloc (EXAMINED_MAX, sizeof (*index));

    if (!ids || !index)
        cmd_die (t->c, "out of memory");
    for (int i = 0; i < n; i++) {
        const char *why;
        bool ok;
        if (flux_job_wait_get_status (f[i], &ok, &why) < 0)
            cmd_die (t->c, "%s", cmd_why (f[i]));
        if (!ok && t->failed++ == 0)
            cmd_warn (t->c, "%s", why);
        if (!ok && bad < EXAMINED_MAX && flux_job_wait_get_id (f[i], &ids[bad]) == 0)
            index[bad++] = i + 1;
        flux_future_destroy (f[i]);
    }
    if (bad > 0)
        find_worst (t, ids, index, bad);
    free (ids);
    free (index);
}

void tree_run_leaf (struct tree *t)
{
    flux_future_t **f = calloc (t->part.njobs + 1, sizeof (*f));
    json_t *spec = make_spec (t);

    if (!f)
        cmd_die (t->c, "out of memory");
    for (int i = 0; i < t->part.njobs + WINDOW; i++) {
        if (i < t->part.njobs) {
            set_env (spec, "FLUX_TREE_JOBSCRIPT_INDEX", i + 1);
            f[i] = tree_submit (t, spec);
        }
        if (i >= WINDOW && i - WINDOW < t->part.njobs)
            f[i - WINDOW] = tree_then_wait (t, f[i - WINDOW]);
    }
    wait_all (t, f);
    t->leaves = 1;
    json_decref (spec);
    free (f);
}
