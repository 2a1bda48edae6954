/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Another connection in place of one that broke. The broker knows nothing of the old one's requests
 * then: with FLUX_O_RPCTRACK those who wait are told so, by responses that look like the broker's.
 */

#include <errno.h>
#include <flux/msglist.h>
#include <flux/response.h>

#include "lib/client/handle_private.h"
#include "lib/client/handle_struct.h"
#include "lib/client/tags.h"
#include "lib/util/fail.h"

static int add_lost (flux_t *h, uint32_t tag)
{
    flux_msg_t *msg =
        flux_response_encode_error ("disconnect", ECONNRESET, "the connection to the broker broke");
    int rc = -1;

    if (msg && flux_msg_set_matchtag (msg, tag) == 0)
        rc = flux_msglist_append (h->lost, msg);
    flux_msg_destroy (msg);
    return rc;
}

static int fail_open_rpcs (flux_t *h)
{
    if (!h->lost && !(h->lost = flux_msglist_create ()))
        return -1;
    for (uint32_t tag = tags_next (h->tags, 0); tag > 0; tag = tags_next (h->tags, tag))
        if (add_lost (h, tag) < 0)
            return -1;
    if (flux_msglist_count (h->lost) > 0)
        handle_ring (h);
    return 0;
}

int flux_reconnect (flux_t *h)
{
    if (!h)
        return fail (EINVAL);
    h = h->root;
    if (!h->ops || !h->ops->reconnect)
        return fail (ENOSYS);
    if (h->ops->reconnect (h->impl) < 0)
        return -1;
    if (h->pollfd >= 0 && handle_poll_connector (h) < 0)
        return -1;
    return h->flags & FLUX_O_RPCTRACK ? fail_open_rpcs (h) : 0;
}
