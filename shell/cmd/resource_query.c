/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource-query: a program of its own, so that `flux` need not know XML and YAML. */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/verbs.h"

static const struct cmd_opt opts[] = {
    {.key = 'L', .name = "load-file", .arg = "FILE", .help = "The graph (conf/default)"},
    {.key = 'f',
     .name = "load-format",
     .arg = "FORMAT",
     .help = "grug (default), jgf, jgf_shorthand, rv1exec, rv1exec_force, hwloc or recipe"},
    {.key = 'W',
     .name = "load-allowlist",
     .arg = "TYPES",
     .help = "Types that become vertices (all)"},
    {.key = 'S',
     .name = "match-subsystems",
     .arg = "SET",
     .help = "CA (default), PA, IBA, IBBA, PFS1BA, VA, C+PA, ... ALL"},
    {.key = 'P',
     .name = "match-policy",
     .arg = "POLICY",
     .help = "first (default), high, low, lonode, locality, ..., 'pack level=rack'"},
    {.key = 'F',
     .name = "match-format",
     .arg = "FORMAT",
     .help = "simple (default), pretty_simple, jgf, jgf_shorthand, rlite, rv1, rv1_nosched or "
             "rv1_shorthand"},
    {.key = 'T', .name = "traverser-policy", .arg = "NAME", .help = "simple (default) or flexible"},
    {.key = 'p',
     .name = "prune-filters",
     .arg = "SPEC",
     .help = "Types counted at vertices (ALL:core,ALL:node)"},
    {.key = 'o',
     .name = "graph-output",
     .arg = "BASE",
     .help = "Write the graph to BASE.dot or BASE.graphml"},
    {.key = 'g', .name = "graph-format", .arg = "FORMAT", .help = "dot (default) or graphml"},
    {.key = 't', .name = "test-output", .arg = "FILE", .help = "Results go to FILE"},
    {.key = 'r', .name = "reserve-vtx-vec", .arg = "SIZE", .help = "Without effect"},
    {.key = 'e', .name = "elapse-time", .help = "Print times and visit counts"},
    {.key = 'd', .name = "disable-prompt", .help = "Print no prompt"},
    {.name = "fast-ties",
     .help = "Of equal scores take the first in the graph, found through indexes, instead of the "
             "one that Fluxion would take"},
    {0},
};

/* The program gets long names with their values. */
static int add_option (char **argv, const struct cmd_value *v)
{
    return asprintf (argv, v->value ? "--%s=%s" : "--%s", v->opt->name, v->value) < 0 ? -1 : 0;
}

static int run (struct cmd *c)
{
    char *path = peer_find ("flux-resource-query", "resource_query");
    char *argv[c->nvalues + c->argc + 2];

    if (!path)
        return cmd_fail (
            c, "flux-resource-query is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    argv[0] = path;
    for (int i = 0; i < c->nvalues; i++)
        if (add_option (&argv[i + 1], &c->values[i]) < 0)
            return cmd_fail (c, "out of memory");
    memcpy (argv + 1 + c->nvalues, c->argv, (c->argc + 1) * sizeof (char *));
    execv (path, argv);
    return cmd_fail (c, "%s: %s", path, strerror (errno));
}

const struct cmd_verb cmd_verb_resource_query = {
    .name = "resource-query",
    .summary = "Match jobspecs against a resource graph from a file",
    .opts = {opts},
    .run = run,
};
