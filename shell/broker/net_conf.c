/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <flux/hostlist.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/net_conf.h"

#define HOSTS_MAX (1u << 20)

static int set_number (struct attrs *attrs, const char *name, double value)
{
    char text[32];

    snprintf (text, sizeof (text), "%.15g", value);
    return attr_set (attrs, name, text);
}

static int set_key (struct attrs *attrs, const char *key, const json_t *value, flux_error_t *errp)
{
    static const char *const keys[] = {
        "topo",           "torpid_min",   "torpid_max",     "tcp_user_timeout", "connect_timeout",
        "zmq_io_threads", "child_rcvhwm", "interface-hint", "prefertcp",        "zmqdebug",
    };
    char name[64];
    size_t i = 0;
    int rc;

    while (i < sizeof (keys) / sizeof (keys[0]) && strcmp (keys[i], key) != 0)
        i++;
    if (i == sizeof (keys) / sizeof (keys[0])) {
        errno = EINVAL;
        return errprintf (errp, "tbon.%s: there is no such key", key);
    }
    snprintf (name, sizeof (name), "tbon.%s", key);
    if (attr_is_set (attrs, name))
        return 0;
    if (json_is_string (value))
        rc = attr_set (attrs, name, json_string_value (value));
    else if (json_is_number (value))
        rc = set_number (attrs, name, json_number_value (value));
    else if (json_is_boolean (value))
        rc = attr_set (attrs, name, json_is_true (value) ? "1" : "0");
    else {
        errno = EINVAL;
        return errprintf (errp, "tbon.%s: neither a string nor a number", key);
    }
    return rc < 0 ? errprintf (errp, "out of memory") : 0;
}

static const json_t *get_hosts (const json_t *conf)
{
    return json_object_get (json_object_get (conf, "bootstrap"), "hosts");
}

static bool has_parents (const json_t *hosts)
{
    const json_t *entry;
    size_t i;

    json_array_foreach ((json_t *)hosts, i, entry)
    {
        if (json_object_get (entry, "parent"))
            return true;
    }
    return false;
}

int net_conf_attrs (struct attrs *attrs, const json_t *conf, flux_error_t *errp)
{
    const char *key;
    json_t *value, *tbon = json_object_get (conf, "tbon");

    if (tbon && !json_is_object (tbon)) {
        errno = EINVAL;
        return errprintf (errp, "tbon: not a table");
    }
    json_object_foreach (tbon, key, value)
    {
        if (set_key (attrs, key, value, errp) < 0)
            return -1;
    }
    if (!attr_get (attrs, "tbon.topo") && has_parents (get_hosts (conf)) &&
        attr_set (attrs, "tbon.topo", "custom") < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

/* A host with its parent's name, and its rank if it has one. */
struct host {
    char *name;
    const char *parent; // of the configuration, or NULL
    int rank;           // or -1
    UT_hash_handle hh;
};

static struct host *host_get (struct host **table, const char *name)
{
    struct host *h;

    HASH_FIND_STR (*table, name, h);
    if (h || HASH_COUNT (*table) >= HOSTS_MAX || !(h = calloc (1, sizeof (*h))))
        return h;
    if (!(h->name = strdup (name))) {
        free (h);
        return NULL;
    }
    h->rank = -1;
    HASH_ADD_KEYPTR (hh, *table, h->name, strlen (h->name), h);
    return h;
}

static void hosts_free (struct host **table)
{
    struct host *h, *tmp;

    HASH_ITER (hh, *table, h, tmp)
    {
        HASH_DEL (*table, h);
        free (h->name);
        free (h);
    }
}

static int add_entry (struct host **table, const json_t *entry, flux_error_t *errp)
{
    const char *names = NULL, *parent = NULL;
    struct hostlist *hl = NULL;
    json_error_t error;
    int rc = 0;

    if (json_unpack_ex ((json_t *)entry, &error, 0, "{s:s s?s}", "host", &names, "parent",
                        &parent) < 0 ||
        !(hl = hostlist_decode (names))) {
        errno = EINVAL;
        return errprintf (errp, "bootstrap.hosts: %s", names ? names : error.text);
    }
    for (const char *name = hostlist_first (hl); rc == 0 && name; name = hostlist_next (hl)) {
        struct host *h = host_get (table, name);
        if (!h)
            rc = errprintf (errp, "bootstrap.hosts: %s", strerror (errno));
        else if (parent)
            h->parent = parent;
    }
    hostlist_destroy (hl);
    return rc;
}

/* The first of several brokers of a host stands for it. */
static int add_ranks (struct host **table, struct hostlist *hl)
{
    int rank = 0;

    for (const char *name = hostlist_first (hl); name; name = hostlist_next (hl), rank++) {
        struct host *h = host_get (table, name);
        if (!h)
            return -1;
        if (h->rank < 0)
            h->rank = rank;
    }
    return 0;
}

static int parent_of (struct host *table, const char *name, int rank)
{
    unsigned int steps = HASH_COUNT (table) + 1;
    struct host *h;

    HASH_FIND_STR (table, name, h);
    if (rank == 0)
        return -1;
    if (h && h->rank >= 0 && h->rank != rank)
        return h->rank; // a further broker of this host
    while (h && h->parent && steps-- > 0) {
        const char *parent = h->parent;
        HASH_FIND_STR (table, parent, h);
        if (h && h->rank >= 0 && h->rank != rank)
            return h->rank;
    }
    return 0;
}

int *net_conf_parents (const json_t *conf, const char *hostlist, uint32_t size, flux_error_t *errp)
{
    const json_t *hosts = get_hosts (conf), *entry;
    struct hostlist *hl = hostlist ? hostlist_decode (hostlist) : NULL;
    struct host *table = NULL;
    int *parents = NULL;
    size_t i;

    errno = EINVAL;
    if (!json_is_array (hosts))
        errprintf (errp, "topology custom needs the array bootstrap.hosts in the configuration");
    else if (!hl || hostlist_count (hl) != (int)size)
        errprintf (errp, "topology custom needs the names of all hosts, which are not known here");
    else if (!(parents = calloc (size, sizeof (*parents))) || add_ranks (&table, hl) < 0)
        errprintf (errp, "out of memory");
    else {
        int rc = 0;
        json_array_foreach ((json_t *)hosts, i, entry)
        {
            rc = rc < 0 ? rc : add_entry (&table, entry, errp);
        }
        for (uint32_t rank = 0; rc == 0 && rank < size; rank++)
            parents[rank] = parent_of (table, hostlist_nth (hl, (int)rank), (int)rank);
        if (rc == 0)
            goto out;
    }
    free (parents);
    parents = NULL;
out:
    hosts_free (&table);
    hostlist_destroy (hl);
    return parents;
}
