/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource: the table of its sub-verbs. */

#include "config.h"

#include "shell/cmd/resource.h"
#include "shell/cmd/verbs.h"

static const struct cmd_verb *const subs[] = {
    &cmd_verb_resource_list,
    &cmd_verb_resource_info,
    &cmd_verb_resource_status,
    &cmd_verb_resource_drain,
    &cmd_verb_resource_undrain,
    &cmd_verb_resource_R,
    &cmd_verb_resource_eventlog,
    &cmd_verb_resource_reload,
    &cmd_verb_resource_grow,
    &cmd_verb_resource_shrink,
    NULL,
};

const char *const resource_tables[] = {"list", "status", "drain", NULL};

const struct cmd_verb cmd_verb_resource = {
    .name = "resource",
    .args = "COMMAND",
    .summary = "Look at, drain and resize resources",
    .subs = subs,
    .flags = CMD_VERB_USAGE_2,
};
