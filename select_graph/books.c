/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Keeps the site as Slurm's own books are. */

#include "select_graph/books.h"

#include <malloc.h>

#include "select_graph/devices.h"
#include "select_graph/facts.h"
#include "select_graph/show.h"

static const char own_type[] = "select/graph";

static void complain (const char *sentence)
{
    error ("%s: %s", own_type, sentence);
}

static char *state_path (void)
{
    return xstrdup_printf ("%s/graph_state", slurm_conf.state_save_location);
}

/* ---- Making it ---- */

static uint64_t add_text (uint64_t sum, const char *s)
{
    for (; s && *s; s++)
        sum = (sum ^ (unsigned char)*s) * UINT64_C (1099511628211);
    return sum;
}

static uint64_t sum_nodes (void)
{
    uint64_t sum = 0;
    node_record_t *node;

    for (int i = 0; (node = next_node (&i)); i++) {
        sum = add_text (sum + i, node->name);
        sum = add_text (sum, node->config_ptr->feature);
        sum = add_text (sum, node->config_ptr->gres);
        sum = sum * 31 + node->tot_cores;
        sum = sum * 31 + node->real_memory;
    }
    return sum;
}

/* A file with an error in it changes nothing; without a file the graph is not asked. *wrong: it has
 * an error. */
static bool read_conf (struct books *b, bool *wrong)
{
    char *path = get_extra_conf_path ("graph.conf");
    struct graph_conf conf;
    flux_error_t why;
    bool wanted = b->conf.policy != NULL;

    if (graph_conf_read (&conf, path, &why) == 0) {
        graph_conf_clear (&b->conf);
        b->conf = conf;
        wanted = true;
    } else if (errno == ENOENT) {
        graph_conf_clear (&b->conf);
        wanted = false;
    } else {
        complain (why.text);
        *wrong = true;
    }
    xfree (path);
    return wanted;
}

static void read_state (struct books *b)
{
    char *path = state_path ();
    flux_error_t why;

    keep_destroy (b->keep);
    if (!(b->keep = keep_read (path, &why)) && errno != ENOENT)
        complain (why.text);
    xfree (path);
}

static void drop_site (struct books *b)
{
    chosen_clear (&b->chooser.last);
    site_destroy (b->site);
    b->site = NULL;
}

/* When the new graph is wrong (-1) the one before goes on, unless nodes have changed. */
static int make_site (struct books *b)
{
    uint64_t nodes = sum_nodes ();
    flux_error_t why;
    struct site *site = facts_make_site (&b->conf, &why);

    if (!site) {
        complain (why.text);
        if (b->site && nodes == b->nodes) {
            complain ("the graph stays as it was");
            return -1;
        }
        complain ("there is no graph: select/cons_tres chooses alone");
    }
    drop_site (b);
    b->site = site;
    b->nodes = nodes;
    (void)malloc_trim (0); // of what was needed to make it
    if (site)
        info ("%s: policy %s, %zu vertices", own_type, b->conf.policy,
              graph_count (site_graph (site)));
    return site ? 0 : -1;
}

int books_open (struct books *b, const struct beneath *beneath)
{
    bool wrong = false;

    if (!read_conf (b, &wrong)) {
        drop_site (b);
        return wrong ? -1 : 0;
    }
    chosen_clear (&b->chooser.last);
    read_state (b);
    wrong = make_site (b) < 0 || wrong;
    b->chooser =
        (struct chooser){.beneath = beneath, .conf = &b->conf, .site = b->site, .ends_read = 0};
    return wrong ? -1 : 0;
}

static int enter_one (void *job, void *books)
{
    books_enter (books, job);
    return 0;
}

void books_settle (struct books *b)
{
    if (b->site && sum_nodes () != b->nodes) {
        read_state (b);
        (void)make_site (b);
        b->chooser.site = b->site;
        if (b->site)
            list_for_each (job_list, enter_one, b);
    }
    keep_destroy (b->keep);
    b->keep = NULL;
}

void books_close (struct books *b)
{
    drop_site (b);
    keep_destroy (b->keep);
    graph_conf_clear (&b->conf);
    memset (b, 0, sizeof (*b));
}

/* ---- Jobs ---- */

static int64_t start_of (uint32_t id)
{
    const job_record_t *job = find_job_record (id);
    return job ? job->start_time : 0;
}

static void write_state (struct books *b)
{
    char *path = state_path ();
    flux_error_t why;

    if (keep_write (path, b->site, start_of, &why) < 0)
        error ("%s: the state of the graph is not saved: %s", own_type, why.text);
    xfree (path);
}

static void book (struct books *b, const job_record_t *job, bool cores, int64_t without,
                  const struct site_extra *extra, size_t nextra)
{
    size_t n;
    struct site_hold *holds = facts_holds (b->site, job, cores, without, &n);
    flux_error_t why;

    if (holds && site_book (b->site, job->job_id, holds, n, extra, nextra, time (NULL),
                            job->end_time, &why) < 0)
        error ("%s: %pJ is not in the graph: %s", own_type, job, why.text);
    xfree (holds);
}

struct devices *books_keep_devices (const struct books *b, const job_record_t *job)
{
    const struct chosen *last = &b->chooser.last;

    if (last->job != job)
        return NULL;
    return devices_keep (b->site, last->devices, last->ndevices);
}

void books_change (struct books *b, const job_record_t *job, bool cores, int64_t without)
{
    const struct site_extra *extra;
    size_t n = site_extra (b->site, job->job_id, &extra);
    struct site_extra *copy = NULL;

    if (n > 0) {
        copy = xcalloc (n, sizeof (*copy));
        memcpy (copy, extra, n * sizeof (*copy));
    }
    book (b, job, cores, without, copy, n);
    xfree (copy);
}

void books_leave (struct books *b, const job_record_t *job)
{
    const struct site_extra *extra;
    size_t n = site_extra (b->site, job->job_id, &extra);

    site_release (b->site, job->job_id);
    if (n > 0)
        write_state (b);
}

void books_begin (struct books *b, const job_record_t *job)
{
    b->beginning = job->job_id;
}

/* Only now is it known which devices the job has. */
static void show_beginning (struct books *b, job_record_t *job)
{
    const struct chosen *last = &b->chooser.last;
    bool ours = last->job == job;

    b->beginning = 0;
    show_started (b->site, &b->conf, job, ours ? last->extra : NULL, ours ? last->n : 0);
}

void books_enter (struct books *b, job_record_t *job)
{
    struct site_extra *kept = NULL;
    size_t n = 0;

    if (b->beginning > 0 && b->beginning == job->job_id)
        show_beginning (b, job);
    if (!(IS_JOB_RUNNING (job) || IS_JOB_SUSPENDED (job)))
        return;
    if (b->chooser.last.job == job) {
        struct chosen *last = &b->chooser.last;

        book (b, job, true, -1, last->extra, last->n);
        n = last->n;
        chosen_clear (last);
        if (n > 0)
            write_state (b);
        return;
    }
    if (b->keep)
        n = keep_find (b->keep, b->site, job->job_id, job->start_time, complain, &kept);
    book (b, job, facts_has_cores (job), -1, kept, n);
    free (kept);
}
