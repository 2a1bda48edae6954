/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Marks devices in gres_node_state_t: the bitmap, the count, and the counts of the groups of
 * devices that gres.conf makes (by type, by cores, by links). */

#include "select_graph/devices.h"

struct marked {
    gres_node_state_t *gres;
    bitstr_t *bits;
};

struct devices {
    const struct site *site;
    const struct site_devices *chosen; // of the node at hand
    size_t nchosen;
    struct marked *list;
    size_t n, room;
};

/* Those of the node that are chosen; NULL: none is of this kind. */
static bitstr_t *chosen_of (const struct devices *d, int gres, int64_t size)
{
    bitstr_t *bits = NULL;

    for (size_t i = 0; i < d->nchosen; i++) {
        const struct site_devices *c = &d->chosen[i];

        if (c->gres != gres || c->first + c->count > size)
            continue;
        if (!bits)
            bits = bit_alloc (size);
        bit_nset (bits, c->first, c->first + c->count - 1);
    }
    return bits;
}

/* Add the marks to what others have, or take them away. */
static void mark (const struct marked *m, bool add)
{
    gres_node_state_t *g = m->gres;
    uint64_t n = bit_set_count (m->bits);

    if (add)
        bit_or (g->gres_bit_alloc, m->bits);
    else
        bit_and_not (g->gres_bit_alloc, m->bits);
    g->gres_cnt_alloc += add ? n : -n;
    for (int i = 0; i < g->topo_cnt; i++) {
        if (!g->topo_gres_bitmap || !g->topo_gres_bitmap[i] || !g->topo_gres_cnt_alloc)
            continue;
        n = bit_overlap (g->topo_gres_bitmap[i], m->bits);
        g->topo_gres_cnt_alloc[i] += add ? n : -n;
    }
}

static int keep_one (void *x, void *arg)
{
    const gres_state_t *state = x;
    gres_node_state_t *g = state->gres_data;
    struct devices *d = arg;
    int number = state->gres_name ? site_gres_number (d->site, state->gres_name) : -1;
    struct marked m = {.gres = g};
    bitstr_t *chosen;

    if (number < 0 || !g || !g->gres_bit_alloc ||
        !(chosen = chosen_of (d, number, bit_size (g->gres_bit_alloc))))
        return 0;
    m.bits = bit_alloc (bit_size (g->gres_bit_alloc));
    bit_nset (m.bits, 0, bit_size (m.bits) - 1);
    bit_and_not (m.bits, chosen);
    bit_and_not (m.bits, g->gres_bit_alloc);
    FREE_NULL_BITMAP (chosen);
    if (d->n == d->room) {
        d->room = d->room ? 2 * d->room : 16;
        xrecalloc (d->list, d->room, sizeof (*d->list));
    }
    mark (&m, true);
    d->list[d->n++] = m;
    return 0;
}

struct devices *devices_keep (const struct site *site, const struct site_devices *list, size_t n)
{
    struct devices *d = n > 0 ? xmalloc (sizeof (*d)) : NULL;

    for (size_t i = 0; i < n; i += d->nchosen) {
        node_record_t *node = node_record_table_ptr[list[i].node];

        d->site = site;
        d->chosen = &list[i];
        d->nchosen = 1;
        while (i + d->nchosen < n && list[i + d->nchosen].node == list[i].node)
            d->nchosen++;
        if (node && node->gres_list)
            list_for_each (node->gres_list, keep_one, d);
    }
    return d;
}

void devices_give_back (struct devices *d)
{
    for (size_t i = 0; d && i < d->n; i++) {
        mark (&d->list[i], false);
        FREE_NULL_BITMAP (d->list[i].bits);
    }
    if (d)
        xfree (d->list);
    xfree (d);
}
