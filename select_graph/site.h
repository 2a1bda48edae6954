/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The site's nodes and cores as a resource graph with its matcher. Knows nothing of Slurm's
 * records: nodes are numbers, those of slurmctld's node table. */

#ifndef FLUX_SELECT_GRAPH_SITE_H
#define FLUX_SELECT_GRAPH_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <flux/types.h>

struct site;

/* What a job asks of the graph: `nodes` different nodes out of those given to site_choose(), on
 * each of them `cores` free cores, or the whole node free of other jobs. */
struct site_request {
    uint32_t nodes;
    uint32_t cores;
    bool whole;
};

struct site_range {
    uint32_t first, last;
};

struct site_core {
    uint32_t node, core;
};

/* Nodes are added between create and site_ready(). All: NULL or -1 with errno, errp says why. */
struct site *site_create (flux_error_t *errp);
void site_destroy (struct site *site);
/* FEATURES are separated by commas; NULL: none. */
int site_add_node (struct site *site, uint32_t node, const char *name, uint32_t cores,
                   const char *features, flux_error_t *errp);
int site_ready (struct site *site, const char *policy, flux_error_t *errp);

/* Book cores for a job until they are released. EBUSY: another job has one of them (Slurm may let
 * jobs share cores); nothing is booked then. */
int site_book (struct site *site, uint32_t job, const struct site_core *cores, size_t count,
               flux_error_t *errp);
bool site_has (const struct site *site, uint32_t job);
/* All of it, or what it has of one node; nothing happens when it has none. */
void site_release (struct site *site, uint32_t job);
void site_release_node (struct site *site, uint32_t job, uint32_t node);

/* The policy's choice now: req->nodes numbers into `chosen`. EBUSY, ENODEV: there is none. */
int site_choose (struct site *site, const struct site_request *req, const struct site_range *ranges,
                 size_t count, uint32_t *chosen, flux_error_t *errp);

#endif // !FLUX_SELECT_GRAPH_SITE_H
