/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The route stack (RFC 3). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/limits.h"
#include "lib/codec/msg.h"
#include "lib/util/buf.h"

#define ENTRY_EXTRA 2 // NUL and length
#define SHOWN 8       // characters of an id in flux_msg_route_string()

void routes_init (struct routes *r)
{
    r->data = r->fixed;
    r->size = sizeof (r->fixed);
    r->len = 0;
    r->count = 0;
}

void routes_clear (struct routes *r)
{
    if (r->data != r->fixed)
        free (r->data);
    routes_init (r);
}

static int reserve (struct routes *r, size_t more)
{
    if (r->len + more <= r->size)
        return 0;
    size_t size = (r->len + more) * 2;
    unsigned char *data = malloc (size);
    if (!data)
        return -1;
    memcpy (data, r->data, r->len);
    if (r->data != r->fixed)
        free (r->data);
    r->data = data;
    r->size = size;
    return 0;
}

int routes_push (struct routes *r, const char *id, size_t len)
{
    if (len == 0 || len > CODEC_ROUTE_MAX || r->count >= CODEC_ROUTES_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (reserve (r, len + ENTRY_EXTRA) < 0)
        return -1;
    unsigned char *p = r->data + r->len;
    memcpy (p, id, len);
    p[len] = '\0';
    p[len + 1] = len;
    r->len += len + ENTRY_EXTRA;
    r->count++;
    return 0;
}

int routes_copy (struct routes *dst, const struct routes *src)
{
    if (reserve (dst, src->len) < 0)
        return -1;
    memcpy (dst->data + dst->len, src->data, src->len);
    dst->len += src->len;
    dst->count += src->count;
    return 0;
}

const char *routes_prev (const struct routes *r, size_t *pos, size_t *len)
{
    if (*pos == 0)
        return NULL;
    size_t n = r->data[*pos - 1];
    *pos -= n + ENTRY_EXTRA;
    if (len)
        *len = n;
    return (const char *)r->data + *pos;
}

static bool has_routes (const flux_msg_t *msg)
{
    errno = msg ? EPROTO : EINVAL;
    return msg && (msg->flags & FLUX_MSGFLAG_ROUTE);
}

void flux_msg_route_enable (flux_msg_t *msg)
{
    if (msg)
        msg->flags |= FLUX_MSGFLAG_ROUTE;
}

void flux_msg_route_disable (flux_msg_t *msg)
{
    if (msg) {
        routes_clear (&msg->routes);
        msg->flags &= ~FLUX_MSGFLAG_ROUTE;
    }
}

void flux_msg_route_clear (flux_msg_t *msg)
{
    if (msg)
        routes_clear (&msg->routes);
}

int flux_msg_route_push (flux_msg_t *msg, const char *id)
{
    if (!msg || !id) {
        errno = EINVAL;
        return -1;
    }
    if (!has_routes (msg))
        return -1;
    return routes_push (&msg->routes, id, strlen (id));
}

int flux_msg_route_delete_last (flux_msg_t *msg)
{
    if (!has_routes (msg))
        return -1;
    size_t pos = msg->routes.len;
    if (routes_prev (&msg->routes, &pos, NULL)) {
        msg->routes.len = pos;
        msg->routes.count--;
    }
    return 0;
}

const char *flux_msg_route_first (const flux_msg_t *msg)
{
    return msg && msg->routes.count > 0 ? (const char *)msg->routes.data : NULL;
}

const char *flux_msg_route_last (const flux_msg_t *msg)
{
    size_t pos = msg ? msg->routes.len : 0;

    return msg ? routes_prev (&msg->routes, &pos, NULL) : NULL;
}

int flux_msg_route_count (const flux_msg_t *msg)
{
    return has_routes (msg) ? msg->routes.count : -1;
}

char *flux_msg_route_string (const flux_msg_t *msg)
{
    struct buf b = {0};

    if (!has_routes (msg))
        return NULL;
    for (size_t pos = 0; pos < msg->routes.len;) {
        const char *id = (const char *)msg->routes.data + pos;
        size_t len = strlen (id);
        buf_printf (&b, "%s%.*s", pos > 0 ? "!" : "", SHOWN, id);
        pos += len + ENTRY_EXTRA;
    }
    char *s = buf_steal (&b, NULL);
    buf_clear (&b);
    return s;
}

bool flux_msg_route_match_first (const flux_msg_t *msg1, const flux_msg_t *msg2)
{
    const char *a = flux_msg_route_first (msg1);
    const char *b = flux_msg_route_first (msg2);

    return a && b ? strcmp (a, b) == 0 : a == b;
}
