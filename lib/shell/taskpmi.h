/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* PMI for the tasks: a socket for each (PMI_FD), the server behind it, and the exchange between the
 * job's nodes. Option "pmi": a list of "simple", "pmi1", "pmi2", or "off". */

#ifndef FLUX_SHELL_TASKPMI_H
#define FLUX_SHELL_TASKPMI_H

#include <ev.h>

#include "lib/shell/envlist.h"
#include "lib/shell/info.h"
#include "lib/shell/peers.h"

struct taskpmi;

/* libpmi is the path that tasks are told. abort is called when a task calls PMI_Abort. NULL with
 * errno when out of memory. */
struct taskpmi *taskpmi_create (struct ev_loop *loop, const struct shell_info *info,
                                struct peers *peers, const char *libpmi,
                                void (*abort) (void *arg, int taskid, int code, const char *text),
                                void *arg);

void taskpmi_destroy (struct taskpmi *pmi);

/* The fd that the task shall inherit under its own number, after its environment was set; -1 with
 * errno 0 when PMI is off, or with errno. taskpmi_task_started() closes it. */
int taskpmi_open_task (struct taskpmi *pmi, int localid, struct envlist *env);
void taskpmi_task_started (struct taskpmi *pmi, int fd);

#endif /* !FLUX_SHELL_TASKPMI_H */
