/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a message is inside lib/codec. One allocation holds it all but the payload, which is a
 * counted blob, and topics and route stacks longer than usual. */

#ifndef FLUX_CODEC_MSG_H
#define FLUX_CODEC_MSG_H

#include <jansson.h>
#include <flux/message.h>

#include "lib/codec/blob.h"

#define MSG_TOPIC_INLINE 48
#define MSG_ROUTES_INLINE 120 // three UUIDs

/* Entries lie oldest first, each as: id, NUL, length of the id. So first and last are found at
 * once, and the stack is one memory. */
struct routes {
    unsigned char *data; // fixed, or malloc'ed
    size_t len;
    size_t size;
    int count;
    unsigned char fixed[MSG_ROUTES_INLINE];
};

struct flux_msg {
    int refcount; // atomic
    uint8_t type;
    uint8_t flags;
    uint32_t userid;
    uint32_t rolemask;
    uint32_t aux1; // nodeid, errnum, sequence, control type
    uint32_t aux2; // matchtag, control status
    char *topic;   // topic_fixed, malloc'ed, or NULL
    size_t topic_len;
    struct blob *blob; // what payload points into
    const char *payload;
    size_t payload_len;
    json_t *json; // the payload parsed, or NULL
    char *lasterr;
    struct aux_item *aux;
    struct routes routes;
    char topic_fixed[MSG_TOPIC_INLINE];
};

/* An empty message of no type yet, with one reference. */
flux_msg_t *msg_alloc (void);

bool msg_type_valid (int type);

/* len bytes without NUL in them. */
int msg_set_topic_n (flux_msg_t *msg, const char *topic, size_t len);
void msg_clear_topic (flux_msg_t *msg);

void msg_clear_payload (flux_msg_t *msg);
void msg_lasterr (flux_msg_t *msg, const char *text);

void routes_init (struct routes *r);
void routes_clear (struct routes *r);
int routes_push (struct routes *r, const char *id, size_t len);
int routes_copy (struct routes *dst, const struct routes *src);

/* Walk from the newest to the oldest; *pos starts as r->len. NULL at the end. */
const char *routes_prev (const struct routes *r, size_t *pos, size_t *len);

#endif /* !FLUX_CODEC_MSG_H */
