/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the files of the site share. */

#ifndef FLUX_SELECT_GRAPH_SITE_PRIV_H
#define FLUX_SELECT_GRAPH_SITE_PRIV_H

#include <uthash.h>

#include "select_graph/site.h"

enum {
    SITE_MANY = 64, // nodes; for fewer the matcher's index is faster than a look at each
    SITE_MAY = 1,   // the job may have the node
    SITE_GOOD = 2,  // and it has what the job wants
};

/* A vertex below a node: a core, the cores of a socket, a GPU, memory ... */
struct site_part {
    uint32_t vertex;
    uint32_t base;  // number of its first core or device in the node
    uint32_t count; // its size
    uint32_t scale; // MB of a unit of memory
    uint8_t kind;
    uint8_t gres;
};

struct site_node {
    uint32_t vertex;          // GRAPH_NONE: no such node
    struct site_facts *facts; // until the graph is made; NULL: no such node
    struct site_part *parts;
    uint32_t nparts;
    uint32_t ncores;
    uint32_t njobs; // that have something of it
    bool up;        // it and all above it
};

/* What nobody claims of a node; less than 0 when jobs share it. */
struct site_left {
    int64_t cores, memory; // MB
};

/* A part of a vertex that a job has */
struct site_use {
    uint32_t vertex;
    uint32_t amount;
    uint32_t node;  // GRAPH_NONE: of no node
    uint32_t scale; // MB of a unit of memory, else 1
    uint8_t kind;
    uint8_t gres;
};

struct site_job {
    uint32_t id;
    bool lifted; // as if it were gone
    bool away;   // and the matcher knows
    int64_t end;
    struct site_use *uses;
    size_t nuses;
    struct site_extra *extra;
    size_t nextra;
    uint32_t *nodes;
    size_t nnodes;
    size_t nshort; // uses of which the graph has not all
    UT_hash_handle hh;
};

/* All jobs by their ends, once somebody has asked */
struct site_ends {
    struct site_job **job;
    size_t n, room;
    bool sorted;
};

/* The vertices above others in a subsystem that constrains, and what is drawn from them */
struct site_flow {
    char property[64];
    char name[64];
    uint32_t *up;    // by vertex: the one above, GRAPH_NONE: none
    uint64_t *drawn; // by vertex
};

struct site {
    struct graph *graph;
    struct matcher *matcher;
    struct site_node *nodes; // by number
    uint32_t nnodes;
    char *gres[SITE_MAX_GRES];
    size_t ngres;
    int64_t horizon;
    bool has_switches;
    bool has_memory;
    bool mixed; // nodes have cores of more than one number of threads
    uint32_t threads;
    uint32_t memory_unit; // MB of a unit of memory in the graph
    bool each_core;
    bool known_cores; // a core's id is its number
    bool partial;     // Slurm has cores that the graph has not
    bool unsure;      // the last choice might have been found among nodes that were left out
    bool exact_ties;  // among equals as Fluxion chooses

    struct site_job *jobs;
    uint64_t *claimed;      // by vertex
    size_t nshort;          // jobs that have a short use
    uint64_t nentered;      // jobs that the matcher was told of, ever; for tests
    size_t nlifted;         // jobs that are lifted, which the matcher does not know
    size_t nplaces;         // vertices with others below them that jobs hold for themselves
    struct site_left *left; // of each node
    int64_t *left_gres;     // of each node, ngres of them
    uint32_t *by_low;       // the nodes of the graph in the order of the policy `low`
    uint32_t *by_high;
    uint32_t nordered;
    uint32_t *leaf; // of each node: number of the switch that it hangs on, or GRAPH_NONE
    uint32_t nleaves;
    struct policy *packing; // as few leaf switches as can be
    uint8_t *good;          // of each node, for a choice under way: SITE_MAY, SITE_GOOD
    uint32_t *group;        // sizes of groups of good nodes: by leaf, or at the ends of runs
    struct site_ends ends;
    struct site_flow flow[CONF_MAX_CONSTRAIN];
    size_t nflow;

    struct site_choice choice;
    size_t nodes_room, extra_room, cores_room, devices_room;
};

