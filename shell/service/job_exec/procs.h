/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The processes of job shells under one spawner. One that stays when its job has ended is idle
 * until it gets the next job, or until nobody has needed it for a while. */

#ifndef FLUX_SERVICE_JOB_EXEC_PROCS_H
#define FLUX_SERVICE_JOB_EXEC_PROCS_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>
#include <uthash.h>

#define PROCS_IDLE_MAX 128 // more than these do not stay
#define PROCS_IDLE_TIME 1. // seconds, at least, until one that is idle is let go

struct proc {
    int number; // see lib/shell/spawnpkt.h
    pid_t pid;
    int next;  // takes the next job; -1: none yet, or let go
    void *job; // that it runs, of the user of this table; or NULL
    double idle_since;
    struct proc *prev, *next_idle;
    UT_hash_handle hh;
};

struct procs {
    struct ev_loop *loop;
    struct proc *table;
    struct proc *idle; // the one that was busy last comes first
    int nidle;
    int last_number;
    ev_timer timer;
};

void procs_init (struct procs *p, struct ev_loop *loop);

/* Forget all: those that are idle end by it. */
void procs_clear (struct procs *p);

/* One that is about to be started. NULL when out of memory. */
struct proc *procs_add (struct procs *p);
struct proc *procs_find (struct procs *p, int number);

/* It is gone. */
void procs_remove (struct procs *p, struct proc *proc);

/* One that is idle, and now no longer so; or NULL. */
struct proc *procs_take (struct procs *p);

/* Its job has ended. Keep it for another, or let it go, which makes it end. */
void procs_keep (struct procs *p, struct proc *proc);
void procs_let_go (struct proc *proc);

#endif /* !FLUX_SERVICE_JOB_EXEC_PROCS_H */
