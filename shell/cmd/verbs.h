/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_VERBS_H
#define FLUX_CMD_VERBS_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb cmd_verb_alloc;
extern const struct cmd_verb cmd_verb_batch;
extern const struct cmd_verb cmd_verb_broker;
extern const struct cmd_verb cmd_verb_bulksubmit;
extern const struct cmd_verb cmd_verb_cancel;
extern const struct cmd_verb cmd_verb_getattr;
extern const struct cmd_verb cmd_verb_help;
extern const struct cmd_verb cmd_verb_interactive;
extern const struct cmd_verb cmd_verb_job;
extern const struct cmd_verb cmd_verb_jobs;
extern const struct cmd_verb cmd_verb_lsattr;
extern const struct cmd_verb cmd_verb_ping;
extern const struct cmd_verb cmd_verb_resource;
extern const struct cmd_verb cmd_verb_run;
extern const struct cmd_verb cmd_verb_setattr;
extern const struct cmd_verb cmd_verb_start;
extern const struct cmd_verb cmd_verb_submit;
extern const struct cmd_verb cmd_verb_version;

#endif /* !FLUX_CMD_VERBS_H */
