/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/request.h>

#include "shell/broker/router_overlay.h"
#include "testsuite/unit/service/group_rig.h"

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct fixture *f = arg;
    f->up[f->nup++] = flux_msg_incref (msg);
    return 0;
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    return send_parent (arg, msg); // of rank 0, which has none
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct fixture *f = arg;
    f->responses[f->nresponses++] = flux_msg_incref (msg);
    return 0;
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    return 0;
}

/* Rank 1 of 8 in a binary tree: 3 and 4 are its children, 7 is below 3. Rank 0 has all. */
static int child_route (void *arg, uint32_t dst)
{
    struct fixture *f = arg;

    if (router_rank (f->rt) == 0)
        return dst;
    return dst == 3 || dst == 7 ? 3 : dst == 4 ? 4 : -1;
}

static const struct router_overlay_ops ops = {send_parent, send_child,  respond,
                                              broadcast,   child_route, NULL};

void rig_turn (struct fixture *f)
{
    for (int i = 0; i < 8; i++)
        ev_run (f->loop, EVRUN_NOWAIT);
}

static int setup (void **state, uint32_t rank, uint32_t size)
{
    struct fixture *f = calloc (1, sizeof (*f));

    f->loop = ev_loop_new (0);
    f->rt = router_create (f->loop, rank, size, getuid ());
    if (size > 1)
        router_set_overlay (f->rt, &ops, f);
    f->groups = group_service_create (f->rt);
    assert_non_null (f->groups);
    *state = f;
    return 0;
}

int rig_setup_root (void **state)
{
    return setup (state, 0, 1);
}

int rig_setup_inner (void **state)
{
    return setup (state, 1, 8);
}

int rig_setup_tree_root (void **state)
{
    return setup (state, 0, 8);
}

int rig_teardown (void **state)
{
    struct fixture *f = *state;

    group_service_destroy (f->groups);
    router_destroy (f->rt);
    for (int i = 0; i < f->nup; i++)
        flux_msg_decref (f->up[i]);
    for (int i = 0; i < f->nresponses; i++)
        flux_msg_decref (f->responses[i]);
    ev_loop_destroy (f->loop);
    free (f);
    return 0;
}

flux_msg_t *rig_reduce (int op, uint32_t seq, const char *have, const char *need, int64_t value)
{
    struct group_frame f = {.op = op, .uid = getuid (), .seq = seq};
    flux_msg_t *msg = flux_request_encode ("group.reduce", NULL);
    struct buf b = {0}, parts = {0};
    unsigned char v[8];

    strcpy (f.name, "g");
    f.have = idset_decode (have);
    f.need = need ? idset_decode (need) : NULL;
    group_put_u64 (v, value);
    if (op != GROUP_BARRIER) {
        group_part_put (&parts, idset_first (f.have), v, 8);
        f.nparts = 1;
        f.parts = parts.data;
        f.parts_len = parts.len;
    }
    group_frame_encode (&f, &b);
    flux_msg_set_payload (msg, b.data, b.len);
    flux_msg_set_matchtag (msg, 7);
    group_frame_clear (&f);
    buf_clear (&b);
    buf_clear (&parts);
    return msg;
}

int rig_result (const flux_msg_t *msg, const char *have)
{
    struct group_frame f;
    const void *data;
    size_t len;

    assert_int_equal (flux_msg_get_payload (msg, &data, &len), 0);
    assert_int_equal (group_frame_decode (&f, data, len), 0);
    char *s = idset_encode (f.have, IDSET_FLAG_RANGE);
    if (have)
        assert_string_equal (s, have);
    int errnum = f.errnum;
    free (s);
    group_frame_clear (&f);
    return errnum;
}
