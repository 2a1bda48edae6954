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
    NULL,
};
