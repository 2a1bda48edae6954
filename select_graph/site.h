/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The site as a resource graph with its matcher, and who holds what of it. Knows nothing of Slurm's
 * records: nodes are numbers, those of slurmctld's node table; a core is a number in its node, as
 * job_resources counts them. Slurm lets jobs share what the graph gives to one alone: every claim
 * is kept, and the graph has as much of them as there is. */

#ifndef FLUX_SELECT_GRAPH_SITE_H
#define FLUX_SELECT_GRAPH_SITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <flux/types.h>

#include "lib/graph/match.h"
#include "select_graph/conf.h"

enum {
    SITE_MAX_GRES = 16,          // names of generic resources
    SITE_MAX_JGF = 1 << 30,      // bytes
    SITE_MAX_MEMORY = INT32_MAX, // MB of a node
};

struct site;

/* ---- Making it: create, a node each, ready ---- */

struct site_gres {
    const char *name; // "gpu"
    uint32_t count;
};

struct site_facts {
    const char *name;
    uint32_t sockets, cores; // cores of a socket
    uint32_t threads;        // of a core
    uint32_t spare_cores;    // that jobs never get
    uint64_t memory;         // MB
    const char *features;    // separated by commas; NULL: none
    const char *place; // the switches above it, outermost first, separated by dots; NULL: none
    struct site_gres gres[SITE_MAX_GRES];
    size_t ngres;
};

/* Where it goes on but something is not as it should be, `complain` gets a sentence. */
typedef void (*site_complain_f) (const char *sentence);

/* All: NULL or -1 with errno, errp says why. CONF is copied from where needed, but must outlive
 * site_ready(). */
struct site *site_create (flux_error_t *errp);
void site_destroy (struct site *site);
int site_add_node (struct site *site, uint32_t node, const struct site_facts *facts,
                   flux_error_t *errp);
int site_ready (struct site *site, const struct graph_conf *conf, site_complain_f complain,
                flux_error_t *errp);

/* Have all nodes cores of as many threads? facts.threads says. */
bool site_is_uniform (const struct site *site);
/* Does the graph have all cores that Slurm has, and nobody shares any? Then what was not found last
 * is not there. */
bool site_is_complete (const struct site *site);
/* Has the graph memory at all? */
bool site_has_memory (const struct site *site);
struct graph *site_graph (struct site *site);
/* The vertex of a node, GRAPH_NONE: none. */
uint32_t site_vertex (const struct site *site, uint32_t node);
/* A number for the name of a generic resource, -1: no node has it */
int site_gres_number (const struct site *site, const char *name);

/* ---- Who holds what ---- */

enum site_kind { SITE_CORE, SITE_MEMORY, SITE_GRES };

/* Cores or devices `first` .. `first + count - 1`; or `count` MB or units. */
struct site_hold {
    uint32_t node;
    uint8_t kind;
    uint8_t gres;
    bool counted; // of a generic resource without devices
    uint32_t first;
    uint32_t count;
};

/* What is not a node's: bandwidth of a rack's switch, a burst buffer ... */
struct site_extra {
    uint32_t vertex;
    uint32_t amount;
};

/* Book what a job has until it is released. A job has one booking. EINVAL: no such core, errp
 * names it; nothing is booked then. */
int site_book (struct site *site, uint32_t job, const struct site_hold *holds, size_t nholds,
               const struct site_extra *extra, size_t nextra, int64_t now, int64_t end,
               flux_error_t *errp);
bool site_has (const struct site *site, uint32_t job);
void site_release (struct site *site, uint32_t job);
/* Take it out for a while, and put it back. */
void site_lift (struct site *site, uint32_t job);
void site_lower (struct site *site, uint32_t job, int64_t now);
void site_set_end (struct site *site, uint32_t job, int64_t now, int64_t end);
/* What a job holds beyond its nodes; valid until the next change. */
size_t site_extra (const struct site *site, uint32_t job, const struct site_extra **extra);
/* The nodes of which a job has something, likewise. */
size_t site_nodes (const struct site *site, uint32_t job, const uint32_t **nodes);
size_t site_job_count (const struct site *site);
/* The jobs in the order of their ends, likewise: start with *cursor 0 */
bool site_next_end (struct site *site, size_t *cursor, uint32_t *job, int64_t *end);
/* All jobs: start with *cursor NULL; false at the end. */
bool site_next_job (struct site *site, void **cursor, uint32_t *job);

/* How much of a node is claimed, by all jobs together; more than it has when they share. */
uint64_t site_claimed (const struct site *site, uint32_t node, enum site_kind kind, uint8_t gres);
/* The claims add up, and the matcher's book with them: 0, or -1 and what differs. For tests. */
int site_check (struct site *site, flux_error_t *errp);

/* ---- Choosing ---- */

struct site_range {
    uint32_t first, last;
};

/* `nodes_min` to `nodes_max` different nodes out of the ranges; on each of them so much free, or
 * the whole node free of other jobs. With `resources` (of a jobspec) what these say counts instead.
 */
struct site_want {
    uint32_t nodes_min, nodes_max;
    uint32_t cores;
    uint64_t memory; // MB
    uint32_t gres[SITE_MAX_GRES];
    bool whole;
    uint32_t switches; // all below at most so many leaf switches; 0: any number
    bool contiguous;   // their numbers follow each other
    bool exact;        // no other shape would do: where the graph has none, there is none
    bool known;        // the graph counts all that it asks for
    bool which_cores;  // the choice is to name cores
    bool which_gres;   // and devices
    const json_t *resources;
    const struct policy *policy; // NULL: the site's
    int64_t duration;            // seconds, for the future
    const struct site_range *ranges;
    size_t nranges;
};

struct site_cores {
    uint32_t node, first, count;
};

struct site_devices {
    uint32_t node, first, count;
    uint8_t gres;
};

/* What was chosen, valid until the next call. */
struct site_choice {
    int64_t at; // start
    uint32_t *nodes;
    size_t n;
    struct site_extra *extra;
    size_t nextra;
    struct site_cores *cores; // asked for, and where the graph has a vertex per core
    size_t ncores;
    uint32_t cores_total;         // of a request with resources of its own
    struct site_devices *devices; // likewise
    size_t ndevices;
};

enum site_when { SITE_NOW, SITE_FUTURE, SITE_EVER };

/* The policy's choice. EBUSY: none now (or within the horizon); ENODEV: never; ENOTSUP: it can't
 * say; errp says why. */
int site_choose (struct site *site, const struct site_want *want, enum site_when when, int64_t now,
                 const struct site_choice **choice, flux_error_t *errp);
/* How many tasks of so many CPUs fit at most on the nodes of the ranges now, with cores of so many
 * CPUs; *nodes: on how many of them any does. */
uint64_t site_tasks (const struct site *site, const struct site_range *ranges, size_t n,
                     uint32_t cpus_of_core, uint32_t cpus_of_task, uint32_t *nodes);
/* May these nodes (other than those in use) be taken together as far as Constrain goes? errp: what
 * is too little. */
int site_may_draw (const struct site *site, const uint32_t *nodes, size_t n, flux_error_t *errp);
/* Why nothing was chosen now, in a few words for the person who waits. */
void site_explain (struct site *site, const struct site_want *want, int64_t now, char *text,
                   size_t size);
/* The same of a want without resources that could be met some time, in a choice or two. */
void site_explain_plain (struct site *site, const struct site_want *want, int64_t now, char *text,
                         size_t size);

#endif // !FLUX_SELECT_GRAPH_SITE_H
