/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The tree of `flux pstree`: nodes made of jobs, alike ones counted, instances walked into. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/jobinstance.h"
#include "shell/cmd/pstree.h"

/* Children with the same text that have no children themselves are one node with a count. */
struct node {
    char *label, *detail; // detail is NULL without one
    int count;
    bool leaf;
    const json_t *job;
};

void pstree_line (const struct pstree *t, const char *text)
{
    size_t len = fmt_utf8_len (text);
    size_t n = 0, bytes = 0;

    if (t->width <= 0 || len <= (size_t)t->width) {
        printf ("%s\n", text);
        return;
    }
    while (n < (size_t)t->width - 1)
        for (bytes++, n++; ((unsigned char)text[bytes] & 0xc0) == 0x80; bytes++)
            ;
    printf ("%.*s+\n", (int)bytes, text);
}

static bool alike (const struct node *a, const struct node *b)
{
    return a->leaf && b->leaf && strcmp (a->label, b->label) == 0 &&
           (!a->detail || strcmp (a->detail, b->detail) == 0);
}

static void node_clear (struct node *node)
{
    free (node->label);
    free (node->detail);
}

static size_t make_nodes (struct pstree *t, json_t *jobs, struct node *nodes)
{
    size_t n = 0, i;
    json_t *job;

    json_array_foreach (jobs, i, job)
    {
        bool leaf = !jobinstance_running (job);
        size_t k = 0;
        if (!leaf && t->numbers)
            jobinstance_ask (job);
        struct node node = {.label = fmt_item (leaf ? t->label : t->parent, job),
                            .detail = t->detail ? fmt_item (t->detail, job) : NULL,
                            .count = 1,
                            .leaf = leaf,
                            .job = job};
        while (k < n && !(t->combine && alike (&node, &nodes[k])))
            k++;
        if (k < n) {
            nodes[k].count++;
            node_clear (&node);
        } else
            nodes[n++] = node;
    }
    return n;
}

static void print_children (struct pstree *t, flux_t *h, const char *above, int level);

/* One node after `above` and its connector, then those below it, which begin with `below`. */
static void print_node (struct pstree *t, const struct node *node, const char *above,
                        const char *connector, const char *below, int level)
{
    struct buf line = {0};
    flux_t *h;

    if (node->detail)
        buf_printf (&line, "%s ", node->detail);
    buf_printf (&line, "%s%s", above, connector);
    if (node->count > 1)
        buf_printf (&line, "%d*[%s]", node->count, node->label);
    else
        buf_puts (&line, node->label);
    if (!line.err)
        pstree_line (t, line.data);
    buf_clear (&line);
    if (node->leaf || level >= t->level_max || level >= PSTREE_LEVEL_MAX)
        return;
    if ((h = cmd_open_uri (jobinfo_uri (node->job), NULL)))
        print_children (t, h, below, level + 1);
    flux_close (h);
}

static void print_jobs (struct pstree *t, json_t *jobs, const char *above, int level)
{
    struct node *nodes = calloc (json_array_size (jobs) + 1, sizeof (*nodes));
    size_t n = nodes ? make_nodes (t, jobs, nodes) : 0;
    char *below;

    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n;
        if (level == 1 && t->skip_root)
            print_node (t, &nodes[i], "", "", "", level);
        else if (asprintf (&below, "%s%s", above, last ? t->blank : t->bar) >= 0) {
            print_node (t, &nodes[i], above, last ? t->elbow : t->tee, below, level);
            free (below);
        }
        node_clear (&nodes[i]);
    }
    free (nodes);
}

static void print_children (struct pstree *t, flux_t *h, const char *above, int level)
{
    json_t *jobs = joblist_query (h, &t->query, json_pack ("[s]", "all"), NULL);

    if (jobs)
        print_jobs (t, jobs, above, level);
    json_decref (jobs);
}

/* The instance itself, in which the jobs are. */
void pstree_root (struct pstree *t, flux_t *h)
{
    json_t *self = t->skip_root ? NULL : jobinstance_self (h);

    if (!self)
        return;
    struct node node = {.label = fmt_item (t->parent, self),
                        .detail = t->detail ? fmt_item (t->detail, self) : NULL,
                        .count = 1,
                        .leaf = true};
    print_node (t, &node, "", "", "", 0);
    node_clear (&node);
    json_decref (self);
}

void pstree_jobs (struct pstree *t, flux_t *h, json_t *jobs)
{
    if (jobs)
        print_jobs (t, jobs, "", 1);
    else
        print_children (t, h, "", 1);
}
