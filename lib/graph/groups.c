/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Candidates: lists by type, their order, and the choice of the best of them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"

void *match_room (void *list, uint32_t *room, uint32_t n, size_t size)
{
    if (list && n <= *room)
        return list;
    uint32_t more = *room ? *room : 16;
    while (more < n)
        more *= 2;
    void *p = realloc (list, more * size);
    if (p)
        *room = more;
    return p;
}

struct evals *bag_find (const struct bag *b, uint32_t type)
{
    struct evals *ev = b->first;
    while (ev && ev->type != type)
        ev = ev->next;
    return ev;
}

static struct evals *bag_make (struct matcher *m, struct bag *b, uint32_t type)
{
    struct evals *ev = m->free_evals;
    if (ev)
        m->free_evals = ev->next;
    else if (!(ev = calloc (1, sizeof (*ev))))
        return NULL;
    ev->type = type;
    ev->n = ev->chosen = 0;
    ev->qualified = ev->total = 0;
    ev->next = b->first;
    b->first = ev;
    return ev;
}

int bag_add (struct matcher *m, struct bag *b, uint32_t type, const struct group *grp)
{
    struct evals *ev = bag_find (b, type);
    if (!ev && !(ev = bag_make (m, b, type)))
        return -1;
    if (ev->n == ev->room) {
        struct group *list = match_room (ev->group, &ev->room, ev->n + 1, sizeof (*list));
        if (!list)
            return -1;
        ev->group = list;
    }
    ev->group[ev->n++] = *grp;
    ev->total += grp->count;
    if (grp->score > MATCH_UNMET)
        ev->qualified += grp->count;
    return 0;
}

static void evals_free (struct matcher *m, struct evals *ev)
{
    ev->next = m->free_evals;
    m->free_evals = ev;
}

void bag_clear (struct matcher *m, struct bag *b)
{
    while (b->first) {
        struct evals *ev = b->first;
        b->first = ev->next;
        evals_free (m, ev);
    }
}

void bag_merge (struct matcher *m, struct bag *to, struct bag *from)
{
    while (from->first) {
        struct evals *ev = from->first;
        struct evals *into = bag_find (to, ev->type);
        from->first = ev->next;
        if (!into) {
            ev->next = to->first;
            to->first = ev;
            continue;
        }
        struct group *list = match_room (into->group, &into->room, into->n + ev->n, sizeof (*list));
        if (list) {
            into->group = list;
            memcpy (list + into->n, ev->group, ev->n * sizeof (*list));
            into->n += ev->n;
            into->total += ev->total;
            into->qualified += ev->qualified;
        } else
            m->error = ENOMEM;
        evals_free (m, ev);
    }
}

int edge_add (struct matcher *m, uint32_t vertex, uint32_t count, uint32_t request, bool exclusive)
{
    if (m->nedge == m->edge_room) {
        struct edge *list = match_room (m->edge, &m->edge_room, m->nedge + 1, sizeof (*list));
        if (!list)
            return -1;
        m->edge = list;
    }
    m->edge[m->nedge] =
        (struct edge){.vertex = vertex, .count = count, .request = request, .exclusive = exclusive};
    return m->nedge++;
}

/* ---- Sorting. Keys only; `desc` flips. ---- */
static inline bool before (const struct group *a, const struct group *b, bool desc)
{
    return desc ? a->key > b->key : a->key < b->key;
}

static void swap_groups (struct group *a, struct group *b)
{
    struct group t = *a;
    *a = *b;
    *b = t;
}

static void insert_down (struct group *at, struct group *first, bool desc)
{
    struct group x = *at;
    while (at > first && before (&x, at - 1, desc)) {
        *at = at[-1];
        at--;
    }
    *at = x;
}

/* Median of a, b, c to `to`. */
static void median_to (struct group *to, struct group *a, struct group *b, struct group *c,
                       bool desc)
{
    if (before (a, b, desc))
        swap_groups (to, before (b, c, desc) ? b : before (a, c, desc) ? c : a);
    else
        swap_groups (to, before (a, c, desc) ? a : before (b, c, desc) ? c : b);
}

/* The quicksort of C++ libraries: it decides how equal scores end up in Fluxion's results, so
 * its steps are followed, save for the heap sort it would fall back to on hostile input. */
static void quick_loop (struct group *first, struct group *last, bool desc)
{
    while (last - first > 16) {
        struct group *lo = first + 1, *hi = last;
        median_to (first, first + 1, first + (last - first) / 2, last - 1, desc);
        for (;; lo++) {
            while (before (lo, first, desc))
                lo++;
            hi--;
            while (before (first, hi, desc))
                hi--;
            if (lo >= hi)
                break;
            swap_groups (lo, hi);
        }
        quick_loop (lo, last, desc);
        last = lo;
    }
}

static void sort_exact (struct group *grp, uint32_t n, bool desc)
{
    quick_loop (grp, grp + n, desc);
    for (uint32_t i = 1; i < n; i++)
        insert_down (grp + i, grp, desc);
}

/* Stable, bottom up, through as many spare groups. */
static void sort_stable (struct group *grp, struct group *spare, uint32_t n, bool desc)
{
    enum { RUN = 16 };
    for (uint32_t i = 0; i < n; i += RUN)
        for (uint32_t k = i + 1; k < i + RUN && k < n; k++)
            insert_down (grp + k, grp + i, desc);
    for (uint64_t w = RUN; w < n; w *= 2) {
        for (uint64_t i = 0; i < n; i += 2 * w) {
            uint64_t a = i, mid = i + w < n ? i + w : n, end = i + 2 * w < n ? i + 2 * w : n;
            uint64_t b = mid, to = i;
            while (a < mid && b < end)
                spare[to++] = before (&grp[b], &grp[a], desc) ? grp[b++] : grp[a++];
            while (a < mid)
                spare[to++] = grp[a++];
            while (b < end)
                spare[to++] = grp[b++];
        }
        memcpy (grp, spare, n * sizeof (*grp));
    }
}

