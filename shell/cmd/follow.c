/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <flux/request.h>
#include <flux/response.h>
#include <uthash.h>

#include "lib/codec/limits.h"
#include "shell/cmd/follow.h"

#define MAGIC 0xffee0012
#define HEAD 8

/* What is made anew, by the request that makes it: a subscription, or a service. */
static const struct kind {
    const char *add, *del, *key;
} kinds[] = {
    {"event.subscribe", "event.unsubscribe", "topic"},
    {"service.add", "service.remove", "service"},
};
#define KINDS (sizeof (kinds) / sizeof (kinds[0]))

struct reg {
    const struct kind *kind;
    char *name;
    struct reg *next;
};

struct request {
    uint32_t matchtag;
    bool streaming;
    flux_msg_t *failure; // the response that it gets when the connection is lost
    const struct kind *kind;
    char *name;
    UT_hash_handle hh;
};

struct parser {
    struct buf b;
    size_t skip;
};

struct follow {
    struct parser up, down;
    bool lost; // it is no connection of RFC 3
    struct reg *regs;
    struct request *requests;
};

struct follow *follow_create (void)
{
    struct follow *f = calloc (1, sizeof (*f));

    if (f)
        f->down.skip = 1; // the greeting
    return f;
}

static void reg_add (struct follow *f, const struct kind *kind, const char *name)
{
    struct reg *r = calloc (1, sizeof (*r));

    if (r && (r->name = strdup (name))) {
        r->kind = kind;
        r->next = f->regs;
        f->regs = r;
    } else
        free (r);
}

static void reg_del (struct follow *f, const struct kind *kind, const char *name)
{
    for (struct reg **p = &f->regs, *r; (r = *p); p = &r->next) {
        if (r->kind == kind && strcmp (r->name, name) == 0) {
            *p = r->next;
            free (r->name);
            free (r);
            return;
        }
    }
}

static void request_free (struct follow *f, struct request *r)
{
    HASH_DEL (f->requests, r);
    flux_msg_destroy (r->failure);
    free (r->name);
    free (r);
}

void follow_destroy (struct follow *f)
{
    struct request *r, *tmp;

    if (!f)
        return;
    while (f->regs)
        reg_del (f, f->regs->kind, f->regs->name);
    HASH_ITER (hh, f->requests, r, tmp)
    request_free (f, r);
    buf_clear (&f->up.b);
    buf_clear (&f->down.b);
    free (f);
}

/* The kind and name when it is one of those requests. */
static const char *registered (struct follow *f, const flux_msg_t *msg, const struct kind **kind)
{
    const char *topic, *name;

    if (flux_msg_get_topic (msg, &topic) < 0)
        return NULL;
    for (*kind = kinds; *kind < kinds + KINDS; (*kind)++) {
        bool add = strcmp (topic, (*kind)->add) == 0, del = strcmp (topic, (*kind)->del) == 0;
        if ((!add && !del) || flux_msg_unpack (msg, "{s:s}", (*kind)->key, &name) < 0)
            continue;
        if (add)
            reg_add (f, *kind, name);
        else
            reg_del (f, *kind, name);
        return add ? name : NULL;
    }
    return NULL;
}

static void from_client (struct follow *f, const flux_msg_t *msg)
{
    const struct kind *kind = NULL;
    struct request *r, *old;
    const char *name;
    int type;

    if (flux_msg_get_type (msg, &type) < 0 || type != FLUX_MSGTYPE_REQUEST)
        return;
    name = registered (f, msg, &kind);
    if (flux_msg_is_noresponse (msg) || !(r = calloc (1, sizeof (*r))))
        return;
    if (flux_msg_get_matchtag (msg, &r->matchtag) < 0 ||
        !(r->failure = flux_response_derive (msg, ECONNRESET))) {
        free (r);
        return;
    }
    r->streaming = flux_msg_is_streaming (msg);
    r->kind = kind;
    r->name = name ? strdup (name) : NULL;
    HASH_FIND (hh, f->requests, &r->matchtag, sizeof (r->matchtag), old);
    if (old)
        request_free (f, old);
    HASH_ADD (hh, f->requests, matchtag, sizeof (r->matchtag), r);
}

static void to_client (struct follow *f, const flux_msg_t *msg)
{
    struct request *r;
    uint32_t matchtag;
    int type, errnum;

    if (flux_msg_get_type (msg, &type) < 0 || type != FLUX_MSGTYPE_RESPONSE ||
        flux_msg_get_matchtag (msg, &matchtag) < 0 || flux_msg_get_errnum (msg, &errnum) < 0)
        return;
    HASH_FIND (hh, f->requests, &matchtag, sizeof (matchtag), r);
    if (!r)
        return;
    if (errnum != 0 && r->name)
        reg_del (f, r->kind, r->name);
    if (errnum != 0 || !r->streaming)
        request_free (f, r);
}

static void take (struct follow *f, struct parser *p, const char *data, size_t len,
                  void (*cb) (struct follow *f, const flux_msg_t *msg))
{
    size_t skip = p->skip < len ? p->skip : len, at = 0;

    p->skip -= skip;
    if (f->lost || buf_append (&p->b, data + skip, len - skip) < 0) {
        f->lost = true;
        return;
    }
    while (p->b.len - at >= HEAD) {
        uint32_t head[2];
        memcpy (head, p->b.data + at, sizeof (head));
        size_t size = ntohl (head[1]);
        if (head[0] != MAGIC || size > CODEC_MESSAGE_MAX) {
            f->lost = true;
            break;
        }
        if (p->b.len - at < HEAD + size)
            break;
        flux_msg_t *msg = flux_msg_decode (p->b.data + at + HEAD, size);
        if (msg)
            cb (f, msg);
        flux_msg_destroy (msg);
        at += HEAD + size;
    }
    buf_consume (&p->b, at);
}

void follow_up (struct follow *f, const char *data, size_t len)
{
    take (f, &f->up, data, len, from_client);
}

void follow_down (struct follow *f, const char *data, size_t len)
{
    take (f, &f->down, data, len, to_client);
}

bool follow_is_whole (const struct follow *f)
{
    return !f->lost && f->up.b.len == 0 && f->down.b.len == 0 && f->down.skip == 0;
}

static void put (struct buf *out, const flux_msg_t *msg)
{
    ssize_t size = flux_msg_encode_size (msg);
    uint32_t head[2] = {MAGIC, htonl ((uint32_t)size)};
    char *data = size > 0 ? malloc ((size_t)size) : NULL;

    if (data && flux_msg_encode (msg, data, (size_t)size) == 0) {
        buf_append (out, head, sizeof (head));
        buf_append (out, data, (size_t)size);
    }
    free (data);
}

void follow_fail (struct follow *f, struct buf *out)
{
    struct request *r, *tmp;

    HASH_ITER (hh, f->requests, r, tmp)
    {
        put (out, r->failure);
        if (r->name)
            reg_del (f, r->kind, r->name); // its client hears that it failed
        request_free (f, r);
    }
}

void follow_restore (const struct follow *f, struct buf *out)
{
    for (const struct reg *r = f->regs; r; r = r->next) {
        flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
        if (msg && flux_msg_set_topic (msg, r->kind->add) == 0 &&
            flux_msg_set_noresponse (msg) == 0 &&
            flux_msg_pack (msg, "{s:s}", r->kind->key, r->name) == 0) {
            flux_msg_route_enable (msg);
            put (out, msg);
        }
        flux_msg_destroy (msg);
    }
}
