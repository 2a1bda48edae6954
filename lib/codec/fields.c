/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The fields of the PROTO part, which mean different things in different types of message. */

#include <errno.h>

#include "lib/codec/msg.h"
#include "lib/util/fail.h"

#define MATCHTAG_TYPES (FLUX_MSGTYPE_REQUEST | FLUX_MSGTYPE_RESPONSE)

static int set_field (flux_msg_t *msg, int types, size_t offset, uint32_t val)
{
    if (!msg || !(msg->type & types))
        return fail (EINVAL);
    *(uint32_t *)((char *)msg + offset) = val;
    return 0;
}

static int get_field (const flux_msg_t *msg, int types, size_t offset, void *val)
{
    if (!msg)
        return fail (EINVAL);
    if (!(msg->type & types))
        return fail (EPROTO);
    if (val)
        *(uint32_t *)val = *(const uint32_t *)((const char *)msg + offset);
    return 0;
}

#define SET(msg, types, field, val) set_field (msg, types, offsetof (struct flux_msg, field), val)
#define GET(msg, types, field, val) get_field (msg, types, offsetof (struct flux_msg, field), val)

int flux_msg_set_userid (flux_msg_t *msg, uint32_t userid)
{
    return SET (msg, FLUX_MSGTYPE_ANY, userid, userid);
}

int flux_msg_get_userid (const flux_msg_t *msg, uint32_t *userid)
{
    return GET (msg, FLUX_MSGTYPE_ANY, userid, userid);
}

int flux_msg_set_rolemask (flux_msg_t *msg, uint32_t rolemask)
{
    return SET (msg, FLUX_MSGTYPE_ANY, rolemask, rolemask);
}

int flux_msg_get_rolemask (const flux_msg_t *msg, uint32_t *rolemask)
{
    return GET (msg, FLUX_MSGTYPE_ANY, rolemask, rolemask);
}

int flux_msg_set_cred (flux_msg_t *msg, struct flux_msg_cred cred)
{
    if (flux_msg_set_userid (msg, cred.userid) < 0)
        return -1;
    return flux_msg_set_rolemask (msg, cred.rolemask);
}

int flux_msg_get_cred (const flux_msg_t *msg, struct flux_msg_cred *cred)
{
    if (!cred)
        return fail (EINVAL);
    if (flux_msg_get_userid (msg, &cred->userid) < 0)
        return -1;
    return flux_msg_get_rolemask (msg, &cred->rolemask);
}

int flux_msg_cred_authorize (struct flux_msg_cred cred, uint32_t userid)
{
    if (cred.rolemask & FLUX_ROLE_OWNER)
        return 0;
    if ((cred.rolemask & FLUX_ROLE_USER) && cred.userid == userid && userid != FLUX_USERID_UNKNOWN)
        return 0;
    return fail (EPERM);
}

int flux_msg_authorize (const flux_msg_t *msg, uint32_t userid)
{
    struct flux_msg_cred cred;

    if (flux_msg_get_cred (msg, &cred) < 0)
        return -1;
    return flux_msg_cred_authorize (cred, userid);
}

bool flux_msg_is_local (const flux_msg_t *msg)
{
    uint32_t rolemask;

    return flux_msg_get_rolemask (msg, &rolemask) == 0 && (rolemask & FLUX_ROLE_LOCAL);
}

int flux_msg_set_nodeid (flux_msg_t *msg, uint32_t nodeid)
{
    if (nodeid == FLUX_NODEID_UPSTREAM) // is a flag and the sender's rank in a message
        return fail (EINVAL);
    return SET (msg, FLUX_MSGTYPE_REQUEST, aux1, nodeid);
}

int flux_msg_get_nodeid (const flux_msg_t *msg, uint32_t *nodeid)
{
    return GET (msg, FLUX_MSGTYPE_REQUEST, aux1, nodeid);
}

int flux_msg_set_errnum (flux_msg_t *msg, int errnum)
{
    return SET (msg, FLUX_MSGTYPE_RESPONSE, aux1, errnum);
}

int flux_msg_get_errnum (const flux_msg_t *msg, int *errnum)
{
    return GET (msg, FLUX_MSGTYPE_RESPONSE, aux1, errnum);
}

int flux_msg_set_seq (flux_msg_t *msg, uint32_t seq)
{
    return SET (msg, FLUX_MSGTYPE_EVENT, aux1, seq);
}

int flux_msg_get_seq (const flux_msg_t *msg, uint32_t *seq)
{
    return GET (msg, FLUX_MSGTYPE_EVENT, aux1, seq);
}

int flux_msg_set_control (flux_msg_t *msg, int type, int status)
{
    if (SET (msg, FLUX_MSGTYPE_CONTROL, aux1, type) < 0)
        return -1;
    return SET (msg, FLUX_MSGTYPE_CONTROL, aux2, status);
}

int flux_msg_get_control (const flux_msg_t *msg, int *type, int *status)
{
    if (GET (msg, FLUX_MSGTYPE_CONTROL, aux1, type) < 0)
        return -1;
    return GET (msg, FLUX_MSGTYPE_CONTROL, aux2, status);
}

int flux_msg_set_matchtag (flux_msg_t *msg, uint32_t matchtag)
{
    return SET (msg, MATCHTAG_TYPES, aux2, matchtag);
}

int flux_msg_get_matchtag (const flux_msg_t *msg, uint32_t *matchtag)
{
    return GET (msg, MATCHTAG_TYPES, aux2, matchtag);
}

bool flux_msg_cmp_matchtag (const flux_msg_t *msg, uint32_t matchtag)
{
    uint32_t tag;

    return msg && msg->routes.count == 0 && flux_msg_get_matchtag (msg, &tag) == 0 &&
           tag == matchtag;
}
