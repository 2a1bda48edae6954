/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include <flux/rpc.h>

#include "lib/job/fluid.h"
#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"
#include "lib/util/waitcode.h"
#include "shell/service/job_manager/perilog.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/rankcmd.h"

#define PROLOG_TIMEOUT 1800. // seconds
#define KILL_TIMEOUT 60.

struct perilog {
    struct perilogs *ps;
    uint64_t id;
    bool prolog;
    bool per_rank, cancel_on_exception;
    double kill_timeout;
    struct rankcmd *rc;
    ev_timer timer; // the time-out, then the kill time-out
    bool timed_out, canceled;
    bool over; // all is said but the event
    struct perilog *prev, *next;
};

struct perilogs {
    struct job_manager *jm;
    struct perilog *list;
};

/* ---- configuration ---- */

static const char *kind (bool prolog)
{
    return prolog ? "prolog" : "epilog";
}

static int check_command (const json_t *command, const char *name, flux_error_t *errp)
{
    if (!json_is_strings (command) || json_array_size (command) == 0)
        return errprintf (errp, "job-manager.%s.command: must be an array of strings", name);
    return 0;
}

int perilog_conf_parse (struct perilog_conf *c, const json_t *table, bool prolog,
                        flux_error_t *errp)
{
    const char *name = kind (prolog), *timeout = NULL;
    json_t *command = NULL;
    int per_rank = 0, cancel = prolog, first_error = 0;
    json_error_t error;

    *c = (struct perilog_conf){.timeout = prolog ? PROLOG_TIMEOUT : 0.,
                               .kill_timeout = KILL_TIMEOUT};
    if (!table)
        return 0;
    errno = EINVAL;
    if (json_unpack_ex ((json_t *)table, &error, 0, "{s?o s?b s?s s?F s?b s?b !}", "command",
                        &command, "per-rank", &per_rank, "timeout", &timeout, "kill-timeout",
                        &c->kill_timeout, "cancel-on-exception", &cancel, "exit-on-first-error",
                        &first_error) < 0)
        return errprintf (errp, "job-manager.%s: %s", name, error.text);
    if (!command)
        return errprintf (errp, "job-manager.%s: no command specified", name);
    if (check_command (command, name, errp) < 0)
        return -1;
    if (timeout && fsd_parse_duration (timeout, &c->timeout) < 0)
        return errprintf (errp, "job-manager.%s.timeout: invalid FSD value", name);
    if (isinf (c->timeout))
        c->timeout = 0.;
    if (!(c->kill_timeout >= 0))
        return errprintf (errp, "job-manager.%s.kill-timeout: must be a number >= 0", name);
    c->per_rank = per_rank;
    c->cancel_on_exception = cancel;
    c->command = json_incref (command);
    return 0;
}

void perilog_conf_clear (struct perilog_conf *c)
{
    json_decref (c->command);
    *c = (struct perilog_conf){0};
}

/* ---- one of them ---- */

static struct perilog *lookup (struct perilogs *ps, uint64_t id)
{
    struct perilog *p;

    DL_FOREACH (ps->list, p)
    {
        if (p->id == id)
            return p;
    }
    return NULL;
}

static void perilog_free (struct perilog *p)
{
    DL_DELETE (p->ps->list, p);
    ev_timer_stop (router_loop (p->ps->jm->rt), &p->timer);
    rankcmd_destroy (p->rc);
    free (p);
}

static void drain (struct perilog *p, const struct idset *ranks)
{
    char id[FLUID_STRING_SIZE], reason[128];

    fluid_encode (p->id, FLUID_F58, id, sizeof (id));
    snprintf (reason, sizeof (reason), "%s %s for job %s", kind (p->prolog),
              p->canceled    ? "canceled then timed out"
              : p->timed_out ? "timed out"
                             : "failed",
              id);
    job_manager_drain (p->ps->jm, ranks, reason);
}

/* Of the job's ranks; rank 0 need not be one of them. */
static char *hosts_of (const struct job *job, const struct idset *ranks)
{
    struct idset *mine = idset_decode (job->ranks ? job->ranks : "");
    struct hostlist *all = hostlist_decode (job->nodelist ? job->nodelist : "");
    struct hostlist *hl = hostlist_create ();
    char self[256] = "unknown";
    int n = 0;

    gethostname (self, sizeof (self) - 1);
    if (hl && idset_test (ranks, 0) && !(mine && idset_test (mine, 0)))
        hostlist_append (hl, self);
    for (unsigned int r = mine && all && hl ? idset_first (mine) : IDSET_INVALID_ID;
         r != IDSET_INVALID_ID; r = idset_next (mine, r), n++) {
        const char *host = idset_test (ranks, r) ? hostlist_nth (all, n) : NULL;
        if (host)
            hostlist_append (hl, host);
    }
    char *text = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    hostlist_destroy (all);
    idset_destroy (mine);
    return text;
}

static void raise_failure (struct perilog *p, struct job *job, const struct idset *ranks,
                           int status)
{
    const char *name = kind (p->prolog);
    char *failed = idset_encode (ranks, IDSET_FLAG_RANGE);
    char *hosts = hosts_of (job, ranks);
    int code = waitcode (status);
    char what[64], note[512];

    if (p->canceled)
        snprintf (what, sizeof (what), "canceled then timed out");
    else if (p->timed_out)
        snprintf (what, sizeof (what), "timed out");
    else if (code > 128)
        snprintf (what, sizeof (what), "killed by signal %d", code - 128);
    else
        snprintf (what, sizeof (what), "exited with code=%d", code);
    snprintf (note, sizeof (note), "%s %s on %s (rank %s)", name, what, hosts ? hosts : "unknown",
              failed ? failed : "");
    job_manager_raise (p->ps->jm, job, name, p->prolog ? 0 : 2, p->ps->jm->owner, note);
    free (hosts);
    free (failed);
}

