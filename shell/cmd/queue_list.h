/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_QUEUE_LIST_H
#define FLUX_CMD_QUEUE_LIST_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb cmd_verb_queue_list;

#endif /* !FLUX_CMD_QUEUE_LIST_H */
