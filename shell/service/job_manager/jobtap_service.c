/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A plugin's handle to the broker, and its own methods under job-manager.<name>. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/client/reactor_private.h"
#include "shell/service/job_manager/jobtap_private.h"

#define METHODS_MAX 32

struct method {
    struct tap *tap;
    flux_msg_handler_f cb;
    void *arg;
};

/* The router's rows have no argument of their own, so there is one function for each. */
struct tap_service {
    char *name;
    bool added;
    struct handler_row rows[METHODS_MAX + 1];
    struct method methods[METHODS_MAX];
    int count;
};

flux_t *flux_jobtap_get_flux (flux_plugin_t *p)
{
    struct tap *tap = p ? flux_plugin_aux_get (p, TAP_KEY) : NULL;
    struct jobtap *jt = tap ? tap->jt : NULL;
    int sv[2];
    char uri[32];

    if (!jt) {
        errno = EINVAL;
        return NULL;
    }
    if (jt->h)
        return jt->h;
    if (!jt->reactor && !(jt->reactor = reactor_over (router_loop (jt->jm->rt))))
        return NULL;
    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return NULL;
    if (router_client_add (jt->jm->rt, sv[0], jt->jm->owner, FLUX_ROLE_OWNER) < 0) {
        close (sv[0]);
        close (sv[1]);
        return NULL;
    }
    snprintf (uri, sizeof (uri), "fd://%d", sv[1]);
    if (!(jt->h = flux_open (uri, 0)) || flux_set_reactor (jt->h, jt->reactor) < 0) {
        flux_close (jt->h);
        jt->h = NULL;
    }
    return jt->h;
}

static void request_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct tap *tap = arg;
    struct tap_service *s = tap->service;
    const char *topic;

    if (flux_msg_get_topic (msg, &topic) < 0)
        return;
    const char *name = topic + strlen (s->name) + 1;
    for (int i = 0; i < s->count; i++) {
        if (strcmp (s->rows[i].topic, name) == 0) {
            s->methods[i].cb (flux_jobtap_get_flux (tap->p), NULL, msg, s->methods[i].arg);
            return;
        }
    }
}

static int service_create (struct tap *tap)
{
    struct tap_service *s = calloc (1, sizeof (*s));

    if (!s || asprintf (&s->name, "job-manager.%s", flux_plugin_get_name (tap->p)) < 0) {
        free (s);
        return -1;
    }
    tap->service = s;
    return 0;
}

int flux_jobtap_service_register_ex (flux_plugin_t *p, const char *method, uint32_t rolemask,
                                     flux_msg_handler_f cb, void *arg)
{
    struct tap *tap = p ? flux_plugin_aux_get (p, TAP_KEY) : NULL;
    struct tap_service *s;
    char *copy;

    if (!tap || !method || !cb || !flux_plugin_get_name (p)) {
        errno = EINVAL;
        return -1;
    }
    if (!flux_jobtap_get_flux (p) || (!tap->service && service_create (tap) < 0))
        return -1;
    s = tap->service;
    if (s->count == METHODS_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (!(copy = strdup (method)))
        return -1;
    s->rows[s->count] = (struct handler_row){copy, request_cb, rolemask};
    s->methods[s->count++] = (struct method){tap, cb, arg};
    if (!s->added && router_service_add (tap->jt->jm->rt, s->name, s->rows, tap) < 0)
        return -1;
    s->added = true;
    return 0;
}

int flux_jobtap_service_register (flux_plugin_t *p, const char *method, flux_msg_handler_f cb,
                                  void *arg)
{
    return flux_jobtap_service_register_ex (p, method, FLUX_ROLE_OWNER | FLUX_ROLE_USER, cb, arg);
}

void tap_service_remove (struct tap *tap)
{
    struct tap_service *s = tap->service;

    if (!s)
        return;
    if (s->added)
        router_service_remove (tap->jt->jm->rt, s->name);
    for (int i = 0; i < s->count; i++)
        free ((char *)s->rows[i].topic);
    free (s->name);
    free (s);
    tap->service = NULL;
}