/* An epilog follows a prolog that failed: there is no finish event that would start it. */
static void finish (struct perilog *p, const struct idset *ranks)
{
    struct job_manager *jm = p->ps->jm;
    struct perilogs *ps = p->ps;
    struct job *job = job_manager_lookup (jm, p->id);
    int status = rankcmd_status (p->rc);
    bool prolog = p->prolog;
    bool overdue = idset_count (rankcmd_pending (p->rc)) > 0;

    if (overdue && status == 0)
        status = SIGTERM;
    p->over = true;
    if (job && status != 0 && (!p->canceled || overdue))
        raise_failure (p, job, ranks, status);
    perilog_free (p);
    if (!job)
        return;
    if (!prolog) {
        action_epilog_finish (jm, job, "job-manager.epilog", status);
        return;
    }
    if (job->state == JOB_CLEANUP)
        perilogs_epilog (ps, job);
    action_prolog_finish (jm, job, "job-manager.prolog", status);
}

static void ended_cb (struct rankcmd *rc, uint32_t rank, int status, void *arg)
{
}

static bool ignored_cb (const char *line, void *arg)
{
    struct perilog *p = arg;

    return logignore_match (p->ps->jm->conf.log_ignore, line);
}

static void done_cb (struct rankcmd *rc, void *arg)
{
    struct perilog *p = arg;

    if (p->per_rank && !p->canceled && rankcmd_status (rc) != 0)
        drain (p, rankcmd_failed (rc));
    finish (p, rankcmd_failed (rc));
}

static const struct rankcmd_ops ops = {.ended = ended_cb, .ignored = ignored_cb, .done = done_cb};

static void overdue_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct perilog *p = w->data;

    rankcmd_kill (p->rc, SIGKILL, NULL);
    drain (p, rankcmd_pending (p->rc));
    finish (p, rankcmd_pending (p->rc));
}

static void end (struct perilog *p)
{
    struct ev_loop *loop = router_loop (p->ps->jm->rt);

    rankcmd_kill (p->rc, SIGTERM, NULL);
    ev_timer_stop (loop, &p->timer);
    ev_timer_init (&p->timer, overdue_cb, p->kill_timeout, 0.);
    p->timer.data = p;
    ev_now_update (loop);
    ev_timer_start (loop, &p->timer);
}

static void timeout_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct perilog *p = w->data;

    p->timed_out = true;
    end (p);
}

static int start (struct perilogs *ps, struct job *job, const struct perilog_conf *conf,
                  bool prolog)
{
    struct perilog *p = calloc (1, sizeof (*p));

    if (!p)
        return -1;
    p->ps = ps;
    p->id = job->id;
    p->prolog = prolog;
    p->per_rank = conf->per_rank;
    p->cancel_on_exception = conf->cancel_on_exception;
    p->kill_timeout = conf->kill_timeout;
    if (!(p->rc = rankcmd_start (ps->jm->rt, kind (prolog), conf->command, job,
                                 conf->per_rank ? job->ranks : "0", &ops, p))) {
        free (p);
        return -1;
    }
    DL_APPEND (ps->list, p);
    if (conf->timeout > 0) {
        ev_timer_init (&p->timer, timeout_cb, conf->timeout, 0.);
        p->timer.data = p;
        ev_timer_start (router_loop (ps->jm->rt), &p->timer);
    }
    return 0;
}

void perilogs_prolog (struct perilogs *ps, struct job *job)
{
    const struct perilog_conf *conf = &ps->jm->conf.prolog;

    if (!conf->command || action_prolog_start (ps->jm, job, "job-manager.prolog") < 0)
        return;
    if (start (ps, job, conf, true) < 0) {
        job_manager_raise (ps->jm, job, "prolog", 0, ps->jm->owner, "it could not be started");
        action_prolog_finish (ps->jm, job, "job-manager.prolog", 1 << 8);
    }
}

void perilogs_epilog (struct perilogs *ps, struct job *job)
{
    const struct perilog_conf *conf = &ps->jm->conf.epilog;

    if (!conf->command || !job->live || !job->live->has_resources || lookup (ps, job->id) ||
        action_epilog_start (ps->jm, job, "job-manager.epilog") < 0)
        return;
    if (start (ps, job, conf, false) < 0) {
        job_manager_raise (ps->jm, job, "epilog", 2, ps->jm->owner, "it could not be started");
        action_epilog_finish (ps->jm, job, "job-manager.epilog", 1 << 8);
    }
}

void perilogs_exception (struct perilogs *ps, struct job *job)
{
    struct perilog *p = lookup (ps, job->id);

    if (!p || p->over || !p->cancel_on_exception || p->canceled || p->timed_out)
        return;
    p->canceled = true;
    end (p);
}

struct perilogs *perilogs_create (struct job_manager *jm)
{
    struct perilogs *ps = calloc (1, sizeof (*ps));

    if (ps)
        ps->jm = jm;
    return ps;
}

void perilogs_destroy (struct perilogs *ps)
{
    if (ps) {
        while (ps->list)
            perilog_free (ps->list);
        free (ps);
    }
}
