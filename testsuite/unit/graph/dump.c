/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "testsuite/unit/graph/dump.h"

void graph_dump (const struct graph *g, struct buf *b)
{
    char text[GRAPH_MAX_PATH];
    for (uint32_t v = 0; v < graph_limit (g); v++) {
        const char *key, *value;
        size_t cursor = 0;
        if (!graph_alive (g, v))
            continue;
        graph_name (g, v, text, sizeof (text));
        buf_printf (b, "%s %s %s %s %lld %lld %lld %u %d %u %u", text, graph_type (g, v),
                    graph_basename (g, v), graph_unit (g, v), (long long)graph_id (g, v),
                    (long long)graph_uniq_id (g, v), (long long)graph_rank (g, v),
                    graph_size (g, v), graph_status (g, v), graph_used (g, v), graph_njobs (g, v));
        while (graph_property_next (g, v, &cursor, &key, &value))
            buf_printf (b, " %s=%s", key, value);
        buf_puts (b, "\n");
    }
    for (size_t s = 0; s < graph_subsystem_count (g); s++)
        for (size_t i = 0; i < graph_edge_count (g, s); i++) {
            uint32_t from, to;
            graph_edge (g, s, i, &from, &to);
            buf_printf (b, "%s %u %u\n", graph_subsystem (g, s), from, to);
        }
}
