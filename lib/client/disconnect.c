/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/disconnect.h>
#include <flux/response.h>

/* msg1 may speak for the sender of msg2: it comes the same way, from the same user or the owner. */
static bool same_sender (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    uint32_t userid;

    return flux_msg_route_match_first (msg1, msg2) && flux_msg_get_userid (msg2, &userid) == 0 &&
           flux_msg_authorize (msg1, userid) == 0;
}

bool flux_disconnect_match (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    return same_sender (msg1, msg2);
}

int flux_msglist_disconnect (struct flux_msglist *l, const flux_msg_t *msg)
{
    const flux_msg_t *m;
    int count = 0;

    for (m = flux_msglist_first (l); m; m = flux_msglist_next (l)) {
        if (flux_disconnect_match (msg, m)) {
            flux_msglist_delete (l);
            count++;
        }
    }
    return count;
}

bool flux_cancel_match (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    uint32_t tag;
    int want;

    return flux_msg_unpack (msg1, "{s:i}", "matchtag", &want) == 0 &&
           flux_msg_get_matchtag (msg2, &tag) == 0 && tag == (uint32_t)want &&
           same_sender (msg1, msg2);
}

int flux_msglist_cancel (flux_t *h, struct flux_msglist *l, const flux_msg_t *msg)
{
    const flux_msg_t *m;

    for (m = flux_msglist_first (l); m; m = flux_msglist_next (l)) {
        if (flux_cancel_match (msg, m)) {
            if (flux_respond_error (h, m, ENODATA, NULL) < 0)
                return -1;
            flux_msglist_delete (l);
            return 1;
        }
    }
    return 0;
}
