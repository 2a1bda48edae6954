/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The queues of nodes, as flux resource shows and takes them. */

#ifndef FLUX_CMD_RESOURCE_QUEUES_H
#define FLUX_CMD_RESOURCE_QUEUES_H

#include <jansson.h>
#include <flux/core.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/rstates.h"

struct queues {
    json_t *all;    // of the configuration, or NULL
    json_t *asked;  // the keys are those of --queue; NULL: all
    json_t *hidden; // names that the user's files hide, or NULL
};

/* Those of the instance, --queue and the files of the set. Ends the program when a file is wrong.
 */
void queues_get (struct queues *q, const struct fmt_set *set, struct cmd *c, flux_t *h);
void queues_clear (struct queues *q);

/* Queues that a node with these properties ("a,b") belongs to: of those asked for, or of all that
 * are neither virtual (they have every node of their parent) nor hidden. The caller frees it. */
char *queues_of (const struct queues *q, const char *properties);

/* Properties that are not names of queues. The caller frees it. */
char *queues_strip (const json_t *queues, const char *properties);

/* The names of --queue as the keys of an object; NULL when it is not given. */
json_t *queues_asked (struct cmd *c);

/* The ranks that a queue has, NULL: all. `queue` is one of `queues`, or NULL. */
struct idset *queue_ranks (const json_t *queues, const json_t *queue, const struct rv1 *all);

/* The ranks of --queue. Ends the program when there is no such queue. */
struct idset *resource_queue_ranks (struct cmd *c, flux_t *h, const struct rv1 *all);

#endif /* !FLUX_CMD_RESOURCE_QUEUES_H */
