/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The queues of nodes, as flux resource shows and takes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/resource.h"
#include "shell/cmd/resource_queues.h"

json_t *resource_queues (struct cmd *c, flux_t *h)
{
    const char *path = cmd_str (c, "config-file", NULL);
    json_error_t jerror;
    json_t *config, *queues;

    if (path) {
        if (!(config = json_load_file (path, 0, &jerror)))
            cmd_die (c, "--config-file=%s: %s", path, jerror.text);
    } else if (!h || !(config = cmd_rpc_try (h, "config.get", FLUX_NODEID_ANY, NULL, NULL)))
        return NULL;
    queues = json_incref (json_object_get (config, "queues"));
    json_decref (config);
    return queues;
}

/* Does a node with these properties ("a,b") belong to a queue? A virtual one has the nodes of its
 * parent. */
static bool in_queue (const json_t *queues, const json_t *queue, const char *properties)
{
    const char *parent = json_string_value (json_object_get (queue, "parent"));
    size_t i;
    json_t *o;

    if (parent)
        queue = json_object_get (queues, parent);
    json_array_foreach (json_object_get (queue, "requires"), i, o)
    {
        const char *want = json_string_value (o), *p = properties;
        size_t len = want ? strlen (want) : 0;
        while ((p = strstr (p, want ? want : "")) && *p) {
            if ((p == properties || p[-1] == ',') && (p[len] == ',' || !p[len]))
                break;
            p += len;
        }
        if (!p || !*p)
            return false;
    }
    return true;
}

static void add_ranks (const json_t *queues, const json_t *queue, const struct rv1 *all,
                       struct idset *ranks)
{
    for (size_t i = 0; i < all->nnodes; i++) {
        char *properties = rv1_rank_properties (all, all->node[i].rank);
        if (in_queue (queues, queue, properties))
            idset_set (ranks, all->node[i].rank);
        free (properties);
    }
}

struct idset *queue_ranks (const json_t *queues, const json_t *queue, const struct rv1 *all)
{
    struct idset *ranks = queue ? idset_create (0, IDSET_FLAG_AUTOGROW) : NULL;

    if (ranks)
        add_ranks (queues, queue, all, ranks);
    return ranks;
}

static void keep_queue (struct cmd *c, const json_t *queues, const char *name,
                        const struct rv1 *all, struct idset *ranks)
{
    const json_t *queue = json_object_get (queues, name);

    if (!queue)
        cmd_die (c, "--queue: %s: no such queue", name);
    add_ranks (queues, queue, all, ranks);
}

json_t *queues_asked (struct cmd *c)
{
    json_t *asked = cmd_has (c, "queue") ? json_object () : NULL;
    const char *s;
    int iter = 0;

    while (asked && (s = cmd_next (c, "queue", &iter))) {
        while (*s) {
            char name[128];
            size_t len = strcspn (s, ",");
            snprintf (name, sizeof (name), "%.*s", (int)len, s);
            json_object_set_new (asked, name, json_true ());
            s += len + (s[len] == ',');
        }
    }
    return asked;
}

struct idset *resource_queue_ranks (struct cmd *c, flux_t *h, const struct rv1 *all)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    json_t *queues = resource_queues (c, h), *asked = queues_asked (c), *o;
    const char *name;

    json_object_foreach (asked, name, o) keep_queue (c, queues, name, all, ranks);
    json_decref (asked);
    json_decref (queues);
    return ranks;
}

static bool is_hidden (const struct queues *q, const char *name)
{
    size_t i;
    json_t *o;

    json_array_foreach (q->hidden, i, o) if (strcmp (json_string_value (o), name) == 0) return true;
    return false;
}

char *queues_of (const struct queues *q, const char *properties)
{
    struct buf b = {0};
    const char *name;
    json_t *o;

    json_object_foreach (q->all, name, o)
    {
        bool show = q->asked ? json_object_get (q->asked, name) != NULL
                             : !json_object_get (o, "parent") && !is_hidden (q, name);
        if (show && in_queue (q->all, o, properties))
            buf_printf (&b, "%s%s", b.len ? "," : "", name);
    }
    return buf_steal (&b, NULL);
}

char *queues_strip (const json_t *queues, const char *properties)
{
    struct buf b = {0};

    while (*properties) {
        char name[128];
        size_t len = strcspn (properties, ",");
        snprintf (name, sizeof (name), "%.*s", (int)len, properties);
        if (!json_object_get (queues, name))
            buf_printf (&b, "%s%s", b.len ? "," : "", name);
        properties += len + (properties[len] == ',');
    }
    return buf_steal (&b, NULL);
}

void queues_clear (struct queues *q)
{
    json_decref (q->all);
    json_decref (q->asked);
    json_decref (q->hidden);
}

void queues_get (struct queues *q, const struct fmt_set *set, struct cmd *c, flux_t *h)
{
    flux_error_t error;
    json_t *conf = fmtconf_load (set, &error);

    if (!conf)
        cmd_die (c, "%s", error.text);
    q->hidden = json_incref (json_object_get (conf, "hidden-queues"));
    q->all = resource_queues (c, h);
    q->asked = queues_asked (c);
    json_decref (conf);
}
