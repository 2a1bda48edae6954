/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* [[resource.config]]: R in a few lines of the configuration. Each entry says something more of its
 * hosts, whose ranks are their places in the order of first mention. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/util/json_keys.h"
#include "lib/util/json_strings.h"
#include "shell/service/resource/private.h"

struct entry {
    const char *hosts;
    struct idset *cores, *gpus;
    json_t *properties;
};

static void entry_clear (struct entry *e)
{
    idset_destroy (e->cores);
    idset_destroy (e->gpus);
}

static int read_ids (const json_t *o, const char *key, struct idset **ids, flux_error_t *errp)
{
    const json_t *value = json_object_get (o, key);

    *ids = value ? idset_decode (json_is_string (value) ? json_string_value (value) : "x")
                 : idset_create (0, IDSET_FLAG_AUTOGROW);
    if (!*ids)
        return errprintf (errp, "resource.config: %s: must be an idset", key);
    return 0;
}

static int read_entry (const json_t *o, struct entry *e, flux_error_t *errp)
{
    static const char *const keys[] = {"hosts", "cores", "gpus", "properties", NULL};

    errno = EINVAL;
    if (!json_is_object (o))
        return errprintf (errp, "resource.config: must be an array of tables");
    if (json_check_keys (o, keys, "resource.config", errp) < 0)
        return -1;
    e->hosts = json_string_value (json_object_get (o, "hosts"));
    e->properties = json_object_get (o, "properties");
    if (!e->hosts)
        return errprintf (errp, "resource.config: an entry without hosts");
    if (e->properties && !json_is_strings (e->properties))
        return errprintf (errp, "resource.config: properties: must be an array of strings");
    return read_ids (o, "cores", &e->cores, errp) < 0 || read_ids (o, "gpus", &e->gpus, errp) < 0
               ? -1
               : 0;
}

/* Ranks of an entry's hosts; those that are new are added to the list of all. */
static struct idset *take_hosts (struct hostlist *all, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (hosts);
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    int rank;

    if (!hl)
        errprintf (errp, "resource.config: hosts = \"%s\": not a hostlist", hosts);
    for (const char *host = hl ? hostlist_first (hl) : NULL; host && ranks;
         host = hostlist_next (hl)) {
        if ((rank = hostlist_find (all, host)) < 0) {
            hostlist_append (all, host);
            rank = hostlist_count (all) - 1;
        }
        idset_set (ranks, rank);
    }
    if (!hl) {
        idset_destroy (ranks);
        ranks = NULL;
    }
    hostlist_destroy (hl);
    return ranks;
}

static int add_nodes (struct rv1 *rs, struct hostlist *all, const struct entry *e,
                      const struct idset *ranks)
{
    for (unsigned int i = idset_first (ranks); i != IDSET_INVALID_ID; i = idset_next (ranks, i))
        if (rv1_add_node (rs, i, hostlist_nth (all, i), e->cores, e->gpus) < 0)
            return -1;
    return 0;
}

/* First what there is, then its properties: both in the order of the entries. */
static int take_entry (struct rv1 *rs, struct hostlist *all, const json_t *o, bool properties,
                       flux_error_t *errp)
{
    struct entry e = {0};
    struct idset *ranks = NULL;
    json_t *name;
    size_t i;
    int rc = read_entry (o, &e, errp);

    if (rc == 0 && !(ranks = take_hosts (all, e.hosts, errp)))
        rc = -1;
    if (rc == 0 && !properties && idset_count (e.cores) + idset_count (e.gpus) > 0 &&
        (rc = add_nodes (rs, all, &e, ranks)) < 0)
        errprintf (errp, "resource.config: %s: %s", e.hosts, strerror (errno));
    if (properties)
        json_array_foreach (e.properties, i, name) if (rc == 0) rc =
            rv1_set_property (rs, json_string_value (name), ranks, errp);
    entry_clear (&e);
    idset_destroy (ranks);
    return rc;
}

json_t *resource_config_R (const json_t *entries, flux_error_t *errp)
{
    struct rv1 *rs = rv1_create ();
    struct hostlist *all = hostlist_create ();
    json_t *R = NULL, *o;
    size_t i;
    int rc = rs && all && json_is_array (entries) ? 0 : -1;

    if (rc < 0)
        errprintf (errp, "resource.config: must be an array of tables");
    for (int properties = 0; properties < 2; properties++)
        json_array_foreach (entries, i, o) if (rc == 0) rc =
            take_entry (rs, all, o, properties, errp);
    if (rc == 0 && rs->nnodes == 0)
        rc = errprintf (errp, "resource.config: no host has cores");
    if (rc == 0 && !(R = rv1_to_json (rs)))
        errprintf (errp, "resource.config: %s", strerror (errno));
    hostlist_destroy (all);
    rv1_destroy (rs);
    errno = EINVAL;
    return R;
}
