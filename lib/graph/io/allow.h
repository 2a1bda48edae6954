/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An allow-list of types, whatever a graph was read from. */

#ifndef FLUX_GRAPH_IO_ALLOW_H
#define FLUX_GRAPH_IO_ALLOW_H

#include <stdbool.h>
#include <string.h>

#include "lib/graph/graph.h"

/* Is the type in the comma list? NULL and "": all are. */
static inline bool allow_has (const char *allow, const char *type)
{
    size_t len = strlen (type);

    if (!allow || !*allow)
        return true;
    for (const char *s = allow; s; s = strchr (s, ',')) {
        s += strspn (s, ", ");
        if (!strncmp (s, type, len) && strchr (", ", s[len]))
            return true;
    }
    return false;
}

/* Put into the empty graph `to` what `from` has of the types in the comma list. What is not in it
 * is left out, what is below it stays, below what is above it; the root stays in any case. O(V +
 * E). EINVAL: siblings come to have one name; errp names it. */
int graph_copy_allowed (struct graph *to, const struct graph *from, const char *allow,
                        flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_ALLOW_H */
