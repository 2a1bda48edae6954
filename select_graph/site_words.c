/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What a job has, in a few words. */

#include <stdio.h>

#include "lib/util/buf.h"
#include "select_graph/site_priv.h"
#include "select_graph/site_write.h"

enum { MAX_WORDS = 6 };

void site_write_words (struct site *site, const struct site_alloc *alloc, char *text, size_t size)
{
    uint32_t seen[MAX_WORDS];
    size_t n = 0;
    struct buf b = {.data = NULL};
    char name[GRAPH_MAX_NAME + 1];

    for (size_t i = 0; n < MAX_WORDS && i < alloc->nholds; i++) {
        uint32_t v = site_vertex (site, alloc->holds[i].node), k = 0;

        if (v == GRAPH_NONE || (v = graph_parent (site->graph, v)) == graph_root (site->graph))
            continue;
        while (k < n && seen[k] != v)
            k++;
        if (k < n || graph_name (site->graph, v, name, sizeof (name)) < 0)
            continue;
        buf_printf (&b, "%s%s", n ? ", " : " in ", name);
        seen[n++] = v;
    }
    if (n == MAX_WORDS)
        buf_puts (&b, " ...");
    for (size_t i = 0; i < alloc->nextra && i < MAX_WORDS; i++) {
        uint32_t v = alloc->extra[i].vertex;

        if (graph_name (site->graph, v, name, sizeof (name)) >= 0)
            buf_printf (&b, "; %s: %u%s%s", name, alloc->extra[i].amount,
                        *graph_unit (site->graph, v) ? " " : "", graph_unit (site->graph, v));
    }
    snprintf (text, size, "%s", b.data ? b.data : "");
    buf_clear (&b);
}
