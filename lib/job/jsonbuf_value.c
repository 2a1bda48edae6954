/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The part of jsonbuf.h that needs the JSON library. */

#include <errno.h>
#include <jansson.h>

#include "lib/job/jsonbuf.h"

static int put (const char *data, size_t len, void *arg)
{
    return buf_append (arg, data, len);
}

void jsonbuf_json (struct buf *b, const json_t *o)
{
    if (json_dump_callback (o, put, b, JSON_COMPACT | JSON_ENCODE_ANY) < 0 && !b->err)
        b->err = ENOMEM;
}
