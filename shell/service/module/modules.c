/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `module` service, see modules.h. */

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/disconnect.h>
#include <flux/module.h>
#include <flux/request.h>
#include <flux/rpc.h>

#include "lib/util/json_strings.h"
#include "shell/broker/attr.h"
#include "shell/broker/conf_service.h"
#include "shell/service/module/modinfo.h"
#include "shell/service/module/modules_private.h"

#define REMOVE_TIMEOUT 10. // seconds that a module has to end after it was asked
#define UNLOAD_TIMEOUT 3.  // the same when the broker ends

static void log_line (struct modules *mods, int severity, const char *name, const char *text)
{
    router_log (mods->rt, severity, "module", "%s: %s", name, text);
}

struct entry *modules_find (struct modules *mods, const char *name)
{
    char own[MODULE_NAME_MAX] = "";
    struct entry *e, *found = NULL;
    int count = 0;

    modinfo_name (name, own);
    DL_FOREACH (mods->list, e)
    {
        if (strcmp (module_name (e->module), name) == 0)
            return e;
        if (strcmp (module_path (e->module), name) != 0)
            continue;
        if (strcmp (module_name (e->module), own) == 0)
            return e;
        found = e;
        count++;
    }
    return count == 1 ? found : NULL;
}

static bool is_builtin (struct modules *mods, const char *name)
{
    json_t *o = router_services (mods->rt), *svc;
    bool found = false;
    size_t i;

    json_array_foreach (o, i, svc)
    {
        found = found || strcmp (json_string_value (json_object_get (svc, "name")), name) == 0;
    }
    json_decref (o);
    return found;
}

static void answer_load (struct entry *e)
{
    char text[256];

    if (!e->load)
        return;
    if (module_errnum (e->module) == 0) {
        router_respond (e->mods->rt, e->load, NULL);
    } else {
        snprintf (text, sizeof (text), "%s did not start: %s", module_name (e->module),
                  module_strerror (e->module));
        router_respond_error (e->mods->rt, e->load, module_errnum (e->module), text);
    }
    flux_msg_decref (e->load);
    e->load = NULL;
}

static void answer_remove (const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;

    router_respond (mods->rt, msg, NULL);
}

static void entry_destroy (struct entry *e)
{
    if (e) {
        ev_timer_stop (router_loop (e->mods->rt), &e->timer);
        flux_msg_decref (e->load);
        waiters_destroy (e->removes);
        module_destroy (e->module);
        free (e);
    }
}

static void state_cb (struct module *m, void *arg)
{
    struct entry *e = arg;

    if (module_state (m) == FLUX_MODSTATE_RUNNING)
        answer_load (e);
}

static void check_all_gone (struct modules *mods)
{
    modules_gone_f gone = mods->gone;

    if (gone && !mods->list) {
        ev_timer_stop (router_loop (mods->rt), &mods->timer);
        mods->gone = NULL;
        gone (mods->gone_arg);
    }
}

static void ended_cb (struct module *m, void *arg)
{
    struct entry *e = arg;
    struct modules *mods = e->mods;

    if (module_errnum (m) != 0 && module_was_running (m) && !e->unloading)
        log_line (mods, LOG_CRIT, module_name (m), module_strerror (m));
    else
        log_line (mods, LOG_DEBUG, module_name (m), "exited");
    answer_load (e);
    waiters_each (e->removes, answer_remove, mods);
    DL_DELETE (mods->list, e);
    entry_destroy (e);
    check_all_gone (mods);
}

static void passed_cb (struct module *m, const char *prefix, const flux_msg_t *msg, void *arg)
{
    struct entry *e = arg;

    if (e->module) // not before module_create() returned
        modtrace_message (e->mods->trace, module_name (m), prefix, msg);
}

static const struct module_ops module_ops = {state_cb, ended_cb, passed_cb};

static json_t *running_names (void *arg)
{
    struct modules *mods = arg;
    json_t *names = json_array ();
    struct entry *e;

    DL_FOREACH (mods->list, e)
    {
        if (module_state (e->module) == FLUX_MODSTATE_RUNNING)
            json_array_append_new (names, json_string (module_name (e->module)));
    }
    return names;
}

/* The attributes that do not change. */
static json_t *welcome_attrs (const struct attrs *attrs)
{
    static const char *const names[] = {"rank",      "size",           "security.owner",
                                        "local-uri", "instance-level", "hostlist",
                                        "hostname",  "broker.pid",     "broker.uuid"};
    json_t *o = json_object ();

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        const char *val = attr_get (attrs, names[i]);
        if (val)
            json_object_set_new (o, names[i], json_string (val));
    }
    return o;
}

static void remove_timer_cb (struct ev_loop *loop, ev_timer *w, int revents);

static struct entry *entry_create (struct modules *mods, const struct module_spec *spec,
                                   flux_error_t *errp)
{
    struct entry *e = calloc (1, sizeof (*e));

    if (!e || !(e->removes = waiters_create ())) {
        free (e);
        return NULL;
    }
    e->mods = mods;
    ev_timer_init (&e->timer, remove_timer_cb, REMOVE_TIMEOUT, 0.);
    e->timer.data = e;
    if (!(e->module = module_create (mods->rt, spec, &module_ops, e, errp))) {
        int saved_errno = errno;
        entry_destroy (e);
        errno = saved_errno;
        return NULL;
    }
    DL_APPEND (mods->list, e);
    return e;
}

