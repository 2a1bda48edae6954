/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs namespace create, remove, list. */

#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/kvs.h"

static const struct cmd_opt create_opts[] = {
    {.name = "owner", .key = 'o', .arg = "UID", .help = "Owner (default: the instance owner)"},
    {.name = "rootref",
     .key = 'r',
     .arg = "TREEOBJ",
     .help = "Begin with this root, a dirref or its blobref"},
    {0},
};

/* What `flux kvs getroot` prints, or its blobref. */
static const char *root_option (struct cmd *c, json_t **objp)
{
    const char *text = cmd_str (c, "rootref", NULL), *ref = text, *type;

    *objp = NULL;
    if (text && *text == '{' &&
        (!(*objp = json_loads (text, 0, NULL)) ||
         json_unpack (*objp, "{s:s s:[s!]}", "type", &type, "data", &ref) < 0 ||
         strcmp (type, "dirref") != 0))
        cmd_die (c, "'%s' is not a dirref", text);
    return ref;
}

static int run_create (struct cmd *c)
{
    flux_t *h;
    uint32_t owner;
    const char *ref;
    json_t *root;

    kvs_operands (c, 1, -1);
    owner = (uint32_t)cmd_int (c, "owner", FLUX_USERID_UNKNOWN, 0, UINT32_MAX);
    ref = root_option (c, &root);
    h = cmd_open (c);
    for (int i = 0; i < c->argc; i++) {
        flux_future_t *f = ref ? flux_kvs_namespace_create_with (h, c->argv[i], ref, owner, 0)
                               : flux_kvs_namespace_create (h, c->argv[i], owner, 0);
        if (!f || flux_future_get (f, NULL) < 0)
            kvs_die (c, f, c->argv[i]);
        flux_future_destroy (f);
    }
    flux_close (h);
    json_decref (root);
    return 0;
}

static const struct cmd_verb verb_create = {
    .name = "create",
    .args = "NAME...",
    .summary = "Create namespaces",
    .opts = {create_opts},
    .run = run_create,
};

static int run_remove (struct cmd *c)
{
    flux_t *h;

    kvs_operands (c, 1, -1);
    h = cmd_open (c);
    for (int i = 0; i < c->argc; i++) {
        flux_future_t *f = flux_kvs_namespace_remove (h, c->argv[i]);
        if (!f || flux_future_get (f, NULL) < 0)
            kvs_die (c, f, c->argv[i]);
        flux_future_destroy (f);
    }
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_remove = {
    .name = "remove",
    .args = "NAME...",
    .summary = "Remove namespaces",
    .run = run_remove,
};

static int run_list (struct cmd *c)
{
    flux_t *h;
    flux_future_t *f;
    json_t *list, *o;
    size_t i;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_rpc (h, "kvs.namespace-list", NULL, FLUX_NODEID_ANY, 0)) ||
        flux_rpc_get_unpack (f, "{s:o}", "namespaces", &list) < 0)
        kvs_die (c, f, "list");
    printf ("%-36s %10s %10s\n", "NAMESPACE", "OWNER", "FLAGS");
    json_array_foreach (list, i, o)
    {
        const char *name;
        json_int_t owner, flags;
        if (json_unpack (o, "{s:s s:I s:I}", "namespace", &name, "owner", &owner, "flags", &flags) <
            0)
            return cmd_fail (c, "list: %s", strerror (EPROTO));
        printf ("%-36s %10lu 0x%08X\n", name, (unsigned long)(uint32_t)owner, (unsigned)flags);
    }
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_list = {
    .name = "list",
    .summary = "List namespaces with owner and flags",
    .run = run_list,
};

static const struct cmd_verb *const subs[] = {&verb_create, &verb_remove, &verb_list, NULL};

const struct cmd_verb kvs_verb_namespace = {
    .name = "namespace",
    .args = "COMMAND [ARG...]",
    .summary = "Create, remove and list namespaces",
    .subs = subs,
};
