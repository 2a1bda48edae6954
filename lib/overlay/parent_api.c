/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Connect to a parent, to another one, or leave. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"

static int set_candidate (struct overlay *ov, uint32_t rank, const char *uri, const char *key)
{
    struct parent *p = &ov->parent;
    struct ancestor a = {.rank = rank, .uri = strdup (uri), .key = strdup (key)}, *list;

    list = realloc (p->ancestors, (size_t)(p->ancestor_count + 1) * sizeof (*list));
    if (list)
        p->ancestors = list;
    if (!list || !a.uri || !a.key) {
        free (a.uri);
        free (a.key);
        errno = ENOMEM;
        return -1;
    }
    memmove (list + 1, list, (size_t)p->ancestor_count * sizeof (*list));
    list[0] = a;
    p->ancestor_count++;
    return 0;
}

static int check_parent (struct overlay *ov, uint32_t rank, const char *uri, const char *key,
                         flux_error_t *errp)
{
    unsigned char bin[32];
    bool ipc = ov_uri_is_ipc (uri);

    errno = EINVAL;
    if (!*ov->instance)
        return errprintf (errp, "a broker needs the id of its instance");
    if (!ov->zl || !topology_is_below (ov->topo, ov->rank, rank))
        return errprintf (errp, "rank %u is no ancestor of rank %u in topology %s", rank, ov->rank,
                          topology_uri (ov->topo));
    if (strlen (uri) > OVERLAY_URI_MAX || (!ipc && strncmp (uri, "tcp://", 6) != 0))
        return errprintf (errp, "%s: neither tcp:// nor ipc://", uri);
    if (!ipc && (!key || strlen (key) != OVERLAY_KEY_SIZE - 1 || !zmq_z85_decode (bin, key)))
        return errprintf (errp, "the parent's key is not a CURVE key");
    return 0;
}

int overlay_connect_parent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                            const char *parent_pubkey, flux_error_t *errp)
{
    struct parent *p = &ov->parent;

    if (check_parent (ov, parent_rank, uri, parent_pubkey, errp) < 0)
        return -1;
    if (p->state != PARENT_NONE && p->state != PARENT_GONE)
        return errprintf (errp, "there is a parent already");
    if (set_candidate (ov, parent_rank, uri, ov_uri_is_ipc (uri) ? "-" : parent_pubkey) < 0)
        return errprintf (errp, "out of memory");
    heal_start (&p->heal, 1, ov_now (ov), ov->connect_timeout > 0 ? ov->connect_timeout : 86400,
                ov->connect_timeout > 0 ? ov->connect_timeout : 86400, 86400);
    parent_next_try (ov, ETIMEDOUT, "no time to connect");
    return 0;
}

int overlay_reparent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                      const char *parent_pubkey, flux_error_t *errp)
{
    struct parent *p = &ov->parent;

    if (p->state == PARENT_NONE || p->state == PARENT_GONE)
        return overlay_connect_parent (ov, parent_rank, uri, parent_pubkey, errp);
    if (check_parent (ov, parent_rank, uri, parent_pubkey, errp) < 0)
        return -1;
    if (set_candidate (ov, parent_rank, uri, ov_uri_is_ipc (uri) ? "-" : parent_pubkey) < 0)
        return errprintf (errp, "out of memory");
    p->current++; // it moved
    p->move++;
    zloop_defer (ov->zl);
    return 0;
}

int overlay_goodbye (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    flux_msg_t *msg;

    if (p->state == PARENT_GONE) {
        errno = EHOSTUNREACH;
        return -1;
    }
    if (p->state == PARENT_UP && (msg = ov_control (CONTROL_STATUS, OVERLAY_OFFLINE))) {
        parent_send (ov, msg);
        flux_msg_destroy (msg);
        parent_set_timer (ov, OVERLAY_GOODBYE_TIME);
    } else
        parent_set_timer (ov, 0.);
    p->state = PARENT_LEAVING;
    return 0;
}
