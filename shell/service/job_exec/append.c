/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>
#include <flux/request.h>

#include "lib/job/jsonscan.h"
#include "shell/service/job_exec/append.h"

static bool get_number (struct jsonspan o, const char *key, uint64_t *value)
{
    struct jsonspan v;
    int64_t n;

    if (!jsonscan_member (o, key, &v) || !jsonscan_integer (v, &n) || n < 0)
        return false;
    *value = (uint64_t)n;
    return true;
}

/* Paths need no escapes. */
static bool get_path (struct jsonspan o, char *path, size_t size)
{
    struct jsonspan v;

    if (!jsonscan_member (o, "path", &v) || v.end - v.p < 2 || (size_t)(v.end - v.p - 2) >= size ||
        memchr (v.p, '\\', v.end - v.p))
        return false;
    struct jsonspan s = v;
    if (!jsonscan_string (&s) || s.p != v.end)
        return false;
    memcpy (path, v.p + 1, v.end - v.p - 2);
    path[v.end - v.p - 2] = '\0';
    return true;
}

int append_decode (struct append_request *req, const flux_msg_t *msg)
{
    struct jsonspan data;
    const char *payload;

    *req = (struct append_request){0};
    if (flux_request_decode (msg, NULL, &payload) < 0)
        return -1;
    if (payload) {
        struct jsonspan o = {payload, payload + strlen (payload)};
        if (get_number (o, "id", &req->id) && get_number (o, "seq", &req->seq) &&
            get_path (o, req->path, sizeof (req->path)) && jsonscan_member (o, "data", &data) &&
            jsonscan_decode (data, &req->data))
            return 0;
    }
    errno = req->data.err ? req->data.err : EPROTO;
    return -1;
}

void append_clear (struct append_request *req)
{
    buf_clear (&req->data);
}
