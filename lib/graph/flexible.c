/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Slots side by side that are alternatives: how many of each kind make the most slots of what is
 * there. Exact, by trying each kind in turn and remembering what is left behind; past a limit the
 * rest is taken greedily. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/walk_priv.h"

enum {
    MAX_STATES = 1 << 13,
    MAX_DEPTH = 4096,
    MAX_KINDS = 32,
    MAX_TYPES = 16,
};

struct state {
    uint64_t left[MAX_TYPES];
    uint32_t score; // most slots from here
    uint32_t stamp; // of the plan that knows it
    uint8_t kind;   // of the first of them
};

struct plan {
    const struct want *kind[MAX_KINDS];
    uint32_t nkinds;
    uint32_t type[MAX_TYPES];
    struct slot_cursor cursor[MAX_TYPES];
    uint32_t ntypes;
    struct state *table;
    uint32_t nstates, stamp;
};

const struct want *slots_union (const struct want *slots, struct want *all)
{
    uint32_t n = 0;
    for (const struct want *s = slots; s; s = s->next)
        for (const struct want *w = s->kind == REQUEST_SLOT ? s->with : NULL; w; w = w->next) {
            uint32_t i = 0;
            while (i < n && all[i].type != w->type)
                i++;
            if (i == SLOT_MAX_TYPES)
                continue;
            if (i == n || all[i].r->count.min < w->r->count.min)
                all[i] = *w;
            n += i == n;
        }
    for (uint32_t i = 0; i < n; i++)
        all[i].next = i + 1 < n ? &all[i + 1] : NULL;
    return n ? all : NULL;
}

static uint32_t type_index (const struct plan *p, uint32_t type)
{
    uint32_t i = 0;
    while (i < p->ntypes && p->type[i] != type)
        i++;
    return i;
}

static struct state *find_state (struct plan *p, const uint64_t *left)
{
    uint64_t h = 0;
    for (uint32_t i = 0; i < p->ntypes; i++)
        h = (h ^ left[i]) * UINT64_C (0x9e3779b97f4a7c15);
    for (uint32_t i = (uint32_t)(h >> 40);; i++) {
        struct state *s = &p->table[i & (2 * MAX_STATES - 1)];
        if (s->stamp != p->stamp || !memcmp (s->left, left, p->ntypes * sizeof (*left)))
            return s;
    }
}

/* What is left after one slot of a kind; false when there is not enough for it. */
static bool take (const struct plan *p, const struct want *kind, uint64_t *left)
{
    for (const struct want *w = kind->with; w; w = w->next) {
        uint32_t i = type_index (p, w->type);
        uint32_t count = i < p->ntypes ? slot_fit (w, left[i]) : 0;
        if (count == 0)
            return false;
        left[i] -= count;
    }
    return true;
}

/* The most slots that can be made of what is left. */
static uint32_t solve (struct plan *p, const uint64_t *left, uint32_t depth)
{
    struct state *s = find_state (p, left);
    if (s->stamp == p->stamp)
        return s->score;
    if (p->nstates == MAX_STATES || depth == MAX_DEPTH)
        return 0;
    p->nstates++;
    s->stamp = p->stamp;
    s->score = 0;
    memcpy (s->left, left, p->ntypes * sizeof (*left));
    for (uint32_t k = 0; k < p->nkinds; k++) {
        uint64_t after[MAX_TYPES];
        memcpy (after, left, sizeof (after));
        if (!take (p, p->kind[k], after))
            continue;
        uint32_t score = 1 + solve (p, after, depth + 1);
        if (score > s->score) {
            s->score = score;
            s->kind = k;
        }
    }
    return s->score;
}

/* A table for all matches to come; what another plan has left in it does not count. */
static int take_table (struct matcher *m, struct plan *p)
{
    if (!m->state && !(m->state = calloc (2 * MAX_STATES, sizeof (*m->state))))
        return -1;
    if (++m->state_stamp == 0) {
        memset (m->state, 0, 2 * MAX_STATES * sizeof (*m->state));
        m->state_stamp = 1;
    }
    p->table = m->state;
    p->stamp = m->state_stamp;
    return 0;
}

static void set_up (struct plan *p, const struct want *slots, struct bag *found, uint64_t *left)
{
    for (const struct want *s = slots; s && p->nkinds < MAX_KINDS; s = s->next) {
        if (s->kind != REQUEST_SLOT)
            continue;
        p->kind[p->nkinds++] = s;
        for (const struct want *w = s->with; w; w = w->next) {
            struct evals *ev = bag_find (found, w->type);
            if (!ev || type_index (p, w->type) < p->ntypes || p->ntypes == MAX_TYPES)
                continue;
            left[p->ntypes] = ev->qualified;
            p->cursor[p->ntypes] = (struct slot_cursor){.ev = ev};
            p->type[p->ntypes++] = w->type;
        }
    }
}

static int make_one (struct matcher *m, struct plan *p, const struct want *kind, struct bag *b)
{
    struct slot_cursor *list[MAX_TYPES];
    uint32_t n = 0;
    for (const struct want *w = kind->with; w && n < MAX_TYPES; w = w->next) {
        struct slot_cursor *c = &p->cursor[type_index (p, w->type)];
        c->count = slot_fit (w, c->ev->qualified);
        list[n++] = c;
    }
    return slot_take (m, list, n, b);
}

void flexible_slots (struct matcher *m, const struct want *slots, struct bag *found, struct bag *b)
{
    struct plan p = {.nkinds = 0};
    uint64_t left[MAX_TYPES] = {0};
    if (take_table (m, &p) < 0) {
        m->error = ENOMEM;
        return;
    }
    set_up (&p, slots, found, left);
    solve (&p, left, 0);
    for (;;) {
        struct state *s = find_state (&p, left);
        if (s->stamp != p.stamp || s->score == 0 || make_one (m, &p, p.kind[s->kind], b) < 0)
            break;
        take (&p, p.kind[s->kind], left);
    }
}
