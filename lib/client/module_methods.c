/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <jansson.h>
#include <flux/attr.h>
#include <flux/conf.h>
#include <flux/module.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/client/module_methods.h"

#define DEBUG_FLAGS "flux::debug_flags"

bool flux_module_debug_test (flux_t *h, int flag, bool clear)
{
    int *flags = h ? flux_aux_get (h, DEBUG_FLAGS) : NULL;

    if (!flags || !(*flags & flag))
        return false;
    if (clear)
        *flags &= ~flag;
    return true;
}

static int *debug_flags (flux_t *h)
{
    int *flags = flux_aux_get (h, DEBUG_FLAGS);

    if (!flags && (flags = calloc (1, sizeof (*flags))) &&
        flux_aux_set (h, DEBUG_FLAGS, flags, free) < 0) {
        free (flags);
        return NULL;
    }
    return flags;
}

static int debug_change (int *flags, const char *op, int val)
{
    if (strcmp (op, "setbit") == 0)
        *flags |= val;
    else if (strcmp (op, "clrbit") == 0)
        *flags &= ~val;
    else if (strcmp (op, "set") == 0)
        *flags = val;
    else if (strcmp (op, "clr") == 0)
        *flags = 0;
    else {
        errno = EPROTO;
        return -1;
    }
    return 0;
}

static void debug_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    const char *op;
    int val, *flags;

    if (flux_request_unpack (msg, NULL, "{s:s s:i}", "op", &op, "flags", &val) < 0 ||
        !(flags = debug_flags (h)) || debug_change (flags, op, val) < 0)
        (void)flux_respond_error (h, msg, errno, NULL);
    else
        (void)flux_respond_pack (h, msg, "{s:i}", "flags", *flags);
}

static void stats_get_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_msgcounters_t n;

    flux_get_msgcounters (h, &n);
    (void)flux_respond_pack (h, msg, "{s:{s:i s:i s:i s:i} s:{s:i s:i s:i s:i}}", "tx", "request",
                             n.request_tx, "response", n.response_tx, "event", n.event_tx,
                             "control", n.control_tx, "rx", "request", n.request_rx, "response",
                             n.response_rx, "event", n.event_rx, "control", n.control_rx);
}

static void stats_clear_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_clr_msgcounters (h);
    if (flux_msg_cmp (msg, FLUX_MATCH_REQUEST))
        (void)flux_respond (h, msg, NULL);
}

static int parse_who (const char *who)
{
    if (strcmp (who, "self") == 0)
        return RUSAGE_SELF;
    if (strcmp (who, "children") == 0)
        return RUSAGE_CHILDREN;
    return strcmp (who, "thread") == 0 ? RUSAGE_THREAD : -2;
}

static double seconds (struct timeval tv)
{
    return (double)tv.tv_sec + 1e-6 * (double)tv.tv_usec;
}

/* A module is one thread of the broker. */
static void rusage_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    const char *who = "thread", *payload = NULL;
    struct rusage ru;

    if (flux_request_decode (msg, NULL, &payload) < 0 ||
        (payload && flux_request_unpack (msg, NULL, "{s?s}", "who", &who) < 0) ||
        getrusage (parse_who (who), &ru) < 0) {
        (void)flux_respond_error (h, msg, errno, NULL);
        return;
    }
    (void)flux_respond_pack (
        h, msg, "{s:f s:f s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}", "utime",
        seconds (ru.ru_utime), "stime", seconds (ru.ru_stime), "maxrss", (json_int_t)ru.ru_maxrss,
        "ixrss", (json_int_t)ru.ru_ixrss, "idrss", (json_int_t)ru.ru_idrss, "isrss",
        (json_int_t)ru.ru_isrss, "minflt", (json_int_t)ru.ru_minflt, "majflt",
        (json_int_t)ru.ru_majflt, "nswap", (json_int_t)ru.ru_nswap, "inblock",
        (json_int_t)ru.ru_inblock, "oublock", (json_int_t)ru.ru_oublock, "msgsnd",
        (json_int_t)ru.ru_msgsnd, "msgrcv", (json_int_t)ru.ru_msgrcv, "nsignals",
        (json_int_t)ru.ru_nsignals, "nvcsw", (json_int_t)ru.ru_nvcsw, "nivcsw",
        (json_int_t)ru.ru_nivcsw);
}

/* What came, with the way it took and who asked. */
static json_t *ping_answer (flux_t *h, const flux_msg_t *msg)
{
    const char *payload = NULL;
    uint32_t rank, userid, rolemask;
    char *route = flux_msg_route_string (msg);
    json_t *o = NULL;

    if (flux_request_decode (msg, NULL, &payload) < 0 || !payload || !route ||
        flux_get_rank (h, &rank) < 0 || flux_msg_get_userid (msg, &userid) < 0 ||
        flux_msg_get_rolemask (msg, &rolemask) < 0 || !(o = json_loads (payload, 0, NULL)) ||
        !json_is_object (o)) {
        json_decref (o);
        free (route);
        errno = EPROTO;
        return NULL;
    }
    json_object_set_new (o, "route", json_string (route));
    json_object_set_new (o, "userid", json_integer (userid));
    json_object_set_new (o, "rolemask", json_integer (rolemask));
    json_object_set_new (o, "rank", json_integer (rank));
    free (route);
    return o;
}

static void ping_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    json_t *o = ping_answer (h, msg);

    if (o)
        (void)flux_respond_pack (h, msg, "o", o);
    else
        (void)flux_respond_error (h, msg, errno, NULL);
}

/* For modules that only look at flux_get_conf() when they need it. */
static void config_reload_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_conf_t *conf = NULL;
    json_t *o;

    if (flux_request_unpack (msg, NULL, "o", &o) < 0 || !(conf = flux_conf_pack ("O", o)) ||
        flux_set_conf_new (h, conf) < 0) {
        flux_conf_decref (conf);
        (void)flux_respond_error (h, msg, errno, NULL);
    } else {
        (void)flux_respond (h, msg, NULL);
    }
}

static const struct flux_msg_handler_spec methods[] = {
    {FLUX_MSGTYPE_REQUEST, "stats-get", stats_get_cb, FLUX_ROLE_USER},
    {FLUX_MSGTYPE_REQUEST, "stats-clear", stats_clear_cb, 0},
    {FLUX_MSGTYPE_EVENT, "stats-clear", stats_clear_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "debug", debug_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "rusage", rusage_cb, FLUX_ROLE_USER},
    {FLUX_MSGTYPE_REQUEST, "config-reload", config_reload_cb, 0},
    {FLUX_MSGTYPE_REQUEST, "ping", ping_cb, FLUX_ROLE_USER},
    FLUX_MSGHANDLER_TABLE_END,
};

int module_methods_add (flux_t *h, const char *service, flux_msg_handler_t ***handlers)
{
    return flux_msg_handler_addvec_ex (h, service, methods, NULL, handlers);
}
