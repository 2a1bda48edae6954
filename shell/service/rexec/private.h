/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the rexec service share. */

#ifndef FLUX_SERVICE_REXEC_PRIVATE_H
#define FLUX_SERVICE_REXEC_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "shell/broker/attr.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/rexec/proc.h"
#include "shell/service/rexec/rexec.h"

enum {
    FLAG_STDOUT = 1,
    FLAG_STDERR = 2,
    FLAG_CHANNEL = 4,
    FLAG_WRITE_CREDIT = 8,
    FLAG_WAITABLE = 16,
    FLAG_ALL = 31,
};

enum {
    LOCAL_NO_SETPGRP = 2,
};

struct entry {
    struct rexec *rx;
    struct proc *proc;
    const flux_msg_t *request; // who hears of it; NULL: it is in the background, and nobody does
    json_t *cmd;               // of one that was started in the background
    char *label;
    int flags;
    bool attached; // request is that of an attach
    int attach_flags;
    bool eof[2]; // by stream
    bool waits_for_reader;
    bool ended;
    int status;
    struct waiters *waits;
    struct entry *prev, *next;
};

struct rexec {
    struct router *rt;
    const struct attrs *attrs;
    struct entry *entries;
    size_t count;
    ev_timer timer; // for those that wait for a reader
};

/* By label, or without one by pid. NULL with ESRCH. */
struct entry *rexec_find (struct rexec *rx, int pid, const char *label);
void rexec_entry_free (struct entry *e);

/* hear.c: this request hears of it, or nobody. */
void rexec_hear_start (struct rexec *rx);
void rexec_hear_stop (struct rexec *rx);
void rexec_hear (struct entry *e, const flux_msg_t *request);
void rexec_unhear (struct entry *e);

/* To who hears of it. */
void rexec_send_output (struct entry *e, enum proc_stream stream, const char *data, size_t len,
                        bool eof);
void rexec_send_end (struct entry *e);

void rexec_attach_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_REXEC_PRIVATE_H */
