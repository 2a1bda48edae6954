/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of a message, its type, flags and topic. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/limits.h"
#include "lib/codec/msg.h"
#include "lib/codec/payload.h"
#include "lib/util/aux.h"
#include "lib/util/fail.h"

#define ALL_FLAGS 0xff

bool msg_type_valid (int type)
{
    return type == FLUX_MSGTYPE_REQUEST || type == FLUX_MSGTYPE_RESPONSE ||
           type == FLUX_MSGTYPE_EVENT || type == FLUX_MSGTYPE_CONTROL;
}

flux_msg_t *msg_alloc (void)
{
    flux_msg_t *msg = malloc (sizeof (*msg));

    if (!msg)
        return NULL;
    memset (msg, 0, offsetof (struct flux_msg, routes));
    msg->refcount = 1;
    msg->userid = FLUX_USERID_UNKNOWN;
    routes_init (&msg->routes);
    return msg;
}

static void first_values (flux_msg_t *msg)
{
    msg->aux1 = msg->type == FLUX_MSGTYPE_REQUEST ? FLUX_NODEID_ANY : 0;
    if (msg->type != FLUX_MSGTYPE_RESPONSE)
        msg->aux2 = 0;
}

flux_msg_t *flux_msg_create (int type)
{
    flux_msg_t *msg;

    if (!msg_type_valid (type)) {
        errno = EINVAL;
        return NULL;
    }
    if (!(msg = msg_alloc ()))
        return NULL;
    msg->type = type;
    first_values (msg);
    return msg;
}

