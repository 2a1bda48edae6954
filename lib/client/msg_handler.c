/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Message handlers: made, started, stopped, destroyed, one by one and by tables. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/client/dispatch_struct.h"

static bool is_exact_request (const struct flux_match *m)
{
    const char *s = m->topic_glob;

    return m->typemask == FLUX_MSGTYPE_REQUEST && s && *s && s[strcspn (s, "*?[")] == '\0';
}

static int add_exact (struct dispatch *d, flux_msg_handler_t *mh)
{
    const char *name = mh->match.topic_glob;
    struct topic *t;

    HASH_FIND_STR (d->topics, name, t);
    if (!t) {
        if (!(t = calloc (1, sizeof (*t) + strlen (name) + 1)))
            return -1;
        strcpy (t->name, name);
        HASH_ADD_STR (d->topics, name, t);
    }
    DL_PREPEND (t->handlers, mh);
    mh->topic = t;
    return 0;
}

static void remove_exact (struct dispatch *d, flux_msg_handler_t *mh)
{
    struct topic *t = mh->topic;

    DL_DELETE (t->handlers, mh);
    if (!t->handlers) {
        HASH_DEL (d->topics, t);
        free (t);
    }
    DL_APPEND (d->dead, mh);
}

flux_msg_handler_t *flux_msg_handler_create (flux_t *h, struct flux_match match,
                                             flux_msg_handler_f cb, void *arg)
{
    struct dispatch *d;
    flux_msg_handler_t *mh;

    if (!h || !cb) {
        errno = EINVAL;
        return NULL;
    }
    if (!(d = dispatch_get (h)) || !(mh = calloc (1, sizeof (*mh))))
        return NULL;
    mh->match = match;
    if (match.topic_glob && !(mh->match.topic_glob = strdup (match.topic_glob))) {
        free (mh);
        return NULL;
    }
    mh->d = d;
    mh->cb = cb;
    mh->arg = arg;
    mh->rolemask = FLUX_ROLE_OWNER;
    if (!is_exact_request (&mh->match))
        DL_PREPEND (d->others, mh);
    else if (add_exact (d, mh) < 0) {
        flux_match_free (mh->match);
        free (mh);
        return NULL;
    }
    d->refcount++;
    return mh;
}

void flux_msg_handler_start (flux_msg_handler_t *mh)
{
    if (mh && !mh->running) {
        mh->running = true;
        dispatch_want (mh->d);
    }
}

void flux_msg_handler_stop (flux_msg_handler_t *mh)
{
    if (mh && mh->running) {
        mh->running = false;
        dispatch_unwant (mh->d);
    }
}

void flux_msg_handler_destroy (flux_msg_handler_t *mh)
{
    int saved_errno = errno;

    if (mh) {
        struct dispatch *d = mh->d;
        d->refcount++;
        flux_msg_handler_stop (mh);
        mh->destroyed = true;
        if (mh->topic)
            remove_exact (d, mh);
        dispatch_bury (d);
        dispatch_decref (d);
    }
    errno = saved_errno;
}

void flux_msg_handler_allow_rolemask (flux_msg_handler_t *mh, uint32_t rolemask)
{
    if (mh)
        mh->rolemask |= rolemask;
}

void flux_msg_handler_deny_rolemask (flux_msg_handler_t *mh, uint32_t rolemask)
{
    if (mh)
        mh->rolemask = (mh->rolemask & ~rolemask) | FLUX_ROLE_OWNER;
}

static flux_msg_handler_t *add_spec (flux_t *h, const char *service_name,
                                     const struct flux_msg_handler_spec *spec, void *arg)
{
    struct flux_match match = {.typemask = spec->typemask, .topic_glob = spec->topic_glob};
    char *topic = NULL;

    if (service_name) {
        if (asprintf (&topic, "%s.%s", service_name, spec->topic_glob) < 0)
            return NULL;
        match.topic_glob = topic;
    }
    flux_msg_handler_t *mh = flux_msg_handler_create (h, match, spec->cb, arg);
    free (topic);
    flux_msg_handler_allow_rolemask (mh, spec->rolemask);
    flux_msg_handler_start (mh);
    return mh;
}

int flux_msg_handler_addvec_ex (flux_t *h, const char *service_name,
                                const struct flux_msg_handler_spec tab[], void *arg,
                                flux_msg_handler_t **msg_handlers[])
{
    flux_msg_handler_t **vec;
    int n = 0;

    if (!h || !tab || !msg_handlers) {
        errno = EINVAL;
        return -1;
    }
    while (tab[n].typemask || tab[n].topic_glob || tab[n].cb || tab[n].rolemask)
        n++;
    if (!(vec = calloc (n + 1, sizeof (*vec))))
        return -1;
    for (int i = 0; i < n; i++) {
        if (!(vec[i] = add_spec (h, service_name, &tab[i], arg))) {
            flux_msg_handler_delvec (vec);
            return -1;
        }
    }
    *msg_handlers = vec;
    return 0;
}

int flux_msg_handler_addvec (flux_t *h, const struct flux_msg_handler_spec tab[], void *arg,
                             flux_msg_handler_t **msg_handlers[])
{
    return flux_msg_handler_addvec_ex (h, NULL, tab, arg, msg_handlers);
}

void flux_msg_handler_delvec (flux_msg_handler_t *msg_handlers[])
{
    for (int i = 0; msg_handlers && msg_handlers[i]; i++)
        flux_msg_handler_destroy (msg_handlers[i]);
    free (msg_handlers);
}
