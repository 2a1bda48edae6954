/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Methods that every service has (RFC 5's module debugging, flux-core's flux-ping(1)). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <jansson.h>
#include <flux/request.h>

#include "lib/util/buf.h"
#include "shell/broker/router_private.h"

static bool is_object (const char *text)
{
    json_t *o = text ? json_loads (text, 0, NULL) : NULL;
    bool ok = json_is_object (o);

    json_decref (o);
    return ok;
}

/* Peers choose what they put there. */
static void plain_text (char *s)
{
    for (; s && *s; s++) {
        if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
            *s = '?';
    }
}

/* What was sent, and the way that it came. Of two members of one name the last one counts. */
static void answer_ping (struct router *rt, const flux_msg_t *msg)
{
    const char *payload = NULL;
    uint32_t userid = 0, rolemask = 0;
    char *route = flux_msg_route_string (msg);
    struct buf out = {0};
    size_t len;

    flux_msg_get_string (msg, &payload);
    flux_msg_get_userid (msg, &userid);
    flux_msg_get_rolemask (msg, &rolemask);
    plain_text (route);
    if (!is_object (payload)) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else {
        len = (size_t)(strrchr (payload, '}') - payload);
        buf_append (&out, payload, len);
        buf_printf (&out, "%s\"route\":\"%s\",\"userid\":%u,\"rolemask\":%u,\"rank\":%u}",
                    strspn (payload, " \t\r\n{") < len ? "," : "", route ? route : "", userid,
                    rolemask, rt->rank);
        router_respond_raw (rt, msg, out.data, out.err ? 0 : out.len + 1);
    }
    buf_clear (&out);
    free (route);
}

static void answer_rusage (struct router *rt, const flux_msg_t *msg)
{
    struct rusage ru = {0};

    getrusage (RUSAGE_SELF, &ru);
    router_respond_pack (rt, msg,
                         "{s:f s:f s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}",
                         "utime", ru.ru_utime.tv_sec + 1e-6 * ru.ru_utime.tv_usec, "stime",
                         ru.ru_stime.tv_sec + 1e-6 * ru.ru_stime.tv_usec, "maxrss",
                         (json_int_t)ru.ru_maxrss, "ixrss", (json_int_t)ru.ru_ixrss, "idrss",
                         (json_int_t)ru.ru_idrss, "isrss", (json_int_t)ru.ru_isrss, "minflt",
                         (json_int_t)ru.ru_minflt, "majflt", (json_int_t)ru.ru_majflt, "nswap",
                         (json_int_t)ru.ru_nswap, "inblock", (json_int_t)ru.ru_inblock, "oublock",
                         (json_int_t)ru.ru_oublock, "msgsnd", (json_int_t)ru.ru_msgsnd, "msgrcv",
                         (json_int_t)ru.ru_msgrcv, "nsignals", (json_int_t)ru.ru_nsignals, "nvcsw",
                         (json_int_t)ru.ru_nvcsw, "nivcsw", (json_int_t)ru.ru_nivcsw);
}

static void answer_debug (struct router *rt, const flux_msg_t *msg, int *flags)
{
    uint32_t rolemask = 0;
    const char *op;
    int val, now = *flags;

    flux_msg_get_rolemask (msg, &rolemask);
    if (!(rolemask & FLUX_ROLE_OWNER)) {
        router_respond_error (rt, msg, EPERM, "Request requires owner credentials");
        return;
    }
    if (flux_request_unpack (msg, NULL, "{s:s s:i}", "op", &op, "flags", &val) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (strcmp (op, "setbit") == 0)
        now |= val;
    else if (strcmp (op, "clrbit") == 0)
        now &= ~val;
    else if (strcmp (op, "set") == 0)
        now = val;
    else if (strcmp (op, "clr") == 0)
        now = 0;
    else {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    *flags = now;
    router_respond_pack (rt, msg, "{s:i}", "flags", now);
}

void service_answer_default (struct router *rt, struct service *svc, const flux_msg_t *msg,
                             const char *method)
{
    if (strcmp (method, "ping") == 0)
        answer_ping (rt, msg);
    else if (strcmp (method, "rusage") == 0)
        answer_rusage (rt, msg);
    else if (strcmp (method, "debug") == 0)
        answer_debug (rt, msg, &svc->debug);
    else if (strcmp (method, "stats-get") == 0)
        router_respond (rt, msg, "{}");
    else if (strcmp (method, "disconnect") != 0)
        router_respond_error (rt, msg, ENOSYS, "No such method");
}
