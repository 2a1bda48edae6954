/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Standard input of the tasks: a file, or what clients send to the shell's "stdin" service (RFC
 * 24), which is also written to the eventlog guest.input. */

#ifndef FLUX_SHELL_INPUT_H
#define FLUX_SHELL_INPUT_H

#include <ev.h>
#include <jansson.h>

#include "lib/shell/info.h"
#include "lib/shell/joblog.h"

struct input;

#define INPUT_LIMIT_DEFAULT (10L * 1024 * 1024)
#define INPUT_LIMIT_MAX (32L * 1024 * 1024)

/* NULL with errp for an option that is wrong. tmpdir may be NULL. */
struct input *input_create (struct ev_loop *loop, const struct shell_info *info, const char *tmpdir,
                            struct joblog *log, flux_error_t *errp);
void input_destroy (struct input *in);

/* The fd that task number `localid` shall have as stdin; input_task_started() closes it. -1 with
 * errno and errp. */
int input_open_task (struct input *in, int localid, flux_error_t *errp);
void input_task_started (struct input *in, int localid, int fd);

/* The task needs no more input. */
void input_task_ended (struct input *in, int localid);

/* Deliver the context of a data event to the local tasks it is for. */
void input_deliver (struct input *in, json_t *context);

/* Take a context from a client: check, log and deliver it. -1 with errno: EPROTO, EPIPE when a task
 * it is for has seen its end of input, EFBIG past the limit. */
size_t input_limit (const struct input *in);
int input_write (struct input *in, json_t *context);

#endif /* !FLUX_SHELL_INPUT_H */
