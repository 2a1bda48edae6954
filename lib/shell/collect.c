/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collective operations of the job's shells: everybody's data to everybody. The brokers join it on
 * its way up the tree (group.reduce, see flux-group-protocol(7)) and look for other ways when a
 * link is lost. */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/shell/peers_private.h"

/* Ends it; frame is NULL when it failed. */
static void collect_end (struct collect *c, const struct group_frame *frame)
{
    peers_collect_f cb = c->cb;
    void *arg = c->arg;

    LL_DELETE (c->peers->collects, c);
    free (c);
    cb (arg, frame ? frame->parts : NULL, frame ? frame->parts_len : 0, frame != NULL);
}

static void collect_cb (struct link *link, const flux_msg_t *response, void *arg)
{
    struct group_frame f;
    const void *data = NULL;
    size_t len = 0;
    int errnum = 0;

    if (!response || flux_msg_get_errnum (response, &errnum) < 0 || errnum ||
        flux_msg_get_payload (response, &data, &len) < 0 ||
        group_frame_decode (&f, data, len) < 0) {
        collect_end (arg, NULL);
        return;
    }
    collect_end (arg, f.errnum ? NULL : &f);
    group_frame_clear (&f);
}

static struct idset *all_brokers (const struct shell_info *info)
{
    struct idset *set = idset_create (0, IDSET_FLAG_AUTOGROW);
    json_t *ranks = json_object_get (info->request, "ranks"), *rank;
    size_t index;

    json_array_foreach (ranks, index, rank)
    {
        if (set && idset_set (set, json_integer_value (rank)) < 0) {
            idset_destroy (set);
            return NULL;
        }
    }
    return set;
}

static int send_contribution (struct collect *c, struct group_frame *f)
{
    struct peers *p = c->peers;
    struct buf b = {0};
    int rc = -1;

    f->have = idset_create (0, IDSET_FLAG_AUTOGROW);
    f->need = all_brokers (p->info);
    snprintf (f->name, sizeof (f->name), "%s", p->info->id_plain);
    if (f->have && f->need && idset_set (f->have, p->info->broker_rank) == 0) {
        group_frame_encode (f, &b);
        rc = link_rpc_data (p->link, "group.reduce", FLUX_NODEID_ANY, &b, collect_cb, c);
    }
    group_frame_clear (f);
    return rc;
}

void peers_collect (struct peers *p, struct buf *data, peers_collect_f cb, void *arg)
{
    struct group_frame f = {.op = GROUP_GATHER, .seq = p->seq++};
    struct collect *c = calloc (1, sizeof (*c));
    struct buf parts = {0};

    if (data && data->len > 0) {
        group_part_put (&parts, p->info->broker_rank, data->data, data->len);
        f.nparts = 1;
        f.parts = parts.data;
        f.parts_len = parts.len;
    }
    if (!c || parts.err || (data && data->err)) {
        free (c);
        cb (arg, NULL, 0, false);
    } else {
        *c = (struct collect){cb, arg, p, NULL};
        LL_APPEND (p->collects, c);
        if (p->info->nshells == 1)
            collect_end (c, &f);
        else if (send_contribution (c, &f) < 0)
            collect_end (c, NULL);
    }
    buf_clear (&parts);
    if (data)
        buf_clear (data);
}
