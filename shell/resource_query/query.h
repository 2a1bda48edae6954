/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux-resource-query: the matcher on the command line, with the options, commands and outputs of
 * Fluxion's resource-query. */

#ifndef FLUX_RESOURCE_QUERY_QUERY_H
#define FLUX_RESOURCE_QUERY_QUERY_H

#include <stdio.h>

#include "lib/graph/io/find.h"
#include "lib/graph/io/load.h"
#include "lib/graph/io/write.h"
#include "lib/graph/match.h"

typedef enum { JOB_ALLOCATED, JOB_RESERVED, JOB_CANCELED } query_state_t;

struct query_job {
    uint64_t id;
    query_state_t state;
    bool held; // it may be cancelled
    int64_t at;
    char *jobspec;
    double elapse;
};

struct query {
    struct graph *g;
    struct matcher *m;
    struct writer *w;
    FILE *out;
    bool elapse; // print times
    bool fast;   // not to the letter as Fluxion
    uint64_t next_job;
    struct query_job *job;
    size_t njobs;
    double min, max, sum;
};

enum { QUERY_MAX_ARGS = 256 };

/* Run one command line; -1: quit. Errors go to stderr and the session goes on. */
int query_command (struct query *q, char *line);

/* Read a whole file; NULL with errno. The caller frees. */
char *query_read_file (const char *path, size_t *len);
/* A sealed request from a jobspec file (YAML or JSON); NULL: errp says why. */
struct request *query_request (const struct query *q, const char *text, size_t len,
                               flux_error_t *errp);

/* The graph as GraphViz dot or GraphML. */
int query_write_graph (const struct graph *g, const char *format, FILE *f);

#endif /* !FLUX_RESOURCE_QUERY_QUERY_H */
