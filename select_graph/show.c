/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Writes into job records. The part of AdminComment that is ours begins with "graph: "; what an
 * administrator wrote before it stays. */

#include "select_graph/show.h"

#include "select_graph/facts.h"
#include "select_graph/site_write.h"

#define MARK "graph: "

static void set_comment (job_record_t *job, const char *text)
{
    char *old = job->admin_comment, *ours = old ? strstr (old, MARK) : NULL;
    char *comment = NULL;
    int kept = ours ? (int)(ours - old) : (int)(old ? strlen (old) : 0);

    xstrfmtcat (comment, "%.*s%s%s%s", kept, old ? old : "", kept > 0 && !ours ? "; " : "", MARK,
                text);
    if (xstrcmp (comment, old) == 0) {
        xfree (comment);
        return;
    }
    xfree (job->admin_comment);
    job->admin_comment = comment;
    last_job_update = time (NULL);
}

void show_waiting (job_record_t *job, const char *text)
{
    char line[256];

    snprintf (line, sizeof (line), "waits: %s", text);
    set_comment (job, line);
    xfree (job->state_desc);
    job->state_desc = xstrdup_printf (MARK "%s", text);
}

static void set_environment (api_details_t *d, const char *name, const char *value)
{
    size_t len = strlen (name);
    char *line = xstrdup_printf ("%s=%s", name, value);

    for (int i = 0; i < d->env_cnt; i++) {
        if (strncmp (d->env_sup[i], name, len) == 0 && d->env_sup[i][len] == '=') {
            xfree (d->env_sup[i]);
            d->env_sup[i] = line;
            return;
        }
    }
    xrecalloc (d->env_sup, d->env_cnt + 2, sizeof (*d->env_sup));
    d->env_sup[d->env_cnt++] = line;
}

static const char *policy_of (const struct graph_conf *conf, const job_record_t *job)
{
    const char *policy = facts_option (job, "GRAPH_POLICY");

    return policy ? policy
                  : graph_conf_policy (conf, job->part_ptr ? job->part_ptr->name : NULL,
                                       job->qos_ptr ? job->qos_ptr->name : NULL);
}

static bool has_asked (const job_record_t *job)
{
    return facts_option (job, "GRAPH_POLICY") || facts_option (job, "GRAPH_REQUEST");
}

void show_started (struct site *site, const struct graph_conf *conf, job_record_t *job,
                   const struct site_extra *extra, size_t nextra)
{
    struct site_alloc alloc = {
        .extra = extra, .nextra = nextra, .start = job->start_time, .end = job->end_time};
    struct site_hold *holds;
    char words[300], line[600], *R;

    if (!job->job_resrcs || !job->details)
        return;
    alloc.holds = holds = facts_holds (site, job, true, -1, &alloc.nholds);
    alloc.nodelist = job->job_resrcs->nodes ? job->job_resrcs->nodes : "";
    if (conf->comment) {
        site_write_words (site, &alloc, words, sizeof (words));
        snprintf (line, sizeof (line), "policy=%s%s", policy_of (conf, job), words);
        set_comment (job, line);
    }
    if (conf->alloc == CONF_ALLOC_ALL || (conf->alloc == CONF_ALLOC_ASKED && has_asked (job))) {
        if ((R = site_write_R (site, &alloc, conf->alloc_size)))
            set_environment (job->details, "GRAPH_ALLOC", R);
        else
            debug ("select/graph: %pJ: its resources are too many for AllocSize=%u", job,
                   conf->alloc_size);
        free (R);
    }
    xfree (holds);
}
