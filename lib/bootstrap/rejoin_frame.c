/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/bootstrap/record.h"
#include "lib/bootstrap/rejoin_frame.h"

int rejoin_frame_encode (struct buf *b, const json_t *o, uint32_t rank)
{
    struct wire_record rec = {.kind = WIRE_READY, .rank = rank};
    struct buf body = {0};
    unsigned char head[4];
    int parent, size;

    if (json_unpack ((json_t *)o, "{s:i s:i s:s s:s s:s s:s s:s s:s s:s}", "rank", &parent, "size",
                     &size, "uri", &rec.str[WIRE_URI], "pubkey", &rec.str[WIRE_PUBKEY], "auth",
                     &rec.str[WIRE_NONCE], "secret", &rec.str[WIRE_SECRET], "host",
                     &rec.str[WIRE_HOST], "hostlist", &rec.str[WIRE_HOSTLIST], "attrs",
                     &rec.str[WIRE_TEXT]) < 0) {
        errno = EPROTO;
        return -1;
    }
    rec.parent = (uint32_t)parent;
    rec.size = (uint32_t)size;
    int rc = wire_record_encode (&body, &rec);
    if (rc == 0) {
        wire_put_u32 (head, (uint32_t)body.len);
        buf_append (b, head, sizeof (head));
        buf_append (b, body.data, body.len);
        explicit_bzero (body.data, body.len);
        rc = b->err ? -1 : 0;
    }
    buf_clear (&body);
    return rc;
}