/* ---- site_build.c, site_jgf.c: the graph, and the parts of its nodes ---- */
int site_build (struct site *site, const struct graph_conf *conf, flux_error_t *errp);
int site_load (struct site *site, const char *path, site_complain_f complain, flux_error_t *errp);
int site_add_part (struct site *site, struct site_node *node, const struct site_part *part);
/* A copy's number; -1: too many */
int site_add_gres (struct site *site, const char *name);

/* ---- site_ask.c ---- */
/* So many cores of a node to the choice, each node's in ascending order; -1: ENOMEM */
int site_add_cores (struct site *site, uint32_t node, uint32_t first, uint32_t count);

/* ---- site_flow.c ---- */
int site_make_flows (struct site *site, const struct graph_conf *conf, site_complain_f complain,
                     flux_error_t *errp);
void site_draw (struct site *site, uint32_t node, bool more);
bool site_may_draw_one (const struct site *site, uint32_t node);
/* What has a size of 1 and no unit is on the way only, as for the policy `power`. */
bool site_is_limit (const struct site *site, uint32_t vertex);
/* Add what a node draws, by vertex. */
void site_add_draws (const struct site *site, uint32_t node, uint32_t *sums);
void site_free_flows (struct site *site);

/* ---- site_when.c: nodes that will do; site->good says which ---- */
/* Has a node what is wanted of each? It is up, too. */
bool site_node_fits (const struct site *site, const struct site_want *want, uint32_t node);
/* Those of the ranges that fit now; the most that can be taken together (on one switch, or
 * following each other, if that is wanted). */
uint32_t site_mark_good (struct site *site, const struct site_want *want);
/* The earliest time at which as many as are wanted can be, as the ends of the jobs are known; -1:
 * never */
int64_t site_when (struct site *site, const struct site_want *want, int64_t now);

/* ---- site_request.c ---- */
struct request *site_make_request (struct site *site, const struct site_want *want,
                                   const struct site_range *ranges, size_t count, bool later,
                                   flux_error_t *errp);
/* Nodes with cores, without which what is wanted cannot be. False: that is not known. */
bool site_least (struct site *site, const struct site_want *want, struct site_want *least);

/* ---- site_flat.c: choices that follow from what is left of each node ---- */
int site_make_flat (struct site *site);
void site_free_flat (struct site *site);
/* What a job has or has no more, in what is left. */
void site_take (struct site *site, const struct site_use *use, bool more);
/* What the policy adds to what is wanted: whole nodes */
void site_add_policy (const struct site *site, struct site_want *want);
bool site_is_flat (const struct site *site, const struct site_want *want, enum site_when when);
/* Leaf switches of the nodes; each that hangs on none counts, too. */
uint32_t site_count_leaves (struct site *site, const uint32_t *nodes, size_t n);
/* Are the nodes that will do just as many as are wanted? */
bool site_is_all (const struct site *site, const struct site_want *want);
/* The choice out of the good nodes, of which there are enough; for now with the cores, if these are
 * wanted. */
int site_read_flat (struct site *site, const struct site_want *want, int64_t at, int64_t now,
                    flux_error_t *errp);

/* ---- site_ends.c: the jobs in the order of their ends ---- */
void site_ends_add (struct site *site, struct site_job *job);
void site_ends_remove (struct site *site, const struct site_job *job);
size_t site_ends (struct site *site, struct site_job ***list);

/* ---- site_book.c ---- */
struct site_job *site_find_job (const struct site *site, uint32_t id);
/* What a job has, in the claims and in what is left */
void site_claim (struct site *site, const struct site_job *job, bool more);
/* As much of the job's uses as is free into the matcher's book, when it has none there; and out. */
void site_enter (struct site *site, struct site_job *job, int64_t now);
void site_leave (struct site *site, struct site_job *job, int64_t now);

/* ---- site_lift.c: the matcher is to be asked ---- */
void site_settle (struct site *site);

void site_free_jobs (struct site *site);

/* *list with room for n elements of that size; -1: ENOMEM */
int site_room (void *list, size_t *room, size_t n, size_t size);

#endif // !FLUX_SELECT_GRAPH_SITE_PRIV_H
