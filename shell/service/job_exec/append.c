/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <flux/request.h>
#include <flux/response.h>

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

static bool get_int (struct jsonspan o, const char *key, int *value)
{
    struct jsonspan v;
    int64_t n;

    if (!jsonscan_member (o, key, &v) || !jsonscan_integer (v, &n) || n < INT_MIN || n > INT_MAX)
        return false;
    *value = (int)n;
    return true;
}

int shell_report_decode (struct shell_report *r, const flux_msg_t *msg)
{
    const char *payload;
    struct slice type;

    *r = (struct shell_report){0};
    if (flux_response_decode (msg, NULL, &payload) < 0 &&
        (errno != ENODATA || flux_response_decode_error (msg, &payload) < 0))
        return -1;
    struct jsonspan o = {payload, payload ? payload + strlen (payload) : NULL}, v;
    if (payload && jsonscan_member (o, "type", &v) && jsonscan_plain (&v, &type) &&
        type.len < sizeof (r->type)) {
        memcpy (r->type, type.p, type.len);
        (void)get_int (o, "status", &r->status);
        if (!jsonscan_member (o, "result", &v) || *v.p != '"' || jsonscan_decode (v, &r->result))
            return 0;
    }
    errno = r->result.err ? r->result.err : EPROTO;
    return -1;
}

void shell_report_clear (struct shell_report *r)
{
    buf_clear (&r->result);
}

/* One of [path, text]. */
static bool next_append (struct jsonspan *s, append_f take, void *arg)
{
    char path[65];
    struct slice name;
    struct buf text = {0};

    if (!jsonscan_eat (s, '[') || !jsonscan_plain (s, &name) || name.len >= sizeof (path) ||
        !jsonscan_eat (s, ',') || !jsonscan_at (s, '"'))
        return false;
    struct jsonspan v = {s->p, s->p};
    if (!jsonscan_string (s))
        return false;
    v.end = s->p;
    memcpy (path, name.p, name.len);
    path[name.len] = '\0';
    if (jsonscan_decode (v, &text))
        take (path, text.data ? text.data : "", text.len, arg);
    buf_clear (&text);
    return jsonscan_eat (s, ']');
}

bool shell_result_decode (const char *result, int *status, append_f take, void *arg)
{
    struct jsonspan o = {result, result + strlen (result)}, v;

    if (!get_int (o, "status", status))
        return false;
    if (jsonscan_member (o, "append", &v) && jsonscan_eat (&v, '[') && !jsonscan_at (&v, ']')) {
        while (next_append (&v, take, arg) && jsonscan_eat (&v, ','))
            ;
    }
    return true;
}

void append_clear (struct append_request *req)
{
    buf_clear (&req->data);
}
