/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux module trace: messages as modules send and get them. */

#include "config.h"

#include "shell/cmd/client.h"
#include "shell/cmd/module.h"
#include "shell/cmd/overlay.h"
#include "shell/cmd/term.h"

static int run_trace (struct cmd *c)
{
    int mask = trace_typemask (c);
    json_t *names = json_array ();

    for (int i = 0; i < c->argc; i++)
        json_array_append_new (names, json_string (c->argv[i]));
    flux_t *h = cmd_open (c);
    flux_future_t *f =
        flux_rpc_pack (h, "module.trace", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i s:s s:o s:b}",
                       "typemask", mask, "topic_glob", cmd_str (c, "topic", "*"), "names", names,
                       "full", (int)cmd_has (c, "full"));
    return trace_show (c, f);
}

static const struct cmd_opt opts[] = {
    {.key = 'T', .name = "topic", .arg = "GLOB", .help = "Only these topics"},
    {0},
};

const struct cmd_verb module_trace_verb = {
    .name = "trace",
    .args = "[MODULE...]",
    .summary = "Show the messages of modules as they pass",
    .opts = {opts, trace_show_opts},
    .run = run_trace,
};
