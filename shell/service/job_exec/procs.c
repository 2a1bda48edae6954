/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "shell/service/job_exec/procs.h"

static void leave_idle (struct procs *p, struct proc *proc)
{
    DL_DELETE2 (p->idle, proc, prev, next_idle);
    p->nidle--;
    proc->idle_since = 0.;
    if (p->nidle == 0)
        ev_timer_stop (p->loop, &p->timer);
}

/* The last in the list has been idle longest. */
static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct procs *p = w->data;

    while (p->idle && p->idle->prev->idle_since + PROCS_IDLE_TIME <= ev_now (loop)) {
        struct proc *proc = p->idle->prev;
        leave_idle (p, proc);
        procs_let_go (proc);
    }
}

void procs_init (struct procs *p, struct ev_loop *loop)
{
    *p = (struct procs){.loop = loop};
    ev_timer_init (&p->timer, timer_cb, PROCS_IDLE_TIME, PROCS_IDLE_TIME / 2);
    p->timer.data = p;
}

void procs_clear (struct procs *p)
{
    struct proc *proc, *tmp;

    HASH_ITER (hh, p->table, proc, tmp)
    procs_remove (p, proc);
}

struct proc *procs_add (struct procs *p)
{
    struct proc *proc = calloc (1, sizeof (*proc));

    if (proc) {
        do
            p->last_number = p->last_number == INT_MAX ? 1 : p->last_number + 1;
        while (procs_find (p, p->last_number));
        proc->number = p->last_number;
        proc->next = -1;
        HASH_ADD_INT (p->table, number, proc);
    }
    return proc;
}

struct proc *procs_find (struct procs *p, int number)
{
    struct proc *proc;

    HASH_FIND_INT (p->table, &number, proc);
    return proc;
}

void procs_remove (struct procs *p, struct proc *proc)
{
    if (proc->idle_since > 0.)
        leave_idle (p, proc);
    procs_let_go (proc);
    HASH_DEL (p->table, proc);
    free (proc);
}

struct proc *procs_take (struct procs *p)
{
    struct proc *proc = p->idle;

    if (proc)
        leave_idle (p, proc);
    return proc;
}

void procs_keep (struct procs *p, struct proc *proc)
{
    proc->job = NULL;
    if (proc->next < 0 || p->nidle >= PROCS_IDLE_MAX) {
        procs_let_go (proc);
        return;
    }
    proc->idle_since = ev_now (p->loop);
    DL_PREPEND2 (p->idle, proc, prev, next_idle);
    if (p->nidle++ == 0) {
        ev_timer_set (&p->timer, PROCS_IDLE_TIME, PROCS_IDLE_TIME / 2);
        ev_timer_start (p->loop, &p->timer);
    }
}

void procs_let_go (struct proc *proc)
{
    if (proc->next >= 0)
        close (proc->next);
    proc->next = -1;
}
