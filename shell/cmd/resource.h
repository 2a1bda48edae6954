/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The sub-verbs of `flux resource`. */

#ifndef FLUX_CMD_RESOURCE_H
#define FLUX_CMD_RESOURCE_H

#include <jansson.h>
#include <flux/core.h>
#include <flux/idset.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/rstates.h"

extern const struct cmd_verb cmd_verb_resource_list;
extern const struct cmd_verb cmd_verb_resource_info;
extern const struct cmd_verb cmd_verb_resource_R;
extern const struct cmd_verb cmd_verb_resource_status;
extern const struct cmd_verb cmd_verb_resource_drain;
extern const struct cmd_verb cmd_verb_resource_undrain;
extern const struct cmd_verb cmd_verb_resource_eventlog;
extern const struct cmd_verb cmd_verb_resource_reload;
extern const struct cmd_verb cmd_verb_resource_grow;
extern const struct cmd_verb cmd_verb_resource_shrink;

/* What flux-resource.toml and its likes may have: a table for each verb. */
extern const char *const resource_tables[];

/* resource.sched-status, or what --from-stdin says. Ends the program on failure. */
json_t *resource_sched_status (struct cmd *c, flux_t *h);

/* Ranks that --queue and --include leave, or NULL: all. Ends the program when they are wrong. */
struct idset *resource_selected (struct cmd *c, flux_t *h, const struct rv1 *all);

/* The "queues" of the instance's configuration; the caller frees it. NULL: none. */
json_t *resource_queues (struct cmd *c, flux_t *h);

/* The table of nodes in these states, as flux resource status shows it, and the options that say
 * how. */
struct fmt_set;
extern const struct cmd_opt resource_table_opts[];
int resource_show_status (struct cmd *c, const struct fmt_set *formats, const char *states,
                          bool skip_empty);

#endif /* !FLUX_CMD_RESOURCE_H */
