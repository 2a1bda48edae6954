/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Loading and removing plugins of the job manager: flux jobtap, and the configuration. */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include <flux/request.h>

#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/jobtap_private.h"

#define PATH_SIZE 4096

/* What plugins of others do, the job manager does itself. */
static const char *const builtins[] = {
    ".history",
    ".submit-hold",
    ".dependency-after",
    ".dependency-singleton",
    ".begin-time",
    ".limit-job-size",
    ".limit-duration",
    ".validate-duration",
    ".update-duration",
    "perilog.so",
    NULL,
};
#define PRIORITY_DEFAULT ".priority-default"

struct jobtap *jobtap_create (struct job_manager *jm)
{
    struct jobtap *jt = calloc (1, sizeof (*jt));

    if (jt)
        jt->jm = jm;
    return jt;
}

bool jobtap_any (const struct jobtap *jt)
{
    return jt->list != NULL;
}

bool jobtap_rules_priority (const struct jobtap *jt)
{
    return jt->list != NULL || jt->no_priority_default;
}

static int drop_plugin (struct job *job, void *arg)
{
    if (job->live && job->live->taps)
        job_taps_drop_plugin (job->live->taps, arg);
    return 0;
}

static void tap_remove (struct tap *tap)
{
    struct jobtap *jt = tap->jt;

    DL_DELETE (jt->list, tap);
    tap_service_remove (tap);
    job_manager_walk (jt->jm, JOB_NEW | JOB_ACTIVE, drop_plugin, tap->p);
    flux_plugin_destroy (tap->p);
    free (tap->name);
    free (tap);
}

void jobtap_destroy (struct jobtap *jt)
{
    if (jt) {
        while (jt->list)
            tap_remove (jt->list);
        flux_close (jt->h);
        flux_reactor_decref (jt->reactor);
        free (jt);
    }
}

/* ---- remove ---- */

/* As with hidden files, a pattern finds names with a leading dot only if it has one too. */
static bool matches (const char *pattern, const char *name)
{
    return fnmatch (pattern, name, FNM_PERIOD) == 0;
}

static int remove_matching (struct jobtap *jt, const char *pattern, flux_error_t *errp)
{
    bool all = strcmp (pattern, "all") == 0;
    struct tap *tap, *tmp;
    int count = 0;

    DL_FOREACH_SAFE (jt->list, tap, tmp)
    {
        if (matches (all ? "*" : pattern, tap->name)) {
            tap_remove (tap);
            count++;
        }
    }
    if (!jt->no_priority_default && matches (pattern, PRIORITY_DEFAULT)) {
        jt->no_priority_default = true;
        count++;
    }
    if (count == 0 && !all) {
        errno = ENOENT;
        return errprintf (errp, "Failed to find plugin to remove: %s", pattern);
    }
    return 0;
}

/* ---- load ---- */

/* The search path: $FLUX_JOBTAP_PLUGIN_PATH, then the folder beside our libraries. */
static int find_file (const char *name, char *path, size_t size)
{
    const char *dirs = getenv ("FLUX_JOBTAP_PLUGIN_PATH");
    char *copy = NULL, *save = NULL, *dir;

    if (*name == '/')
        return snprintf (path, size, "%s", name) < (int)size ? 0 : -1;
    if (asprintf (&copy, "%s%s%s", dirs ? dirs : "", dirs ? ":" : "",
                  FLUX_LIBDIR "/job-manager/plugins") < 0)
        return -1;
    for (dir = strtok_r (copy, ":", &save); dir; dir = strtok_r (NULL, ":", &save)) {
        if (snprintf (path, size, "%s/%s", dir, name) < (int)size && access (path, R_OK) == 0)
            break;
    }
    free (copy);
    errno = ENOENT;
    return dir ? 0 : -1;
}

static bool is_builtin (const char *name)
{
    for (int i = 0; builtins[i]; i++) {
        if (strcmp (builtins[i], name) == 0)
            return true;
    }
    return false;
}

static struct tap *tap_lookup (struct jobtap *jt, const char *name)
{
    struct tap *tap;

    DL_FOREACH (jt->list, tap)
    {
        if (strcmp (tap->name, name) == 0)
            return tap;
    }
    return NULL;
}

