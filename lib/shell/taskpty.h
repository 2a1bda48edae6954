/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Pseudo-terminals for tasks: option "pty", true or {"ranks":idset, "capture":bool,
 * "interactive":bool}. An interactive one, that of task 0, can be attached to through the leader's
 * service "terminus.0":
 *
 *   attach  {type:"attach", mode:"ro|wo|rw", winsize:{rows,cols}}, streaming; the answers are
 *           {type:"attach"}, {type:"data",data,encoding?}..., {type:"exit",message,status}, ENODATA
 *   then    {type:"data",data,encoding?}, {type:"resize",winsize}, {type:"detach"}
 */

#ifndef FLUX_SHELL_TASKPTY_H
#define FLUX_SHELL_TASKPTY_H

#include <ev.h>
#include <stdbool.h>

#include "lib/shell/info.h"
#include "lib/shell/link.h"

struct taskptys;

struct taskpty_ops {
    /* What a terminal has written that is to be kept; len 0 is its end. */
    void (*capture) (void *arg, int localid, const char *data, size_t len);
    /* A terminal has closed: taskptys_ended() may be true now. */
    void (*ended) (void *arg);
};

/* NULL with errno and errp for an option that is wrong. */
struct taskptys *taskptys_create (struct ev_loop *loop, struct link *link,
                                  const struct shell_info *info, const struct taskpty_ops *ops,
                                  void *arg, flux_error_t *errp);
void taskptys_destroy (struct taskptys *p);

bool taskptys_wanted (const struct taskptys *p, int localid);
bool taskptys_captured (const struct taskptys *p, int localid);

/* Some task here is to be attached to. With `capture` set, its output is kept as well. */
bool taskptys_interactive (const struct taskptys *p, bool *capture);

/* Open the terminal of a task that wants one: the fd for its stdin, stdout and stderr, which the
 * caller closes when it was started. -1 with errno. */
int taskptys_open (struct taskptys *p, int localid);

void taskptys_task_ended (struct taskptys *p, int localid, int status);

/* All terminals are closed, and the interactive one has had its client. */
bool taskptys_ended (const struct taskptys *p);

void taskptys_request (struct taskptys *p, const flux_msg_t *msg);
void taskptys_disconnect (struct taskptys *p, const flux_msg_t *msg);

#endif /* !FLUX_SHELL_TASKPTY_H */
