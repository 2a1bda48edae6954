/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource drain, undrain: nodes that get no new jobs. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/resource.h"

static const struct fmt_named drain_formats[] = {
    {"default", "The columns of flux resource drain without --format",
     "{timestamp!d:%b%d %R::<12} {state:<8.8} {reason:<30.30+} {nodelist}"},
    {"long", "With ranks",
     "{timestamp!d:%b%d %R::<12} {state:<8.8} {ranks:<8.8+} +:{reason:<30.30} {nodelist}"},
    {0},
};

static const struct fmt_set drain_set = {
    .formats = drain_formats,
    .files = "flux-resource",
    .tables = resource_tables,
    .table = "drain",
};

static const char *drain_mode (struct cmd *c)
{
    if (cmd_has (c, "update") && cmd_has (c, "force"))
        cmd_die (c, "give one of --force and --update");
    if (cmd_has (c, "update"))
        return "update";
    return cmd_count (c, "force") > 1 ? "force-overwrite"
           : cmd_has (c, "force")     ? "overwrite"
                                      : NULL;
}

static int send_drain (struct cmd *c, const char *topic)
{
    const char *mode = drain_mode (c);
    json_t *in = cmd_pack (c, "{s:s}", "targets", c->argv[0]), *out;
    flux_error_t error;

    if (mode)
        json_object_set_new (in, "mode", json_string (mode));
    if (c->argc > 1) {
        char *reason = cmd_join (c->argv + 1, c->argc - 1);
        json_object_set_new (in, "reason", json_string (reason));
        free (reason);
    }
    flux_t *h = cmd_open (c);
    if (!(out = cmd_rpc_try (h, topic, 0, in, &error))) {
        bool exists = errno == EEXIST;
        cmd_warn (c, "%s", error.text);
        if (exists)
            cmd_warn (c, "Use --force to overwrite existing drain reason");
        return 1;
    }
    json_decref (out);
    flux_close (h);
    return 0;
}

static int run_drain (struct cmd *c)
{
    if (c->argc > 0)
        return send_drain (c, "resource.drain");
    return resource_show_status (c, &drain_set, "drain", true);
}

static int run_undrain (struct cmd *c)
{
    if (c->argc == 0)
        return cmd_fail_usage (c, "the ranks or hosts to undrain are needed");
    return send_drain (c, "resource.undrain");
}

static const struct cmd_opt force_opts[] = {
    {.key = 'f',
     .name = "force",
     .help = "Overwrite reasons that are there, given twice the time too",
     .flags = CMD_OPT_REPEAT},
    {.key = 'u', .name = "update", .help = "Leave alone what is so already"},
    {0},
};

static const struct cmd_opt drain_opts[] = {
    FMTCONF_FORMAT_OPT ("FLUX_RESOURCE_DRAIN_FORMAT_DEFAULT"),
    {0},
};

const struct cmd_verb cmd_verb_resource_drain = {
    .name = "drain",
    .args = "[TARGETS [REASON...]]",
    .summary = "Keep new jobs off nodes, or list nodes so drained",
    .opts = {force_opts, drain_opts, resource_table_opts},
    .flags = CMD_VERB_STOP,
    .run = run_drain,
};

const struct cmd_verb cmd_verb_resource_undrain = {
    .name = "undrain",
    .args = "TARGETS [REASON...]",
    .summary = "Let new jobs onto nodes again",
    .opts = {force_opts},
    .flags = CMD_VERB_STOP,
    .run = run_undrain,
};
