/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Whether a request may end what another one began (RFC 6). Routes alone don't tell: the sender has
 * made the first one, and a guest could write that of another client there. */

#include <flux/disconnect.h>

bool flux_disconnect_match (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    uint32_t userid;

    return flux_msg_route_match_first (msg1, msg2) && flux_msg_get_userid (msg2, &userid) == 0 &&
           flux_msg_authorize (msg1, userid) == 0;
}

bool flux_cancel_match (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    uint32_t tag;
    int want;

    return flux_disconnect_match (msg1, msg2) &&
           flux_msg_unpack (msg1, "{s:i}", "matchtag", &want) == 0 &&
           flux_msg_get_matchtag (msg2, &tag) == 0 && tag == (uint32_t)want;
}
