/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource grow, shrink: an instance that is a job asks the one above for more, or gives back
 * what is idle. */

#include "config.h"

#include <limits.h>

#include "shell/cmd/client.h"
#include "shell/cmd/resource.h"

static int count (const struct cmd *c, const char *name)
{
    return (int)cmd_int (c, name, 0, 1, INT_MAX);
}

/* What the instance has then is told. */
static int resize (struct cmd *c, const char *topic, json_t *in)
{
    flux_t *h = cmd_open (c);
    flux_error_t error;
    json_t *out = cmd_rpc_try (h, topic, 0, in, &error);
    int nnodes, ncores, ngpus;

    flux_close (h);
    if (!out)
        return cmd_fail (c, "%s", error.text);
    if (json_unpack (out, "{s:i s:i s:i}", "nnodes", &nnodes, "ncores", &ncores, "ngpus", &ngpus) <
        0)
        return cmd_fail (c, "the answer is not understood");
    if (!cmd_has (c, "quiet"))
        printf ("%d nodes, %d cores, %d GPUs\n", nnodes, ncores, ngpus);
    json_decref (out);
    return 0;
}

static int grow (struct cmd *c)
{
    int nodes = count (c, "nodes"), slots = count (c, "nslots"),
        cores = count (c, "cores-per-slot"), gpus = count (c, "gpus-per-slot");

    if (c->argc > 0)
        return cmd_fail (c, "only options are allowed");
    if (slots == 0 && nodes == 0 && cores + gpus > 0)
        slots = 1;
    if (slots == 0 && nodes == 0)
        return cmd_fail (c, "how much more is needed");
    return resize (c, "elastic.grow",
                   cmd_pack (c, "{s:i s:i s:i s:i}", "nodes", nodes, "slots", slots, "cores", cores,
                             "gpus", gpus));
}

static int shrink (struct cmd *c)
{
    int nodes = count (c, "nodes"), cores = count (c, "cores"), gpus = count (c, "gpus");
    int ways = (nodes > 0) + (cores + gpus > 0) + cmd_has (c, "idle") + (c->argc > 0);

    if (ways != 1 || c->argc > 1)
        return cmd_fail (c,
                         "one of --nodes, --cores and --gpus, --idle, or ranks or hosts is needed");
    if (c->argc > 0)
        return resize (c, "elastic.shrink", cmd_pack (c, "{s:s}", "targets", c->argv[0]));
    return resize (c, "elastic.shrink",
                   cmd_pack (c, "{s:i s:i s:i s:b}", "nodes", nodes, "cores", cores, "gpus", gpus,
                             "idle", cmd_has (c, "idle")));
}

static const struct cmd_opt grow_opts[] = {
    {.key = 'N', .name = "nodes", .arg = "N", .help = "N whole nodes more"},
    {.key = 'n', .name = "nslots", .arg = "N", .help = "N slots more, wherever there is room"},
    {.key = 'c', .name = "cores-per-slot", .arg = "N", .help = "Cores of a slot (1)"},
    {.key = 'g', .name = "gpus-per-slot", .arg = "N", .help = "GPUs of a slot (0)"},
    {.key = 'q', .name = "quiet", .help = "Do not print what the instance has then"},
    {0},
};

static const struct cmd_opt shrink_opts[] = {
    {.key = 'N', .name = "nodes", .arg = "N", .help = "N idle nodes, the last ones first"},
    {.key = 'c', .name = "cores", .arg = "N", .help = "N idle cores"},
    {.key = 'g', .name = "gpus", .arg = "N", .help = "N idle GPUs"},
    {.name = "idle", .help = "All that is idle and can be spared"},
    {.key = 'q', .name = "quiet", .help = "Do not print what the instance has then"},
    {0},
};

const struct cmd_verb cmd_verb_resource_grow = {
    .name = "grow",
    .summary = "Get more resources from the enclosing instance",
    .text = "Returns when brokers run on nodes that are new.",
    .opts = {grow_opts},
    .run = grow,
};

const struct cmd_verb cmd_verb_resource_shrink = {
    .name = "shrink",
    .args = "[RANKS|HOSTS]",
    .summary = "Give idle resources back to the enclosing instance",
    .opts = {shrink_opts},
    .run = shrink,
};
