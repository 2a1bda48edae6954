/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * graph.conf, beside slurm.conf: lines of `Key=Value`, with `#` up to the end of a line for
 * comments and "..." around values with blanks. Its man page has the keys. */

#ifndef FLUX_SELECT_GRAPH_CONF_H
#define FLUX_SELECT_GRAPH_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <flux/types.h>

enum {
    CONF_MAX_TEXT = 256,
    CONF_MAX_LINE = 4096,
    CONF_MAX_RULES = 1024,
    CONF_MAX_CONSTRAIN = 8,
    CONF_MAX_CANDIDATES = 64,
    CONF_MAX_HORIZON = 366 * 24 * 3600,
};

/* Which jobs get GRAPH_ALLOC */
enum conf_alloc { CONF_ALLOC_ASKED, CONF_ALLOC_ALL, CONF_ALLOC_NONE };

/* PartitionName=X Policy=Y, QOS=X Policy=Y */
struct conf_rule {
    char *name;
    char *policy;
};

struct conf_rules {
    struct conf_rule *rule;
    size_t n;
};

/* Constrain=SUBSYSTEM:PROPERTY: each node in use draws what its property says from all that it
 * hangs on in the subsystem. */
struct conf_constrain {
    char subsystem[64];
    char property[64];
};

struct graph_conf {
    char *graph;  // Graph: a JGF file; NULL: made of slurm.conf
    char *policy; // Policy
    char *prune;  // Prune; NULL: the matcher's own
    struct conf_rules partitions, qos;
    struct conf_constrain constrain[CONF_MAX_CONSTRAIN];
    size_t nconstrain;
    int64_t horizon;       // Horizon: seconds
    uint32_t candidates;   // Candidates: choices offered before the plugin beneath gets all nodes
    enum conf_alloc alloc; // Alloc: asked (for something of the graph), all, none
    uint32_t alloc_size;   // AllocSize: most bytes of GRAPH_ALLOC
    bool each_core;        // Cores=each: a vertex per core, else a pool per socket
    bool graph_cores;      // CoreChoice=graph: also the cores are the graph's choice
    bool graph_gres;       // GresChoice=graph: also the devices
    bool fluxion_ties;     // Ties=fluxion: among equals as Fluxion chooses
    bool node_weights;     // NodeWeights=yes: lighter nodes first, as slurm.conf has it
    bool comment;          // Comment=yes: AdminComment says what was matched
};

/* A file's content into *conf, which must be all zero; it is left so on errors. -1 with ENOENT (no
 * such file) or EINVAL: errp names file, line and key. */
int graph_conf_read (struct graph_conf *conf, const char *path, flux_error_t *errp);
void graph_conf_clear (struct graph_conf *conf);

/* The policy of a job: its QOS's, its partition's, the default. Names may be NULL. */
const char *graph_conf_policy (const struct graph_conf *conf, const char *partition,
                               const char *qos);

#endif // !FLUX_SELECT_GRAPH_CONF_H
