/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.raiseall and killall: requests about many jobs at once. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <flux/request.h>

#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/private.h"

struct bulk {
    struct job_manager *jm;
    const flux_msg_t *msg;
    bool dry_run;
    int userid;
    int severity;
    const char *type;
    const char *note;
    int signum;
    int count;
    int errors;
};

static bool bulk_matches (struct bulk *b, const struct job *job)
{
    return (b->userid == -1 || (uint32_t)b->userid == job->userid) &&
           flux_msg_authorize (b->msg, job->userid) == 0;
}

static int bulk_raise (struct job *job, void *arg)
{
    struct bulk *b = arg;

    if (!bulk_matches (b, job))
        return 0;
    b->count++;
    if (!b->dry_run)
        job_manager_raise (b->jm, job, b->type, b->severity, request_sender (b->msg), b->note);
    return 0;
}

static void bulk_answer (struct bulk *b)
{
    router_respond_pack (b->jm->rt, b->msg, "{s:i s:i}", "count", b->count, "errors", b->errors);
}

void raiseall_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct bulk b = {.jm = jm, .msg = msg};
    int dry_run, states;

    if (flux_request_unpack (msg, NULL, "{s:b s:i s:i s:i s:s s?s}", "dry_run", &dry_run, "userid",
                             &b.userid, "states", &states, "severity", &b.severity, "type", &b.type,
                             "note", &b.note) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (b.severity < 0 || b.severity > 7 || !exception_type_is_valid (b.type)) {
        router_respond_error (rt, msg, EINVAL, "invalid exception type or severity");
    } else {
        b.dry_run = dry_run;
        walk_collected (jm, states & JOB_ACTIVE, bulk_raise, &b);
        bulk_answer (&b);
    }
}

static int bulk_kill (struct job *job, void *arg)
{
    struct bulk *b = arg;

    if (!bulk_matches (b, job))
        return 0;
    b->count++;
    if (!b->dry_run && job_exec_kill (b->jm->exec, job->id, b->signum) < 0)
        b->errors++;
    return 0;
}

void killall_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    struct bulk b = {.jm = jm, .msg = msg};
    int dry_run;

    if (flux_request_unpack (msg, NULL, "{s:b s:i s:i}", "dry_run", &dry_run, "userid", &b.userid,
                             "signum", &b.signum) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (b.signum <= 0 || b.signum >= NSIG) {
        router_respond_error (rt, msg, EINVAL, "invalid signal number");
    } else {
        b.dry_run = dry_run;
        walk_collected (jm, JOB_RUN, bulk_kill, &b);
        bulk_answer (&b);
    }
}
