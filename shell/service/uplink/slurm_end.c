/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // strptime
#endif
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/service/rexec/proc.h"
#include "shell/service/uplink/slurm_end.h"
#include "shell/service/uplink/slurm_nodes.h"

#define PERIOD 60.          // seconds
#define FIRST 5.            // not for what is over at once
#define TEXT_MAX (64 << 10) // with a list of nodes

struct slurm_end {
    struct ev_loop *loop;
    char *jobid;
    ev_timer timer;
    struct proc *proc; // squeue, while it runs
    struct slurm_nodes *nodes;
    char text[TEXT_MAX];
    size_t len;
    double expiration;
    slurm_end_f cb;
    void *arg;
};

int slurm_end_parse (const char *text, double *expiration)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime (text, "%Y-%m-%dT%H:%M:%S", &tm);

    if (end && (*end == '\0' || *end == '\n' || *end == ' ')) {
        *expiration = (double)mktime (&tm);
        return 0;
    }
    if (strncmp (text, "N/A", 3) == 0 || strncmp (text, "NONE", 4) == 0) {
        *expiration = 0.;
        return 0;
    }
    errno = EINVAL;
    return -1;
}

static void output_cb (struct proc *p, enum proc_stream stream, const char *data, size_t len,
                       bool eof, void *arg)
{
    struct slurm_end *s = arg;

    if (stream != PROC_STDOUT || s->len + len >= sizeof (s->text))
        return;
    memcpy (s->text + s->len, data, len);
    s->len += len;
    s->text[s->len] = '\0';
}

/* A slurmctld that does not answer is asked again later. */
static void ended_cb (struct proc *p, int wait_status, void *arg)
{
    struct slurm_end *s = arg;
    double expiration;
    char *nodes = strchr (s->text, ' ');

    if (wait_status != 0 || slurm_end_parse (s->text, &expiration) < 0)
        return;
    if (fabs (expiration - s->expiration) >= 1.) {
        s->expiration = expiration;
        s->cb (expiration, s->arg);
    }
    if (s->nodes && nodes) {
        nodes[1 + strcspn (nodes + 1, " \n")] = '\0';
        slurm_nodes_see (s->nodes, nodes + 1);
    }
}

static const struct proc_ops ops = {
    .output = output_cb,
    .ended = ended_cb,
};

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct slurm_end *s = w->data;
    json_t *cmd =
        json_pack ("{s:[s s s s s s]}", "cmdline", "squeue", "-h", "-j", s->jobid, "-o", "%e %N");

    proc_destroy (s->proc); // one that takes longer than the period is of no use
    s->len = 0;
    *s->text = '\0';
    s->proc = cmd ? proc_create (loop, cmd, false, true, &ops, s, NULL) : NULL;
    json_decref (cmd);
}

int slurm_end_create (struct slurm_end **sp, struct ev_loop *loop, const struct attrs *attrs,
                      slurm_end_f cb, void *arg, flux_error_t *errp)
{
    const char *jobid = attr_get (attrs, "jobid"), *job = getenv ("SLURM_JOB_ID");
    double period = PERIOD;
    struct slurm_end *s;

    *sp = NULL;
    if (attr_get_duration (attrs, "slurm.poll", &period, errp) < 0)
        return -1;
    if (attr_get (attrs, "parent-uri") || !jobid || !job || strcmp (jobid, job) != 0 || period <= 0)
        return 0;
    if (!(s = calloc (1, sizeof (*s))) || !(s->jobid = strdup (jobid))) {
        free (s);
        return errprintf (errp, "out of memory");
    }
    s->loop = loop;
    s->nodes = slurm_nodes_create (loop, attrs);
    s->cb = cb;
    s->arg = arg;
    ev_timer_init (&s->timer, timer_cb, period < FIRST ? period : FIRST, period);
    s->timer.data = s;
    ev_timer_start (loop, &s->timer);
    *sp = s;
    return 0;
}

void slurm_end_destroy (struct slurm_end *s)
{
    if (s) {
        int saved_errno = errno;
        ev_timer_stop (s->loop, &s->timer);
        proc_destroy (s->proc);
        slurm_nodes_destroy (s->nodes);
        free (s->jobid);
        free (s);
        errno = saved_errno;
    }
}
