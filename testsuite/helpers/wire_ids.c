/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ids of jobs that are born in a replay. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "lib/util/buf.h"
#include "testsuite/helpers/wire_ids.h"

#define FRAME_HEAD 8 // magic and size
#define LENGTH_LONG 255
#define MARKS_MAX 16

static bool known (const struct wire_ids *ids, unsigned int n)
{
    return n < WIRE_IDS_MAX && ids->id[n] != 0;
}

bool wire_ids_match (struct wire_ids *ids, const char *name, const json_t *got)
{
    unsigned int n = strtoul (name + 1, NULL, 10);
    uint64_t id = json_integer_value (got);

    if (n >= WIRE_IDS_MAX || !json_is_integer (got))
        return false;
    if (!ids->id[n])
        ids->id[n] = id;
    return ids->id[n] == id;
}

/* Where text is to be put in: before the byte at this offset. */
struct mark {
    size_t offset;
    char text[32];
};

struct request {
    unsigned char *data;
    size_t len;
    struct mark mark[MARKS_MAX];
    size_t nmarks;
};

static bool add_mark (const struct wire_ids *ids, struct request *r, unsigned int n, char form)
{
    struct mark *m = &r->mark[r->nmarks];

    if (!known (ids, n) || r->nmarks == MARKS_MAX)
        return false;
    m->offset = r->len;
    if (form == 'd')
        snprintf (m->text, sizeof (m->text), "%" PRIu64, ids->id[n]);
    else if (flux_job_id_encode (ids->id[n], "f58plain", m->text, sizeof (m->text)) < 0)
        return false;
    r->nmarks++;
    return true;
}

static bool parse (const struct wire_ids *ids, struct request *r, const char *hex)
{
    unsigned int byte, n;
    char form;

    while (*hex) {
        if (sscanf (hex, "@%u%c", &n, &form) == 2) {
            if (!add_mark (ids, r, n, form))
                return false;
            hex += strcspn (hex, "df") + 1;
        } else if (sscanf (hex, "%2x", &byte) == 1) {
            r->data[r->len++] = byte;
            hex += 2;
        } else
            return false;
    }
    return true;
}

static void put_be32 (struct buf *b, uint32_t n)
{
    const unsigned char bytes[4] = {n >> 24, n >> 16, n >> 8, n};

    buf_append (b, bytes, sizeof (bytes));
}

static void put_length (struct buf *b, size_t len)
{
    if (len < LENGTH_LONG)
        buf_putc (b, (char)len);
    else {
        buf_putc (b, (char)LENGTH_LONG);
        put_be32 (b, len);
    }
}

static size_t get_length (const unsigned char *p, size_t *head)
{
    *head = *p < LENGTH_LONG ? 1 : 5;
    return *p < LENGTH_LONG
               ? *p
               : (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
}

/* One part of a frame, with what is to be put into it. */
static void put_part (struct buf *b, const struct request *r, size_t start, size_t len)
{
    struct buf part = {0};
    size_t at = start;

    for (size_t i = 0; i < r->nmarks; i++) {
        const struct mark *m = &r->mark[i];
        if (m->offset < start || m->offset > start + len)
            continue;
        buf_append (&part, r->data + at, m->offset - at);
        buf_puts (&part, m->text);
        at = m->offset;
    }
    buf_append (&part, r->data + at, start + len - at);
    put_length (b, part.len);
    buf_append (b, part.data, part.len);
    buf_clear (&part);
}

size_t wire_ids_request (const struct wire_ids *ids, const char *hex, unsigned char *dst)
{
    struct request r = {.data = dst};
    struct buf body = {0}, all = {0};
    size_t head, len;

    if (!parse (ids, &r, hex) || r.len < FRAME_HEAD)
        return 0;
    if (r.nmarks == 0)
        return r.len;
    for (size_t at = FRAME_HEAD; at < r.len; at += head + len) {
        len = get_length (r.data + at, &head);
        if (at + head + len > r.len)
            return 0;
        put_part (&body, &r, at + head, len);
    }
    buf_append (&all, r.data, 4);
    put_be32 (&all, body.len);
    buf_append (&all, body.data, body.len);
    memcpy (dst, all.data, len = all.len);
    buf_clear (&body);
    buf_clear (&all);
    return len;
}

char *wire_ids_text (const struct wire_ids *ids, const char *text)
{
    struct buf b = {0};

    while (*text) {
        char *end, id[32];
        unsigned int n = *text == '@' ? strtoul (text + 1, &end, 10) : 0;
        if (*text == '@' && known (ids, n) &&
            flux_job_id_encode (ids->id[n], "f58plain", id, sizeof (id)) == 0) {
            buf_puts (&b, id);
            text = end;
        } else
            buf_putc (&b, *text++);
    }
    return buf_steal (&b, NULL);
}
