/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job attributes: a table of names and encoders, which write text: a list may be long. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "lib/job/jsonbuf.h"
#include "lib/util/errprintf.h"
#include "lib/util/stamp.h"
#include "shell/service/job_list/attrs.h"
#include "shell/service/job_manager/job.h"

/* Each appends its value and says whether there is one. */

static bool put_string (struct buf *b, const char *s)
{
    if (s)
        jsonbuf_str (b, s);
    return s != NULL;
}

static bool put_integer (struct buf *b, int64_t n)
{
    char digits[24], *p = digits + sizeof (digits);
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do
        *--p = '0' + left % 10;
    while ((left /= 10) > 0);
    if (n < 0)
        *--p = '-';
    buf_append (b, p, digits + sizeof (digits) - p);
    return true;
}

static bool put_bool (struct buf *b, bool value)
{
    buf_puts (b, value ? "true" : "false");
    return true;
}

static bool put_time (struct buf *b, double t)
{
    char stamp[STAMP_SIZE];

    if (t > 0)
        buf_append (b, stamp, stamp_format (stamp, t));
    return t > 0;
}

static bool put_real (struct buf *b, double d)
{
    if (d == 0)
        buf_puts (b, "0.0");
    else
        jsonbuf_real (b, d);
    return true;
}

static bool is_inactive (const struct job *job)
{
    return job->state == JOB_INACTIVE;
}

static bool put_userid_attr (const struct job *job, struct buf *b)
{
    return put_integer (b, job->userid);
}

static bool put_urgency_attr (const struct job *job, struct buf *b)
{
    return put_integer (b, job->urgency);
}

static bool put_priority_attr (const struct job *job, struct buf *b)
{
    return job->priority >= 0 && put_integer (b, job->priority);
}

static bool put_t_submit_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_submit);
}

static bool put_t_depend_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_depend);
}

static bool put_t_priority_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_priority);
}

static bool put_t_sched_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_sched);
}

static bool put_t_run_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_run);
}

static bool put_t_cleanup_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_cleanup);
}

static bool put_t_inactive_attr (const struct job *job, struct buf *b)
{
    return put_time (b, job->t_inactive);
}

static bool put_state_attr (const struct job *job, struct buf *b)
{
    return put_integer (b, job->state);
}

static bool put_name_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->facts.name);
}

static bool put_cwd_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->facts.cwd);
}

static bool put_queue_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->facts.queue);
}

static bool put_project_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->facts.project);
}

static bool put_bank_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->facts.bank);
}

static bool put_ntasks_attr (const struct job *job, struct buf *b)
{
    return put_integer (b, job->facts.ntasks);
}

static bool put_ncores_attr (const struct job *job, struct buf *b)
{
    return job->ncores > 0 && put_integer (b, job->ncores);
}

static bool put_nnodes_attr (const struct job *job, struct buf *b)
{
    return job->nnodes > 0 && put_integer (b, job->nnodes);
}

static bool put_ranks_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->ranks);
}

static bool put_nodelist_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->nodelist);
}

static bool put_duration_attr (const struct job *job, struct buf *b)
{
    return put_real (b, job->facts.duration);
}

static bool put_expiration_attr (const struct job *job, struct buf *b)
{
    return (job->states_seen & JOB_RUN) && put_real (b, job->expiration); // 0: it has none
}

static bool put_success_attr (const struct job *job, struct buf *b)
{
    return is_inactive (job) && put_bool (b, job->result == RESULT_COMPLETED);
}

static bool put_result_attr (const struct job *job, struct buf *b)
{
    return is_inactive (job) && put_integer (b, job->result);
}

static bool put_waitstatus_attr (const struct job *job, struct buf *b)
{
    return job->finished && put_integer (b, job->wait_status);
}

static bool put_exception_occurred_attr (const struct job *job, struct buf *b)
{
    bool occurred = job->exception_severity >= 0;

    return (occurred || is_inactive (job)) && put_bool (b, occurred); // none so far is no answer
}

static bool put_exception_severity_attr (const struct job *job, struct buf *b)
{
    return job->exception_severity >= 0 && put_integer (b, job->exception_severity);
}

static bool put_exception_type_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->exception_type);
}

static bool put_exception_note_attr (const struct job *job, struct buf *b)
{
    return put_string (b, job->exception_note);
}

