/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/disconnect.h>
#include <flux/response.h>

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