static char *find_path (const char *target)
{
    const char *env = getenv ("FLUX_MODULE_PATH");
    char *path = modinfo_find (target, env);

    return path ? path : modinfo_find (target, FLUX_LIBDIR "/modules");
}

static void load_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    struct module_spec spec = {0};
    flux_error_t error = {""};
    const char *target;
    char *path = NULL;
    int exec = 0;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:s s:o s?s s?b s?s}", "path", &target, "args",
                             &spec.args, "name", &spec.name, "exec", &exec, "loader",
                             &spec.loader) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (!json_is_strings (spec.args)) {
        router_respond_error (rt, msg, EPROTO, "args are not strings");
    } else if (spec.loader && !strchr (target, '/')) {
        router_respond_error (rt, msg, EINVAL, "a loader needs the path of its module");
    } else if (mods->gone) {
        router_respond_error (rt, msg, ESHUTDOWN, "the broker is ending");
    } else if (!(path = find_path (target))) {
        router_respond_error (rt, msg, ENOENT, "there is no such module");
    } else {
        spec.path = path;
        spec.exec = exec || spec.loader;
        spec.attrs = welcome_attrs (mods->attrs);
        spec.conf = conf_service_get (mods->conf);
        if ((e = entry_create (mods, &spec, &error)))
            e->load = flux_msg_incref (msg);
        else
            router_respond_error (rt, msg, errno, error.text[0] ? error.text : NULL);
        json_decref (spec.attrs);
    }
    free (path);
}

static void answer_timeout (const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;

    router_respond_error (mods->rt, msg, ETIMEDOUT,
                          "the module did not end in time; --cancel ends it by force");
}

static void remove_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct entry *e = w->data;

    waiters_each (e->removes, answer_timeout, e->mods);
    waiters_clear (e->removes);
}

static void entry_unload (struct entry *e, bool force)
{
    e->unloading = true;
    if (force)
        module_kill (e->module);
    else
        module_shutdown (e->module);
}

static void remove_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    const char *name;
    int cancel = 0;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:s s?b}", "name", &name, "cancel", &cancel) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if ((e = modules_find (mods, name))) {
        if (waiters_add (e->removes, msg) < 0) {
            router_respond_error (rt, msg, errno, NULL);
            return;
        }
        ev_timer_stop (router_loop (rt), &e->timer);
        ev_timer_set (&e->timer, REMOVE_TIMEOUT, 0.);
        ev_timer_start (router_loop (rt), &e->timer);
        entry_unload (e, cancel);
    } else if (is_builtin (mods, name)) {
        router_respond_error (rt, msg, EPERM, "it is built into the broker");
    } else {
        router_respond_error (rt, msg, ENOENT, "there is no such module");
    }
}

static void unload_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct modules *mods = w->data;
    modules_gone_f gone = mods->gone;
    struct entry *e;

    DL_FOREACH (mods->list, e)
    {
        log_line (mods, LOG_ERR, module_name (e->module), "it did not end in time");
    }
    mods->gone = NULL;
    gone (mods->gone_arg);
}

void modules_unload_all (struct modules *mods, modules_gone_f cb, void *arg)
{
    struct entry *e;

    mods->gone = cb;
    mods->gone_arg = arg;
    ev_timer_init (&mods->timer, unload_timer_cb, UNLOAD_TIMEOUT, 0.);
    mods->timer.data = mods;
    ev_timer_start (router_loop (mods->rt), &mods->timer);
    DL_FOREACH (mods->list, e)
    {
        entry_unload (e, false);
    }
    check_all_gone (mods);
}

static void trace_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;

    modtrace_add (mods->trace, msg);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modules *mods = arg;
    struct entry *e;

    modtrace_disconnect (mods->trace, msg);
    DL_FOREACH (mods->list, e)
    {
        waiters_disconnect (e->removes, msg);
        if (e->load && flux_disconnect_match (msg, e->load)) {
            flux_msg_decref (e->load);
            e->load = NULL;
        }
    }
}

static const struct handler_row rows[] = {
    {"load", load_cb, FLUX_ROLE_OWNER},
    {"remove", remove_cb, FLUX_ROLE_OWNER},
    {"list", modules_list_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {"status", modules_status_cb, FLUX_ROLE_OWNER},
    {"debug", modules_debug_cb, FLUX_ROLE_OWNER},
    {"trace", trace_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct modules *modules_create (struct router *rt, const struct attrs *attrs,
                                struct conf_service *conf)
{
    struct modules *mods = calloc (1, sizeof (*mods));

    if (!mods)
        return NULL;
    mods->rt = rt;
    mods->attrs = attrs;
    mods->conf = conf;
    if (!(mods->trace = modtrace_create (rt)) ||
        !(mods->modconf = modconf_create (rt, conf, running_names, mods)) ||
        router_service_add (rt, "module", rows, mods) < 0) {
        modconf_destroy (mods->modconf);
        modtrace_destroy (mods->trace);
        free (mods);
        return NULL;
    }
    return mods;
}

void modules_destroy (struct modules *mods)
{
    if (mods) {
        int saved_errno = errno;
        struct entry *e;
        ev_timer_stop (router_loop (mods->rt), &mods->timer);
        router_service_remove (mods->rt, "module");
        while ((e = mods->list)) {
            DL_DELETE (mods->list, e);
            entry_destroy (e);
        }
        modconf_destroy (mods->modconf);
        modtrace_destroy (mods->trace);
        free (mods);
        errno = saved_errno;
    }
}