int groups_sort (struct matcher *m, struct group *grp, uint32_t n, bool descending)
{
    if (m->flags & MATCHER_EXACT_TIES) {
        sort_exact (grp, n, descending);
        return 0;
    }
    bool sorted = true, reversed = true;
    for (uint32_t i = 1; i < n && (sorted || reversed); i++) {
        sorted = sorted && !before (&grp[i], &grp[i - 1], descending);
        reversed = reversed && before (&grp[i], &grp[i - 1], descending);
    }
    if (sorted)
        return 0;
    if (reversed) {
        for (uint32_t i = 0; i < n / 2; i++)
            swap_groups (&grp[i], &grp[n - 1 - i]);
        return 0;
    }
    struct group *spare = match_room (m->sort_space, &m->sort_room, n, sizeof (*spare));
    if (!spare)
        return -1;
    m->sort_space = spare;
    sort_stable (grp, spare, n, descending);
    return 0;
}

static void sift_down (int64_t *a, uint32_t i, uint32_t n)
{
    int64_t x = a[i];
    for (uint32_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && a[c + 1] > a[c])
            c++;
        if (a[c] <= x)
            break;
        a[i] = a[c];
    }
    a[i] = x;
}

static void sort_scores (int64_t *a, uint32_t n)
{
    bool sorted = true;
    for (uint32_t i = 1; i < n && sorted; i++)
        sorted = a[i - 1] <= a[i];
    if (sorted)
        return;
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down (a, i, n);
    for (uint32_t end = n; end-- > 1;) {
        int64_t x = a[0];
        a[0] = a[end];
        a[end] = x;
        sift_down (a, 0, end);
    }
}

/* The first of the run of consecutive scores that `score` is in; start[i] is that of a[i]. */
static int64_t find_run (const int64_t *a, const int64_t *start, uint32_t n, int64_t score)
{
    uint32_t lo = 0, hi = n - 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (a[mid] < score)
            lo = mid + 1;
        else
            hi = mid;
    }
    return start[lo];
}

/* Give each group as key the start of the run of consecutive scores it is in. */
static int set_runs (struct matcher *m, struct evals *ev)
{
    int64_t *a = match_room (m->run_space, &m->run_room, 2 * ev->n, sizeof (*a));
    if (!a)
        return -1;
    m->run_space = a;
    int64_t *start = a + ev->n;
    for (uint32_t i = 0; i < ev->n; i++)
        a[i] = ev->group[i].score;
    sort_scores (a, ev->n);
    for (uint32_t i = 0; i < ev->n; i++)
        start[i] = i > 0 && a[i] - a[i - 1] <= 1 ? start[i - 1] : a[i];
    for (uint32_t i = 0; i < ev->n; i++)
        ev->group[i].key = find_run (a, start, ev->n, ev->group[i].score);
    return 0;
}

int evals_sort (struct matcher *m, struct evals *ev, order_t order)
{
    if (order == ORDER_RUN) {
        if (ev->n && set_runs (m, ev) < 0)
            return -1;
    } else
        for (uint32_t i = 0; i < ev->n; i++)
            ev->group[i].key = ev->group[i].score;
    return groups_sort (m, ev->group, ev->n, order != ORDER_LOW);
}

void arrangement_sort (struct arrangement *a)
{
    sort_stable (a->group, a->spare, a->n, false);
}

static int arrange (struct matcher *m, struct evals *ev, uint32_t k)
{
    struct group *spare = match_room (m->sort_space, &m->sort_room, ev->n, sizeof (*spare));
    if (!spare)
        return -1;
    m->sort_space = spare;
    struct arrangement a = {.g = m->g,
                            .policy = m->policy,
                            .group = ev->group,
                            .n = ev->n,
                            .edges = m->edge,
                            .k = k,
                            .satisfy = m->satisfy,
                            .charges = &m->charges,
                            .spare = spare};
    if (m->policy->ops->arrange (&a) < 0)
        return -1;
    ev->n = a.n;
    ev->qualified = 0;
    for (uint32_t i = 0; i < ev->n; i++)
        ev->qualified += ev->group[i].count;
    return 0;
}

static void choose (struct evals *ev, struct bag *b, uint32_t k)
{
    int64_t left = k;
    for (ev->chosen = 0; left > 0 && ev->chosen < ev->n; ev->chosen++) {
        struct group *grp = &ev->group[ev->chosen];
        grp->needs = left < grp->count ? (uint32_t)left : grp->count;
        left -= grp->count;
    }
    b->constrained = true;
}

static uint32_t fit (const struct request_count *c, const struct evals *ev)
{
    return request_count_fit (c, ev->qualified < UINT32_MAX ? ev->qualified : UINT32_MAX);
}

int evals_choose (struct matcher *m, struct bag *b, uint32_t type, const struct request_count *c,
                  order_t order, bool top)
{
    struct evals *ev = bag_find (b, type);
    uint32_t k = ev ? fit (c, ev) : 0;
    if (k == 0)
        return -1;
    if (evals_sort (m, ev, order) < 0)
        goto nomem;
    /* what is left out may leave less to choose from: then once more for the lesser count */
    for (uint32_t less = k; top && m->policy->ops->arrange; k = less) {
        if (arrange (m, ev, k) < 0) {
            m->error = errno;
            return -1;
        }
        if ((less = fit (c, ev)) == 0)
            return -1;
        if (less >= k)
            break;
    }
    choose (ev, b, k);
    return 0;
nomem:
    m->error = ENOMEM;
    return -1;
}