static int tell_config (struct tap *tap, const json_t *config, flux_error_t *errp)
{
    flux_plugin_arg_t *args = flux_plugin_arg_create ();
    const char *text = NULL;
    int rc = 0;

    if (!args || flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O}", "conf", config) < 0)
        rc = errprintf (errp, "out of memory");
    else if (flux_plugin_match_handler (tap->p, "conf.update") &&
             tap_call_one (tap, NULL, "conf.update", args) < 0) {
        flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s?s}", "errmsg", &text);
        errno = EINVAL;
        rc = text ? errprintf (errp, "%s", text)
                  : errprintf (errp, "config rejected by %s jobtap plugin", tap->name);
    }
    flux_plugin_arg_destroy (args);
    return rc;
}

static struct tap *tap_create (struct jobtap *jt, const char *path)
{
    struct tap *tap = calloc (1, sizeof (*tap));
    const char *slash = strrchr (path, '/');

    if (!tap || !(tap->name = strdup (slash ? slash + 1 : path)) ||
        !(tap->p = flux_plugin_create ()) || flux_plugin_aux_set (tap->p, TAP_KEY, tap, NULL) < 0) {
        if (tap) {
            flux_plugin_destroy (tap->p);
            free (tap->name);
        }
        free (tap);
        return NULL;
    }
    tap->jt = jt;
    DL_APPEND (jt->list, tap);
    return tap;
}

static int start (struct tap *tap, const char *path, const json_t *conf, flux_error_t *errp)
{
    char *text = conf ? json_dumps (conf, JSON_COMPACT) : NULL;
    int rc = -1;

    if (text && flux_plugin_set_conf (tap->p, text) < 0)
        errprintf (errp, "%s: conf: %s", tap->name, flux_plugin_strerror (tap->p));
    else if (flux_plugin_load_dso (tap->p, path) < 0)
        errprintf (errp, "%s", flux_plugin_strerror (tap->p));
    else
        rc = tell_config (tap, tap->jt->jm->config, errp);
    free (text);
    return rc;
}

static int load (struct jobtap *jt, const char *name, const json_t *conf, flux_error_t *errp)
{
    char path[PATH_SIZE];
    struct tap *tap;

    if (strcmp (name, PRIORITY_DEFAULT) == 0) {
        jt->no_priority_default = false;
        return 0;
    }
    if (is_builtin (name))
        return 0;
    if (find_file (name, path, sizeof (path)) < 0)
        return errprintf (errp, "%s: %s", name, strerror (errno));
    const char *slash = strrchr (path, '/');
    if (tap_lookup (jt, slash ? slash + 1 : path)) {
        errno = EEXIST;
        return errprintf (errp, "%s is already loaded", name);
    }
    if (!(tap = tap_create (jt, path)))
        return errprintf (errp, "out of memory");
    if (start (tap, path, conf, errp) < 0) {
        int saved_errno = errno;
        tap_remove (tap);
        errno = saved_errno;
        return -1;
    }
    tap_introduce (tap);
    return 0;
}

/* ---- the jobs that are there already ---- */

struct introduction {
    struct tap *tap;
    struct job **jobs;
    size_t count, size;
};

static int collect (struct job *job, void *arg)
{
    struct introduction *in = arg;

    if (ARRAY_ROOM (in->jobs, in->count, in->size, 64) < 0)
        return -1;
    in->jobs[in->count++] = job;
    return 0;
}

