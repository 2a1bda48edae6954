/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The module's side of RFC 5: the welcome, the states, the end. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <flux/attr.h>
#include <flux/conf.h>
#include <flux/event.h>
#include <flux/flog.h>
#include <flux/module.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>
#include <flux/watcher.h>

#include "lib/client/module_methods.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"

#define FINALIZE_TIMEOUT 10.

static int tell_status (flux_t *h, int status, int errnum)
{
    flux_future_t *f = flux_rpc_pack (h, "module.status", FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE,
                                      "{s:i s:i}", "status", status, "errnum", errnum);

    flux_future_destroy (f);
    return f ? 0 : -1;
}

int flux_module_config_request_decode (const flux_msg_t *msg, flux_conf_t **conf)
{
    flux_conf_t *new;
    json_t *o;

    if (flux_request_unpack (msg, NULL, "o", &o) < 0 || !(new = flux_conf_pack ("O", o)))
        return -1;
    if (conf)
        *conf = new;
    else
        flux_conf_decref (new);
    return 0;
}

int flux_module_set_running (flux_t *h)
{
    return tell_status (h, FLUX_MODSTATE_RUNNING, 0);
}

static int keep_string (flux_t *h, const char *name, const char *val)
{
    char *copy = strdup (val);

    if (!copy || flux_aux_set (h, name, copy, free) < 0) {
        free (copy);
        return -1;
    }
    return 0;
}

static void json_free (void *arg)
{
    json_decref (arg);
}

static int keep_args (flux_t *h, json_t *args)
{
    if (flux_aux_set (h, "flux::args", json_incref (args), json_free) < 0) {
        json_decref (args);
        return -1;
    }
    return 0;
}

static int keep_attrs (flux_t *h, json_t *attrs)
{
    const char *name;
    json_t *val;

    json_object_foreach (attrs, name, val)
    {
        if (json_is_string (val) && flux_attr_set_cacheonly (h, name, json_string_value (val)) < 0)
            return -1;
    }
    return 0;
}

static int keep_conf (flux_t *h, json_t *o)
{
    flux_conf_t *conf = flux_conf_pack ("O", o);

    if (!conf || flux_set_conf_new (h, conf) < 0) {
        flux_conf_decref (conf);
        return -1;
    }
    return 0;
}

static int join_args (json_t *args, char **textp)
{
    size_t i, len = 0;
    json_t *arg;
    char *text;

    json_array_foreach (args, i, arg)
    {
        len += json_string_length (arg) + 1;
    }
    if (!(text = len > 0 ? calloc (1, len) : NULL)) {
        *textp = NULL;
        return len > 0 ? -1 : 0;
    }
    json_array_foreach (args, i, arg)
    {
        if (i > 0)
            strcat (text, " ");
        strcat (text, json_string_value (arg));
    }
    *textp = text;
    return 0;
}

int flux_module_initialize (flux_t *h, char **argsp, flux_error_t *errp)
{
    json_t *args, *attrs, *conf;
    const char *name, *uuid;
    flux_msg_t *msg;
    int rc = -1;

    if (!h) {
        errno = EINVAL;
        return errprintf (errp, "no handle");
    }
    if (!(msg = flux_recv (h, FLUX_MATCH_REQUEST, 0)))
        return errprintf (errp, "no welcome from the broker: %s", strerror (errno));
    if (flux_request_unpack (msg, NULL, "{s:o s:o s:o s:s s:s}", "args", &args, "attrs", &attrs,
                             "conf", &conf, "name", &name, "uuid", &uuid) < 0 ||
        !json_is_strings (args)) {
        errno = EPROTO;
        errprintf (errp, "the broker's welcome is not as it should be");
    } else if (keep_string (h, "flux::name", name) < 0 || keep_string (h, "flux::uuid", uuid) < 0 ||
               keep_args (h, args) < 0 || keep_attrs (h, attrs) < 0 || keep_conf (h, conf) < 0 ||
               (argsp && join_args (args, argsp) < 0)) {
        errprintf (errp, "%s", strerror (errno));
    } else {
        flux_log_set_appname (h, name);
        rc = 0;
    }
    flux_msg_decref (msg);
    return rc;
}

struct module_ctx {
    flux_msg_handler_t **methods;
    flux_msg_handler_t **own;
    flux_watcher_t *prepare;
};

static void ctx_destroy (void *arg)
{
    struct module_ctx *ctx = arg;
    int saved_errno = errno;

    flux_watcher_destroy (ctx->prepare);
    flux_msg_handler_delvec (ctx->own);
    flux_msg_handler_delvec (ctx->methods);
    free (ctx);
    errno = saved_errno;
}

static void shutdown_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_reactor_stop (flux_get_reactor (h));
}

static const struct flux_msg_handler_spec own_methods[] = {
    {FLUX_MSGTYPE_REQUEST, "shutdown", shutdown_cb, 0},
    FLUX_MSGHANDLER_TABLE_END,
};

/* The first time that the reactor is about to wait. */
static void running_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    if (flux_module_set_running (arg) < 0)
        flux_log_error (arg, "the module's state could not be told");
    flux_watcher_stop (w);
}

static int subscribe_stats_clear (flux_t *h, const char *name)
{
    char topic[512];

    snprintf (topic, sizeof (topic), "%s.stats-clear", name);
    return flux_event_subscribe (h, topic);
}

int flux_module_register_handlers (flux_t *h, flux_error_t *errp)
{
    const char *name = h ? flux_aux_get (h, "flux::name") : NULL;
    struct module_ctx *ctx;

    if (!name) {
        errno = EINVAL;
        return errprintf (errp, "flux_module_initialize() was not called");
    }
    if (!(ctx = calloc (1, sizeof (*ctx))) || flux_aux_set (h, NULL, ctx, ctx_destroy) < 0) {
        free (ctx);
        return errprintf (errp, "out of memory");
    }
    if (!(ctx->prepare = flux_prepare_watcher_create (flux_get_reactor (h), running_cb, h)) ||
        subscribe_stats_clear (h, name) < 0 || module_methods_add (h, name, &ctx->methods) < 0 ||
        flux_msg_handler_addvec_ex (h, name, own_methods, NULL, &ctx->own) < 0)
        return errprintf (errp, "the methods of every module: %s", strerror (errno));
    flux_watcher_start (ctx->prepare);
    return 0;
}

/* No request comes after the broker's answer to FINALIZING; those that came before are refused. */
static void refuse_rest (flux_t *h)
{
    flux_msg_t *msg;

    while ((msg = flux_recv (h, FLUX_MATCH_REQUEST, FLUX_O_NONBLOCK))) {
        (void)flux_respond_error (h, msg, ENOSYS, "the module is being unloaded");
        flux_msg_decref (msg);
    }
}

int flux_module_finalize (flux_t *h, int errnum, flux_error_t *errp)
{
    flux_future_t *f;
    int rc;

    if (!h) {
        errno = EINVAL;
        return errprintf (errp, "no handle");
    }
    f = flux_rpc_pack (h, "module.status", FLUX_NODEID_ANY, 0, "{s:i}", "status",
                       FLUX_MODSTATE_FINALIZING);
    rc = f && flux_future_wait_for (f, FINALIZE_TIMEOUT) == 0 ? flux_rpc_get (f, NULL) : -1;
    if (rc == 0) {
        refuse_rest (h);
        rc = tell_status (h, FLUX_MODSTATE_EXITED, errnum);
    }
    if (rc < 0)
        errprintf (errp, "the module's end could not be told: %s", strerror (errno));
    flux_future_destroy (f);
    return rc;
}
