/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Services of this broker and of its clients: who has which name, and who takes a request. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/broker/router_private.h"

static struct service *service_lookup (struct router *rt, const char *topic, const char **methodp)
{
    struct service *svc = NULL;
    const char *end = topic + strlen (topic);

    /* Service names may hold dots ("job-exec.override"); the longest registered one wins. */
    while (end > topic) {
        HASH_FIND (hh, rt->services, topic, (size_t)(end - topic), svc);
        if (svc) {
            *methodp = *end == '.' ? end + 1 : "";
            return svc;
        }
        while (--end > topic && *end != '.')
            ;
    }
    return NULL;
}

static int service_insert (struct router *rt, struct service *svc)
{
    struct service *old;

    HASH_FIND_STR (rt->services, svc->name, old);
    if (old && !(old->yields && svc->client)) {
        errno = EEXIST;
        return -1;
    }
    if (old) {
        HASH_DEL (rt->services, old);
        svc->yielded = old;
    }
    HASH_ADD_KEYPTR (hh, rt->services, svc->name, strlen (svc->name), svc);
    return 0;
}

static void service_free (struct service *svc)
{
    if (svc) {
        service_free (svc->yielded);
        free (svc->client_name);
        free (svc);
    }
}

int router_service_add (struct router *rt, const char *name, const struct handler_row *rows,
                        void *arg)
{
    struct service *svc = calloc (1, sizeof (*svc));

    if (!svc)
        return -1;
    svc->name = name;
    svc->rows = rows;
    svc->arg = arg;
    svc->used = ev_now (rt->loop);
    if (service_insert (rt, svc) < 0) {
        service_free (svc);
        return -1;
    }
    return 0;
}

/* What it took the place of is there again. */
static void service_delete (struct router *rt, struct service *svc)
{
    struct service *own = svc->yielded;

    HASH_DEL (rt->services, svc);
    svc->yielded = NULL;
    service_free (svc);
    if (own)
        HASH_ADD_KEYPTR (hh, rt->services, own->name, strlen (own->name), own);
}

void router_service_remove (struct router *rt, const char *name)
{
    struct service *svc;

    if (!rt)
        return;
    HASH_FIND_STR (rt->services, name, svc);
    if (svc && svc->yielded) {
        service_free (svc->yielded);
        svc->yielded = NULL;
    } else if (svc && !svc->client) {
        service_delete (rt, svc);
    }
}

void router_service_yield (struct router *rt, const char *name)
{
    struct service *svc;

    HASH_FIND_STR (rt->services, name, svc);
    if (svc)
        svc->yields = true;
}

int service_add_client (struct router *rt, const char *name, struct client *client)
{
    struct service *svc = calloc (1, sizeof (*svc));

    if (!svc || !(svc->client_name = strdup (name)))
        goto error;
    svc->name = svc->client_name;
    svc->client = client;
    if (service_insert (rt, svc) < 0)
        goto error;
    return 0;
error:
    service_free (svc);
    return -1;
}

int service_remove_client (struct router *rt, const char *name, struct client *client)
{
    struct service *svc;

    HASH_FIND_STR (rt->services, name, svc);
    if (!svc || svc->client != client) {
        errno = ENOENT;
        return -1;
    }
    service_delete (rt, svc);
    return 0;
}

void service_remove_all_of_client (struct router *rt, struct client *client)
{
    struct service *svc, *tmp;

    HASH_ITER (hh, rt->services, svc, tmp)
    {
        if (svc->client == client)
            service_delete (rt, svc);
    }
}

static int compare_names (const void *a, const void *b)
{
    return strcmp ((*(struct service *const *)a)->name, (*(struct service *const *)b)->name);
}

json_t *router_services (struct router *rt)
{
    struct service **list = calloc (HASH_COUNT (rt->services) + 1, sizeof (*list));
    json_t *o = json_array ();
    size_t n = 0;

    for (struct service *svc = rt->services; list && svc; svc = svc->hh.next) {
        if (!svc->client)
            list[n++] = svc;
    }
    if (n > 0)
        qsort (list, n, sizeof (*list), compare_names);
    for (size_t i = 0; i < n; i++)
        json_array_append_new (o, json_pack ("{s:s s:f}", "name", list[i]->name, "idle",
                                             ev_now (rt->loop) - list[i]->used));
    free (list);
    return o;
}

static void call_handler (struct router *rt, const struct handler_row *row, const flux_msg_t *msg,
                          void *arg)
{
    uint32_t rolemask = 0;

    flux_msg_get_rolemask (msg, &rolemask);
    if (!(rolemask & (row->role | FLUX_ROLE_OWNER)))
        router_respond_error (rt, msg, EPERM, "Request requires owner credentials");
    else
        row->handler (rt, msg, arg);
}

static void service_dispatch (struct router *rt, struct service *svc, const char *method,
                              const flux_msg_t *msg)
{
    if (svc->client) {
        if (client_send (svc->client, msg) < 0)
            router_respond_error (rt, msg, errno, NULL);
        return;
    }
    svc->used = ev_now (rt->loop);
    for (const struct handler_row *row = svc->rows; row->topic; row++) {
        if (strcmp (row->topic, method) == 0) {
            call_handler (rt, row, msg, svc->arg);
            return;
        }
    }
    service_answer_default (rt, svc, msg, method);
}

bool service_take_request (struct router *rt, const flux_msg_t *msg)
{
    const char *topic, *method;
    struct service *svc;

    if (flux_msg_get_topic (msg, &topic) < 0 || !(svc = service_lookup (rt, topic, &method)))
        return false;
    service_dispatch (rt, svc, method, msg);
    return true;
}

void service_table_clear (struct router *rt)
{
    struct service *svc, *tmp;

    HASH_ITER (hh, rt->services, svc, tmp)
    {
        HASH_DEL (rt->services, svc);
        service_free (svc);
    }
}
