/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay: the tree of brokers. */

#include "config.h"

#include <stdlib.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "shell/cmd/overlay.h"
#include "shell/cmd/verbs.h"

static int run_parentof (struct cmd *c)
{
    char *end;

    if (c->argc != 1)
        return cmd_fail (c, "a rank is needed");
    long rank = strtol (c->argv[0], &end, 10);
    if (*end || end == c->argv[0])
        return cmd_fail (c, "%s: not a rank", c->argv[0]);
    flux_t *h = cmd_open (c);
    json_t *o = overlay_topology_rpc (c, h);
    int parent = overlay_parent_of (o, rank);
    if (parent < 0)
        return cmd_fail (c, rank == 0 ? "rank %ld has no parent" : "there is no rank %ld", rank);
    printf ("%d\n", parent);
    json_decref (o);
    flux_close (h);
    return 0;
}

static int run_lookup (struct cmd *c)
{
    struct overlay_view v = {.c = c};
    const char *bad;
    char *s;

    overlay_open (&v);
    if (c->argc != 1 || !v.hosts)
        return cmd_fail (c, "ranks or host names are needed");
    struct idset *ids = idset_decode (c->argv[0]);
    if (ids && idset_count (ids) > 0) {
        if ((int)idset_last (ids) >= hostlist_count (v.hosts))
            return cmd_fail (c, "there is no rank %u", idset_last (ids));
        s = overlay_hosts_of (&v, ids);
    } else {
        idset_destroy (ids);
        ids = overlay_ranks_of (&v, c->argv[0], &bad);
        if (bad)
            return cmd_fail (c, "%s: no such host", bad);
        s = idset_encode (ids, IDSET_FLAG_RANGE);
    }
    printf ("%s\n", s ? s : "");
    free (s);
    idset_destroy (ids);
    overlay_close (&v);
    return 0;
}

static int run_disconnect (struct cmd *c)
{
    int parent = cmd_int (c, "parent", -1, 0, 0x7fffffff);
    struct overlay_view v = {.c = c};

    if (c->argc != 1)
        return cmd_fail (c, "a rank or a host is needed");
    overlay_open (&v);
    int rank = overlay_view_rank (&v, c->argv[0]);
    if (parent < 0) {
        json_t *o = overlay_topology_rpc (c, v.h);
        if ((parent = overlay_parent_of (o, rank)) < 0)
            return cmd_fail (c, "rank %d has no parent", rank);
        json_decref (o);
    }
    cmd_warn (c, "asking rank %d to disconnect child rank %d", parent, rank);
    json_decref (cmd_rpc (c, v.h, "overlay.disconnect-subtree", parent,
                          cmd_pack (c, "{s:i}", "rank", rank), NULL));
    overlay_close (&v);
    return 0;
}

static const struct cmd_opt disconnect_opts[] = {
    {.key = 'r', .name = "parent", .arg = "NODEID", .help = "The parent's rank (found out)"},
    {0},
};

static const struct cmd_verb lookup_verb = {
    .name = "lookup",
    .args = "RANKS|HOSTS",
    .summary = "Show the hosts of ranks, or the ranks of hosts",
    .run = run_lookup,
};

static const struct cmd_verb parentof_verb = {
    .name = "parentof",
    .args = "RANK",
    .summary = "Show the parent of a broker",
    .run = run_parentof,
};

static const struct cmd_verb disconnect_verb = {
    .name = "disconnect",
    .args = "RANK|HOST",
    .summary = "Cut a subtree off",
    .opts = {disconnect_opts},
    .run = run_disconnect,
};

static const struct cmd_verb *const subs[] = {
    &overlay_status_verb, &overlay_errors_verb, &lookup_verb,
    &parentof_verb,       &disconnect_verb,     &overlay_rejoin_verb,
    &overlay_grow_verb,   &overlay_trace_verb,  NULL};

const struct cmd_verb cmd_verb_overlay = {
    .name = "overlay",
    .args = "COMMAND",
    .summary = "Look at the tree of brokers",
    .subs = subs,
};
