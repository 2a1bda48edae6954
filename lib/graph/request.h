/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a job asks for: a small tree of resources (RFC 14, RFC 25), a duration and a constraint
 * (RFC 31). Translators (jobspec, shape, Slurm's job record) fill it; the matcher only reads it. */

#ifndef FLUX_GRAPH_REQUEST_H
#define FLUX_GRAPH_REQUEST_H

#include <flux/types.h>

#include "lib/graph/types.h"

typedef enum {
    REQUEST_RESOURCE,
    REQUEST_SLOT,     // siblings of this kind are alternatives in the flexible traverser ("or")
    REQUEST_XOR_SLOT, // exactly one of the siblings of this kind, tried in order
} request_kind_t;

typedef enum { REQUEST_UNSET, REQUEST_FALSE, REQUEST_TRUE } request_tristate_t;

/* How many: the largest of the allowed values that can be had. min, then min OP operand, ... up
 * to max; with `values` (the idset form), exactly those, ascending. An integer n is min = max =
 * n. */
struct request_count {
    uint32_t min;
    uint32_t max;
    char op; // '+', '*' or '^'
    uint32_t operand;
    uint32_t nvalues;
    uint32_t *values;
};

/* Members may be read, and set until the request is sealed. */
struct request_resource {
    request_kind_t kind;
    char *type;
    char *unit;  // NULL: none; else the graph's, when that has one
    char *label; // NULL: none
    char *id;    // NULL: none
    struct request_count count;
    request_tristate_t exclusive;
    struct request_resource *parent;
    struct request_resource *with; // first child
    struct request_resource *next; // next sibling
    uint32_t index;                // in request_resource_at(), pre-order, set by seal
};

struct constraint;

struct request {
    struct request_resource *resources; // first at the top level
    double duration;                    // seconds, >= 0; 0: until the end of the graph
    struct constraint *constraint;      // owned; NULL: none
    char *queue;                        // owned; NULL: none; only handed through to writers
};

struct request *request_create (void);
void request_destroy (struct request *req);

/* Add a resource after its siblings; parent NULL: top level. Count is 1, exclusive unset. NULL
 * with EINVAL (no type, too deep), ENOSPC, ENOMEM. `slot` and `xor_slot` as type set the kind. */
struct request_resource *request_add (struct request *req, struct request_resource *parent,
                                      const char *type, flux_error_t *errp);
int request_set_label (struct request_resource *r, const char *label);
int request_set_unit (struct request_resource *r, const char *unit);
int request_set_id (struct request_resource *r, const char *id);
int request_set_queue (struct request *req, const char *queue);
/* The idset form: ascending, each > 0. Copies. */
int request_set_values (struct request_resource *r, const uint32_t *values, uint32_t n);

/* Check the whole and number the resources, O(resources and their siblings); the request does not
 * change after. EINVAL: no
 * resource, a slot without content, two equal types side by side, min > max, bad operator ... */
int request_seal (struct request *req, flux_error_t *errp);
size_t request_count (const struct request *req);
const struct request_resource *request_resource_at (const struct request *req, uint32_t index);

/* The largest allowed value <= avail, 0 when there is none. O(values), or for * and ^ O(log max).
 */
uint32_t request_count_fit (const struct request_count *c, uint32_t avail);
uint32_t request_count_max (const struct request_count *c);

/* ---- Constraints: an expression over node vertices ---- */
typedef enum {
    CONSTRAINT_AND,
    CONSTRAINT_OR,
    CONSTRAINT_NOT,        // of the AND of its arguments, as RFC 31 has it
    CONSTRAINT_PROPERTIES, // all of them; "^name": must not have it
    CONSTRAINT_HOSTLIST,   // the vertex name is one of these
    CONSTRAINT_RANKS,      // the rank is in one of these ranges
} constraint_op_t;

struct constraint *constraint_create (constraint_op_t op);
void constraint_destroy (struct constraint *c);
/* Adopt an argument of AND, OR, NOT. EINVAL: wrong kind; ELOOP: too deep. Not adopted on error. */
int constraint_add (struct constraint *c, struct constraint *arg);
int constraint_add_name (struct constraint *c, const char *name); // a property or one host
int constraint_add_ranks (struct constraint *c, int64_t lo, int64_t hi);

struct graph;
/* Does v meet it? c NULL: yes. O(arguments), hosts by hash. */
bool constraint_match (const struct constraint *c, const struct graph *g, uint32_t v);

#endif /* !FLUX_GRAPH_REQUEST_H */
