/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/plugin.h>

#include "lib/util/aux.h"
#include "lib/util/errprintf.h"

struct handler {
    char *topic;
    flux_plugin_f cb;
    void *arg;
    struct handler *next;
};

struct flux_plugin {
    char *name;
    char *path;
    void *dso;
    char *conf_text;
    json_t *conf;
    struct handler *handlers; // in the order in which they were added
    struct aux_item *aux;
    flux_error_t error;
};

static int fail (flux_plugin_t *p, int errnum)
{
    errno = errnum;
    if (p)
        errprintf (&p->error, "%s", strerror (errnum));
    return -1;
}

flux_plugin_t *flux_plugin_create (void)
{
    return calloc (1, sizeof (flux_plugin_t));
}

static void handler_destroy (struct handler *h)
{
    free (h->topic);
    free (h);
}

/* The code goes last: what frees aux items is part of it. */
void flux_plugin_destroy (flux_plugin_t *p)
{
    if (p) {
        int saved_errno = errno;
        while (p->handlers) {
            struct handler *h = p->handlers;
            p->handlers = h->next;
            handler_destroy (h);
        }
        aux_destroy (&p->aux);
        json_decref (p->conf);
        free (p->conf_text);
        free (p->name);
        free (p->path);
        if (p->dso)
            dlclose (p->dso);
        free (p);
        errno = saved_errno;
    }
}

const char *flux_plugin_strerror (flux_plugin_t *p)
{
    return p ? p->error.text : "";
}

int flux_plugin_set_name (flux_plugin_t *p, const char *name)
{
    char *copy;

    if (!p || !name)
        return fail (p, EINVAL);
    if (!(copy = strdup (name)))
        return fail (p, ENOMEM);
    free (p->name);
    p->name = copy;
    return 0;
}

const char *flux_plugin_get_name (flux_plugin_t *p)
{
    return p ? p->name : NULL;
}

const char *flux_plugin_get_path (flux_plugin_t *p)
{
    return p ? p->path : NULL;
}

static struct handler **find_handler (flux_plugin_t *p, const char *topic)
{
    struct handler **h = &p->handlers;

    while (*h && strcmp ((*h)->topic, topic) != 0)
        h = &(*h)->next;
    return h;
}

int flux_plugin_remove_handler (flux_plugin_t *p, const char *topic)
{
    if (!p || !topic)
        return fail (p, EINVAL);
    struct handler **at = find_handler (p, topic), *h = *at;
    if (h) {
        *at = h->next;
        handler_destroy (h);
    }
    return 0;
}

int flux_plugin_add_handler (flux_plugin_t *p, const char *topic, flux_plugin_f cb, void *arg)
{
    struct handler *h;

    if (!p || !topic)
        return fail (p, EINVAL);
    if (!cb)
        return flux_plugin_remove_handler (p, topic);
    struct handler **at = find_handler (p, topic);
    if ((h = *at)) {
        h->cb = cb;
        h->arg = arg;
        return 0;
    }
    if (!(h = calloc (1, sizeof (*h))) || !(h->topic = strdup (topic))) {
        free (h);
        return fail (p, ENOMEM);
    }
    h->cb = cb;
    h->arg = arg;
    *at = h;
    return 0;
}

static struct handler *match (flux_plugin_t *p, const char *topic)
{
    for (struct handler *h = p ? p->handlers : NULL; h && topic; h = h->next)
        if (fnmatch (h->topic, topic, 0) == 0)
            return h;
    return NULL;
}

flux_plugin_f flux_plugin_get_handler (flux_plugin_t *p, const char *topic)
{
    struct handler *h = p && topic ? *find_handler (p, topic) : NULL;
    return h ? h->cb : NULL;
}

flux_plugin_f flux_plugin_match_handler (flux_plugin_t *p, const char *topic)
{
    struct handler *h = match (p, topic);
    return h ? h->cb : NULL;
}

int flux_plugin_register (flux_plugin_t *p, const char *name, const struct flux_plugin_handler t[])
{
    if (!p || (name && flux_plugin_set_name (p, name) < 0))
        return -1;
    for (; t && t->topic; t++)
        if (flux_plugin_add_handler (p, t->topic, t->cb, t->data) < 0)
            return -1;
    return 0;
}

int flux_plugin_aux_set (flux_plugin_t *p, const char *key, void *val, flux_free_f free_fn)
{
    return p ? aux_set (&p->aux, key, val, free_fn) : fail (p, EINVAL);
}

void *flux_plugin_aux_get (flux_plugin_t *p, const char *key)
{
    return p ? aux_get (p->aux, key) : NULL;
}

int flux_plugin_set_conf (flux_plugin_t *p, const char *json_str)
{
    json_error_t error;

    if (!p || !json_str)
        return fail (p, EINVAL);
    json_t *o = json_loads (json_str, 0, &error);
    char *text = strdup (json_str);
    if (!o || !text) {
        json_decref (o);
        free (text);
        errno = EINVAL;
        return errprintf (&p->error, "%s", o ? "out of memory" : error.text);
    }
    json_decref (p->conf);
    free (p->conf_text);
    p->conf = o;
    p->conf_text = text;
    return 0;
}

const char *flux_plugin_get_conf (flux_plugin_t *p)
{
    return p ? p->conf_text : NULL;
}

int flux_plugin_conf_unpack (flux_plugin_t *p, const char *fmt, ...)
{
    json_error_t error;
    va_list ap;

    if (!p || !fmt)
        return fail (p, EINVAL);
    if (!p->conf)
        return fail (p, ENOENT);
    va_start (ap, fmt);
    int rc = json_vunpack_ex (p->conf, &error, 0, fmt, ap);
    va_end (ap);
    if (rc < 0) {
        errno = EINVAL;
        return errprintf (&p->error, "%s", error.text);
    }
    return 0;
}

static char *name_of (const char *path)
{
    const char *base = strrchr (path, '/');
    char *name = strdup (base ? base + 1 : path);
    char *dot = name ? strrchr (name, '.') : NULL;

    if (dot && !strcmp (dot, ".so"))
        *dot = '\0';
    return name;
}

int flux_plugin_load_dso (flux_plugin_t *p, const char *path)
{
    flux_plugin_init_f init;

    if (!p || !path || p->dso)
        return fail (p, EINVAL);
    if (!(p->dso = dlopen (path, RTLD_NOW | RTLD_LOCAL))) {
        errno = ENOENT;
        return errprintf (&p->error, "%s", dlerror ());
    }
    free (p->path);
    p->path = strdup (path);
    if (!p->name)
        p->name = name_of (path);
    if (!p->path || !p->name)
        return fail (p, ENOMEM);
    *(void **)&init = dlsym (p->dso, "flux_plugin_init");
    if (init && init (p) < 0) {
        errno = EINVAL;
        return errprintf (&p->error, "%s: flux_plugin_init failed", path);
    }
    return 0;
}

int flux_plugin_call (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args)
{
    if (!p || !topic)
        return fail (p, EINVAL);
    struct handler *h = match (p, topic);
    return h ? h->cb (p, topic, args, h->arg) : 0;
}