static int by_order (const void *a, const void *b, void *arg)
{
    const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;
    int order = *(int *)arg;

    if (order != 0 && x->state != y->state)
        return x->state < y->state ? -order : order;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* job.create, job.new, and that of the state it is in. */
static void introduce (struct tap *tap, struct job *job)
{
    static const char *const topics[] = {"job.create", "job.new"};
    flux_plugin_arg_t *args;

    if (job->state == JOB_INACTIVE || !(args = tap_args (tap->jt, job)))
        return;
    for (int i = 0; i < 2; i++)
        tap_call_one (tap, job, topics[i], args);
    flux_plugin_arg_destroy (args);
}

void tap_introduce (struct tap *tap)
{
    struct introduction in = {.tap = tap};
    int order = tap->order;

    job_manager_walk (tap->jt->jm, JOB_NEW | JOB_ACTIVE, collect, &in);
    if (in.count > 0)
        qsort_r (in.jobs, in.count, sizeof (in.jobs[0]), by_order, &order);
    for (size_t i = 0; i < in.count; i++)
        introduce (tap, in.jobs[i]);
    free (in.jobs);
}

/* ---- configuration ---- */

static int follow_directive (struct jobtap *jt, json_t *entry, size_t i, flux_error_t *errp)
{
    const char *name = NULL, *pattern = NULL;
    json_t *conf = NULL;
    flux_error_t error;
    const char *slash;

    errno = EINVAL;
    if (json_unpack (entry, "{s?s s?o s?s}", "load", &name, "conf", &conf, "remove", &pattern) < 0)
        return errprintf (errp, "job-manager.plugins[%zu]: not a table of load, conf and remove",
                          i);
    if (pattern && remove_matching (jt, pattern, &error) < 0)
        return errprintf (errp, "job-manager.plugins[%zu]: %s", i, error.text);
    if (!name)
        return 0;
    slash = strrchr (name, '/');
    if (tap_lookup (jt, slash ? slash + 1 : name)) // from the last time
        return 0;
    if (load (jt, name, conf, &error) < 0)
        return errprintf (errp, "job-manager.plugins[%zu]: %s", i, error.text);
    return 0;
}

int jobtap_check_config (struct jobtap *jt, const json_t *config, flux_error_t *errp)
{
    json_t *plugins = json_object_get (json_object_get (config, "job-manager"), "plugins");
    struct tap *tap;

    if (plugins && !json_is_array (plugins)) {
        errno = EINVAL;
        return errprintf (errp, "job-manager.plugins: must be an array");
    }
    DL_FOREACH (jt->list, tap)
    {
        if (tell_config (tap, config, errp) < 0)
            return -1;
    }
    return 0;
}

int jobtap_configure (struct jobtap *jt, const json_t *config, flux_error_t *errp)
{
    json_t *plugins = json_object_get (json_object_get (config, "job-manager"), "plugins"), *entry;
    size_t i;

    json_array_foreach (plugins, i, entry)
    {
        if (follow_directive (jt, entry, i, errp) < 0)
            return -1;
    }
    return 0;
}

/* ---- requests ---- */

static json_t *list_names (const struct jobtap *jt)
{
    json_t *names = json_array ();
    struct tap *tap;

    for (int i = 0; builtins[i]; i++) {
        if (*builtins[i] == '.')
            json_array_append_new (names, json_string (builtins[i]));
    }
    if (!jt->no_priority_default)
        json_array_append_new (names, json_string (PRIORITY_DEFAULT));
    DL_FOREACH (jt->list, tap)
    json_array_append_new (names, json_string (tap->name));
    return names;
}

void jobtap_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name = NULL, *pattern = NULL;
    json_t *conf = NULL;
    int query_only = 0;
    flux_error_t error = {""};

    if (flux_request_unpack (msg, NULL, "{s?s s?o s?s s?b}", "load", &name, "conf", &conf, "remove",
                             &pattern, "query_only", &query_only) < 0)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (query_only)
        router_respond_pack (rt, msg, "{s:o}", "plugins", list_names (jm->jobtap));
    else if ((pattern && remove_matching (jm->jobtap, pattern, &error) < 0) ||
             (name && load (jm->jobtap, name, conf, &error) < 0))
        router_respond_error (rt, msg, errno, error.text);
    else
        router_respond_pack (rt, msg, "{s:o}", "plugins", list_names (jm->jobtap));
}

static void answer_query (struct router *rt, const flux_msg_t *msg, struct tap *tap)
{
    flux_plugin_arg_t *args = flux_plugin_arg_create ();
    char *text = NULL;

    if (!args ||
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:s s:s}", "name", tap->name, "path",
                              flux_plugin_get_path (tap->p)) < 0 ||
        tap_call_one (tap, NULL, "plugin.query", args) < 0 ||
        flux_plugin_arg_get (args, FLUX_PLUGIN_ARG_OUT, &text) < 0)
        router_respond_error (rt, msg, EINVAL, "plugin.query failed");
    else
        router_respond (rt, msg, text);
    free (text);
    flux_plugin_arg_destroy (args);
}

void jobtap_query_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    const char *name;
    struct tap *tap;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if ((tap = tap_lookup (jm->jobtap, name)))
        answer_query (rt, msg, tap);
    else if (is_builtin (name) || strcmp (name, PRIORITY_DEFAULT) == 0)
        router_respond_pack (rt, msg, "{s:s s:s}", "name", name, "path", "builtin");
    else
        router_respond_error (rt, msg, ENOENT, NULL);
}
