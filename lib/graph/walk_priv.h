/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the walk share: walk.c and slots.c. */

#ifndef FLUX_GRAPH_WALK_PRIV_H
#define FLUX_GRAPH_WALK_PRIV_H

#include "lib/graph/match_priv.h"

typedef enum {
    KIND_RESOURCE, // the vertex is one of the wishes
    KIND_SLOT,     // slots can be made right below it
    KIND_ABOVE,    // it is not named, and nothing above it was: look below
    KIND_NONE,
} match_kind_t;

struct found {
    const struct want *resource; // the wish that the vertex is, or NULL
    const struct want *slots;    // the slot, or the list of alternative ones
    uint32_t nslots;             // most slots wanted
    const struct want *next;     // what to look for below
};

/* How many of w are looked for: where it matters only whether it can be had, the least; but what
 * each slot takes follows from all there is. */
static inline uint32_t walk_wanted (const struct matcher *m, const struct want *w)
{
    bool in_slot = w->r->parent && w->r->parent->kind != REQUEST_RESOURCE;
    bool least = m->satisfy && !in_slot && !(m->flags & MATCHER_EXACT_TIES);
    return least ? w->r->count.min : request_count_max (&w->r->count);
}

/* Put v, which fits one of the list, into a bag; -1 with ENOMEM in m->error. */
int walk_add_found (struct matcher *m, struct bag *b, uint32_t v, const struct want *list,
                    int64_t score, uint32_t avail, bool exclusive);
/* `order`: in which what is found will be chosen from. */
void walk_explore (struct matcher *m, uint32_t u, const struct want *list, bool pristine,
                   bool exclusive, struct bag *b, uint32_t multiplier, order_t order);
/* Make slots from what lies right below u; they go into b. top: they are chosen from with those of
 * all other places. */
void walk_slots (struct matcher *m, uint32_t u, const struct want *slots, uint32_t nslots, bool top,
                 struct bag *b);

/* Where the next slot takes from one type. */
struct slot_cursor {
    struct evals *ev;
    uint32_t count; // units per slot
    uint32_t at;    // group
    uint32_t used;  // units of it given out already, of a divisible pool
};
enum { SLOT_MAX_TYPES = 64 };

uint32_t slot_fit (const struct want *w, uint64_t qualified);
/* One slot from n types into b; -1 when one has run out, or ENOMEM in m->error. */
int slot_take (struct matcher *m, struct slot_cursor **c, uint32_t n, struct bag *b);

/* ---- fast_scored.c: the best of many by scores that are known before they are visited. The heap
 * is a stack of them: one begins at `base`, what m->nscored was before. ---- */
int scored_add (struct matcher *m, uint32_t v, int64_t above); // ENOMEM in m->error, too
void scored_order (struct matcher *m, uint32_t base);
uint32_t scored_take (struct matcher *m, uint32_t base); // GRAPH_NONE: none is left
/* By its numbers v may fit. */
bool scored_may_fit (const struct matcher *m, uint32_t v, const struct want *w);

/* ---- flexible.c: slots that are alternatives ---- */
/* What any of them holds, each type once with its greatest least count, in all[]. */
const struct want *slots_union (const struct want *slots, struct want *all);
/* As many slots as can be made, of whichever kind. */
void flexible_slots (struct matcher *m, const struct want *slots, struct bag *found, struct bag *b);

#endif /* !FLUX_GRAPH_WALK_PRIV_H */
