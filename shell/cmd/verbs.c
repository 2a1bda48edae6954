/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All verbs. To add one: a file of its own with `const struct cmd_verb cmd_verb_NAME`, and a line
 * here. */

#include "config.h"

#include "shell/cmd/cmd.h"
#include "shell/cmd/verbs.h"

const struct cmd_verb *const cmd_verbs[] = {
    &cmd_verb_help,
    &cmd_verb_version,
    &cmd_verb_start,
    &cmd_verb_run,
    &cmd_verb_submit,
    &cmd_verb_bulksubmit,
    &cmd_verb_batch,
    &cmd_verb_alloc,
    &cmd_verb_jobs,
    &cmd_verb_job,
    &cmd_verb_cancel,
    &cmd_verb_resource,
    &cmd_verb_getattr,
    &cmd_verb_setattr,
    &cmd_verb_lsattr,
    &cmd_verb_ping,
    &cmd_verb_broker,
    &cmd_verb_interactive,
    NULL,
};