/* What the scheduler says of a job (RFC 27): while it waits, and once it has resources. */
static json_t *sched_annotations (const struct job *job)
{
    const struct job_live *live = job->live;

    if (job->resource_summary)
        return json_pack ("{s:s}", "resource_summary", job->resource_summary);
    if (!live || !live->lacks_resources || job->state != JOB_SCHED)
        return NULL;
    json_t *o = json_pack ("{s:s}", "reason_pending", "insufficient resources");
    if (o && live->t_estimate > 0)
        json_object_set_new (o, "t_estimate", json_real (live->t_estimate));
    return o;
}

static bool put_annotations_attr (const struct job *job, struct buf *b)
{
    json_t *sched, *o;

    if (!job->annotations && job->resource_summary) { // as most of them
        buf_puts (b, "{\"sched\":{\"resource_summary\":");
        jsonbuf_str (b, job->resource_summary);
        buf_puts (b, "}}");
        return true;
    }
    o = job->annotations ? json_deep_copy (job->annotations) : NULL;
    if ((sched = sched_annotations (job))) {
        o = o ? o : json_object ();
        if (json_object_get (o, "sched")) // of a scheduler outside
            json_object_update_missing (json_object_get (o, "sched"), sched);
        else
            json_object_set (o, "sched", sched);
        json_decref (sched);
    }
    if (o)
        jsonbuf_json (b, o);
    json_decref (o);
    return o != NULL;
}

static bool put_dependencies_attr (const struct job *job, struct buf *b)
{
    struct dependency *dep;
    char sep = '[';

    if (!job->live || !job->live->depends)
        return false;
    LL_FOREACH (job->live->depends, dep)
    {
        buf_putc (b, sep);
        jsonbuf_str (b, dep->description);
        sep = ',';
    }
    buf_putc (b, ']');
    return true;
}

static const struct {
    const char *name;
    bool (*put) (const struct job *job, struct buf *b);
} table[] = {
    {"userid", put_userid_attr},
    {"urgency", put_urgency_attr},
    {"priority", put_priority_attr},
    {"t_submit", put_t_submit_attr},
    {"t_depend", put_t_depend_attr},
    {"t_priority", put_t_priority_attr},
    {"t_sched", put_t_sched_attr},
    {"t_run", put_t_run_attr},
    {"t_cleanup", put_t_cleanup_attr},
    {"t_inactive", put_t_inactive_attr},
    {"state", put_state_attr},
    {"name", put_name_attr},
    {"cwd", put_cwd_attr},
    {"queue", put_queue_attr},
    {"project", put_project_attr},
    {"bank", put_bank_attr},
    {"ntasks", put_ntasks_attr},
    {"ncores", put_ncores_attr},
    {"nnodes", put_nnodes_attr},
    {"ranks", put_ranks_attr},
    {"nodelist", put_nodelist_attr},
    {"duration", put_duration_attr},
    {"expiration", put_expiration_attr},
    {"success", put_success_attr},
    {"result", put_result_attr},
    {"waitstatus", put_waitstatus_attr},
    {"exception_occurred", put_exception_occurred_attr},
    {"exception_severity", put_exception_severity_attr},
    {"exception_type", put_exception_type_attr},
    {"exception_note", put_exception_note_attr},
    {"annotations", put_annotations_attr},
    {"dependencies", put_dependencies_attr},
};

#define NATTRS (sizeof (table) / sizeof (table[0]))

static int find_attr (const char *name)
{
    for (size_t i = 0; i < NATTRS; i++) {
        if (strcmp (table[i].name, name) == 0)
            return i;
    }
    return -1;
}

int job_attrs_parse (const json_t *names, uint64_t *mask, flux_error_t *errp)
{
    size_t i;
    json_t *entry;

    *mask = 0;
    json_array_foreach (names, i, entry)
    {
        const char *name = json_string_value (entry);
        int n = name ? find_attr (name) : -1;
        if (n >= 0)
            *mask |= 1ULL << n;
        else if (name && strcmp (name, "all") == 0)
            *mask = (1ULL << NATTRS) - 1;
        else if (!name || strcmp (name, "id") != 0) {
            errno = EINVAL;
            return errprintf (errp, "%s is not a valid attribute",
                              name ? name : "what is no string");
        }
    }
    return 0;
}

void job_attrs_append (struct buf *b, const struct job *job, uint64_t mask)
{
    buf_puts (b, "{\"id\":");
    put_integer (b, (int64_t)job->id);
    for (uint64_t left = mask; left != 0; left &= left - 1) {
        int i = __builtin_ctzll (left);
        size_t before = b->len;
        buf_puts (b, ",\"");
        buf_puts (b, table[i].name);
        buf_puts (b, "\":");
        if (!table[i].put (job, b) && !b->err)
            b->len = before;
    }
    buf_putc (b, '}');
}
