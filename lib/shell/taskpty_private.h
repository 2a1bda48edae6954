/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the terminals of tasks share; nobody else includes it.
 *
 *   taskpty.c         terminals
 *   taskpty_client.c  who is attached to the interactive one */

#ifndef FLUX_SHELL_TASKPTY_PRIVATE_H
#define FLUX_SHELL_TASKPTY_PRIVATE_H

#include "lib/shell/taskpty.h"
#include "lib/util/buf.h"

struct client;
struct idset;

struct pty {
    struct taskptys *all;
    int localid;
    bool open;
    bool wait_client; // nobody has attached yet
    bool task_ended;
    int status;
    ev_io readable;
    ev_io writable;
    struct buf out; // for the task
};

struct taskptys {
    struct ev_loop *loop;
    struct link *link;
    const struct shell_info *info;
    struct taskpty_ops ops;
    void *arg;
    struct idset *ranks; // NULL: all
    bool on;
    bool capture;
    bool interactive;
    struct pty *ptys;       // by local id
    struct client *clients; // of the interactive one
    int nclients;
};

bool taskpty_is_interactive (const struct pty *pty);

/* Tell the end of the session when it is over: the task has ended, its terminal is closed and
 * somebody saw it. */
void taskpty_check_over (struct pty *pty);

/* What is in pty->out goes to the task as soon as it takes it. */
void taskpty_write (struct pty *pty);

/* What the interactive task wrote; its end; and the end of ours. */
void taskpty_show (struct taskptys *p, const char *data, size_t len);
void taskpty_clients_exit (struct taskptys *p, int status);
void taskpty_clients_clear (struct taskptys *p);

#endif /* !FLUX_SHELL_TASKPTY_PRIVATE_H */