void flux_msg_destroy (flux_msg_t *msg)
{
    if (!msg || __atomic_sub_fetch (&msg->refcount, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    int saved_errno = errno;
    aux_destroy (&msg->aux);
    msg_clear_topic (msg);
    msg_clear_payload (msg);
    routes_clear (&msg->routes);
    free (msg->lasterr);
    free (msg);
    errno = saved_errno;
}

/* Counting references and hanging things on a message leave its content as it is, hence the const
 * that is cast away here. */
void flux_msg_decref (const flux_msg_t *msg)
{
    flux_msg_destroy ((flux_msg_t *)msg);
}

const flux_msg_t *flux_msg_incref (const flux_msg_t *msg)
{
    if (!msg) {
        errno = EINVAL;
        return NULL;
    }
    __atomic_add_fetch (&((flux_msg_t *)msg)->refcount, 1, __ATOMIC_RELAXED);
    return msg;
}

int flux_msg_aux_set (const flux_msg_t *msg, const char *name, void *aux, flux_free_f destroy)
{
    return msg ? aux_set (&((flux_msg_t *)msg)->aux, name, aux, destroy) : fail (EINVAL);
}

void *flux_msg_aux_get (const flux_msg_t *msg, const char *name)
{
    if (!msg) {
        errno = EINVAL;
        return NULL;
    }
    return aux_get (msg->aux, name);
}

flux_msg_t *flux_msg_copy (const flux_msg_t *msg, bool payload)
{
    flux_msg_t *copy;

    if (!msg) {
        errno = EINVAL;
        return NULL;
    }
    if (!(copy = msg_alloc ()))
        return NULL;
    copy->type = msg->type;
    copy->flags = msg->flags & ~(FLUX_MSGFLAG_TOPIC | FLUX_MSGFLAG_PAYLOAD);
    copy->userid = msg->userid;
    copy->rolemask = msg->rolemask;
    copy->aux1 = msg->aux1;
    copy->aux2 = msg->aux2;
    if (routes_copy (&copy->routes, &msg->routes) < 0 ||
        (msg->topic && msg_set_topic_n (copy, msg->topic, msg->topic_len) < 0)) {
        flux_msg_destroy (copy);
        return NULL;
    }
    if (payload && (msg->flags & FLUX_MSGFLAG_PAYLOAD))
        msg_set_payload_blob (copy, msg->blob, msg->payload, msg->payload_len);
    return copy;
}

int flux_msg_set_type (flux_msg_t *msg, int type)
{
    if (!msg || !msg_type_valid (type))
        return fail (EINVAL);
    msg->type = type;
    first_values (msg);
    return 0;
}

int flux_msg_get_type (const flux_msg_t *msg, int *type)
{
    if (!msg)
        return fail (EINVAL);
    if (type)
        *type = msg->type;
    return 0;
}

bool flux_msg_has_flag (const flux_msg_t *msg, int flag)
{
    if (!msg) {
        errno = EINVAL;
        return false;
    }
    return (msg->flags & flag) != 0;
}

static bool flags_valid (int flags)
{
    int both = FLUX_MSGFLAG_NORESPONSE | FLUX_MSGFLAG_STREAMING;

    return (flags & ~ALL_FLAGS) == 0 && (flags & both) != both;
}

int flux_msg_set_flag (flux_msg_t *msg, int flag)
{
    if (!msg || !flags_valid (flag))
        return fail (EINVAL);
    msg->flags |= flag;
    return 0;
}

int flux_msg_clear_flag (flux_msg_t *msg, int flag)
{
    if (!msg || !flags_valid (flag))
        return fail (EINVAL);
    msg->flags &= ~flag;
    return 0;
}

int flux_msg_set_private (flux_msg_t *msg)
{
    return flux_msg_set_flag (msg, FLUX_MSGFLAG_PRIVATE);
}

int flux_msg_set_streaming (flux_msg_t *msg)
{
    if (flux_msg_clear_flag (msg, FLUX_MSGFLAG_NORESPONSE) < 0)
        return -1;
    return flux_msg_set_flag (msg, FLUX_MSGFLAG_STREAMING);
}

int flux_msg_set_noresponse (flux_msg_t *msg)
{
    if (flux_msg_clear_flag (msg, FLUX_MSGFLAG_STREAMING) < 0)
        return -1;
    return flux_msg_set_flag (msg, FLUX_MSGFLAG_NORESPONSE);
}

/* No message is, to be safe, private, streaming and without response. */
bool flux_msg_is_private (const flux_msg_t *msg)
{
    return !msg || flux_msg_has_flag (msg, FLUX_MSGFLAG_PRIVATE);
}

bool flux_msg_is_streaming (const flux_msg_t *msg)
{
    return !msg || flux_msg_has_flag (msg, FLUX_MSGFLAG_STREAMING);
}

bool flux_msg_is_noresponse (const flux_msg_t *msg)
{
    return !msg || flux_msg_has_flag (msg, FLUX_MSGFLAG_NORESPONSE);
}

void msg_clear_topic (flux_msg_t *msg)
{
    if (msg->topic != msg->topic_fixed)
        free (msg->topic);
    msg->topic = NULL;
    msg->topic_len = 0;
    msg->flags &= ~FLUX_MSGFLAG_TOPIC;
}

int msg_set_topic_n (flux_msg_t *msg, const char *topic, size_t len)
{
    char *dst = msg->topic_fixed;

    if (len > CODEC_TOPIC_MAX)
        return fail (EINVAL);
    // a topic that is part of the message's own may be given: take the copy before letting go
    if (len >= MSG_TOPIC_INLINE) {
        if (!(dst = malloc (len + 1)))
            return -1;
    }
    memmove (dst, topic, len);
    dst[len] = '\0';
    if (msg->topic != dst)
        msg_clear_topic (msg);
    msg->topic = dst;
    msg->topic_len = len;
    msg->flags |= FLUX_MSGFLAG_TOPIC;
    return 0;
}

int flux_msg_set_topic (flux_msg_t *msg, const char *topic)
{
    if (!msg || msg->type == FLUX_MSGTYPE_CONTROL)
        return fail (EINVAL);
    if (topic)
        return msg_set_topic_n (msg, topic, strlen (topic));
    msg_clear_topic (msg);
    return 0;
}

int flux_msg_get_topic (const flux_msg_t *msg, const char **topic)
{
    if (!msg || !topic)
        return fail (EINVAL);
    if (!msg->topic) {
        errno = EPROTO;
        return -1;
    }
    *topic = msg->topic;
    return 0;
}
