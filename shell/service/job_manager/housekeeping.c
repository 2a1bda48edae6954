/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/idset.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <utlist.h>

#include <flux/request.h>

#include "lib/job/fluid.h"
#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"
#include "lib/util/monotime.h"
#include "shell/service/job_manager/housekeeping.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/rankcmd.h"
#include "shell/service/sched/sched.h"

/* What one job left. */
struct room {
    struct housekeeping *hk;
    uint64_t id;
    double t_start;
    struct rankcmd *rc;
    struct idset *allocated; // not released yet
    ev_timer timer;          // until ranks that are ready are released
    bool releasing;          // each one as it is ready
    struct room *prev, *next;
};

struct housekeeping {
    struct job_manager *jm;
    struct room *list;
};

int housekeeping_conf_parse (struct housekeeping_conf *c, const json_t *table, flux_error_t *errp)
{
    json_t *command = NULL;
    const char *after = NULL;
    int first_error = 0, unit = 0;
    json_error_t error;

    *c = (struct housekeeping_conf){.release_after = -1.};
    if (!table)
        return 0;
    errno = EINVAL;
    if (json_unpack_ex ((json_t *)table, &error, 0, "{s?o s?s s?b s?b !}", "command", &command,
                        "release-after", &after, "exit-on-first-error", &first_error,
                        "use-systemd-unit", &unit) < 0)
        return errprintf (errp, "job-manager.housekeeping: %s", error.text);
    if (!json_is_strings (command) || json_array_size (command) == 0)
        return errprintf (errp, "job-manager.housekeeping.command: must be an array of strings");
    if (after && fsd_parse_duration (after, &c->release_after) < 0)
        return errprintf (errp, "job-manager.housekeeping.release-after: invalid FSD value");
    if (isinf (c->release_after))
        c->release_after = -1.;
    c->command = json_incref (command);
    return 0;
}

void housekeeping_conf_clear (struct housekeeping_conf *c)
{
    json_decref (c->command);
    *c = (struct housekeeping_conf){.release_after = -1.};
}

static void room_free (struct room *room)
{
    DL_DELETE (room->hk->list, room);
    ev_timer_stop (router_loop (room->hk->jm->rt), &room->timer);
    rankcmd_destroy (room->rc);
    idset_destroy (room->allocated);
    free (room);
}

/* All that is ready and not given back yet. */
static void release (struct room *room)
{
    struct job_manager *jm = room->hk->jm;
    struct idset *ready = idset_difference (room->allocated, rankcmd_pending (room->rc));

    if (!ready)
        return;
    if (idset_count (ready) == idset_count (room->allocated))
        sched_free (jm->sched, room->id);
    else if (idset_count (ready) > 0)
        sched_free_ranks (jm->sched, room->id, ready);
    if (idset_count (ready) > 0) {
        extsched_free (jm->extsched, room->id, ready,
                       idset_count (ready) == idset_count (room->allocated));
        (void)idset_subtract (room->allocated, ready);
        job_manager_reschedule (jm);
    }
    idset_destroy (ready);
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct room *room = w->data;

    room->releasing = true;
    release (room);
}

static void ended_cb (struct rankcmd *rc, uint32_t rank, int status, void *arg)
{
    struct room *room = arg;
    struct ev_loop *loop = router_loop (room->hk->jm->rt);
    double after = room->hk->jm->conf.housekeeping.release_after;
    char id[FLUID_STRING_SIZE];

    if (status != 0) {
        fluid_encode (room->id, FLUID_F58_PLAIN, id, sizeof (id));
        router_log (room->hk->jm->rt, LOG_ERR, "job-manager", "housekeeping: %s: rank %u: %s %d",
                    id, (unsigned)rank, WIFSIGNALED (status) ? "killed by signal" : "exit code",
                    WIFSIGNALED (status) ? WTERMSIG (status) : WEXITSTATUS (status));
    }
    if (after == 0.)
        room->releasing = true;
    if (room->releasing)
        release (room);
    else if (after > 0. && !ev_is_active (&room->timer)) {
        ev_timer_init (&room->timer, timer_cb, after, 0.);
        room->timer.data = room;
        ev_timer_start (loop, &room->timer);
    }
}

static void done_cb (struct rankcmd *rc, void *arg)
{
    struct room *room = arg;
    struct job_manager *jm = room->hk->jm;

    release (room);
    room_free (room);
    check_idle (jm);
}

static const struct rankcmd_ops ops = {.ended = ended_cb, .done = done_cb};

bool housekeeping_take (struct housekeeping *hk, struct job *job)
{
    const json_t *command = hk->jm->conf.housekeeping.command;
    struct room *room;

    if (!command || hk->jm->shutting_down || !job->ranks || job->live->sim_duration >= 0)
        return false;
    if (!(room = calloc (1, sizeof (*room))))
        return false;
    room->hk = hk;
    room->id = job->id;
    room->t_start = walltime_now ();
    DL_APPEND (hk->list, room);
    if (!(room->allocated = idset_decode (job->ranks)) ||
        !(room->rc =
              rankcmd_start (hk->jm->rt, "housekeeping", command, job, job->ranks, &ops, room))) {
        room_free (room);
        return false;
    }
    return true;
}

void housekeeping_each (const struct housekeeping *hk, housekeeping_f cb, void *arg)
{
    const struct room *room;

    DL_FOREACH (hk->list, room)
    {
        const struct job *job = job_manager_lookup (hk->jm, room->id);
        struct idset *all = job && job->ranks ? idset_decode (job->ranks) : NULL;
        struct idset *freed = all ? idset_difference (all, room->allocated) : NULL;
        char *text = freed ? idset_encode (freed, IDSET_FLAG_RANGE) : NULL;
        if (text)
            cb (room->id, text, arg);
        free (text);
        idset_destroy (freed);
        idset_destroy (all);
    }
}

static void add_room (json_t *running, const struct room *room)
{
    char id[FLUID_STRING_SIZE];
    char *pending = idset_encode (rankcmd_pending (room->rc), IDSET_FLAG_RANGE);
    char *allocated = idset_encode (room->allocated, IDSET_FLAG_RANGE);

    fluid_encode (room->id, FLUID_F58, id, sizeof (id));
    json_object_set_new (running, id,
                         json_pack ("{s:f s:s s:s}", "t_start", room->t_start, "pending",
                                    pending ? pending : "", "allocated",
                                    allocated ? allocated : ""));
    free (pending);
    free (allocated);
}

json_t *housekeeping_stats (const struct housekeeping *hk)
{
    const struct housekeeping_conf *conf = &hk->jm->conf.housekeeping;
    json_t *running = json_object ();
    struct room *room;
    char *command = NULL;
    size_t i;
    json_t *arg;

    DL_FOREACH (hk->list, room)
    add_room (running, room);
    json_array_foreach (conf->command, i, arg)
    {
        char *more = NULL;
        if (asprintf (&more, "%s%s%s", command ? command : "", command ? " " : "",
                      json_string_value (arg)) < 0)
            more = NULL;
        free (command);
        command = more;
    }
    json_t *o = json_pack ("{s:o s:{s:f s:s}}", "running", running, "config", "release-after",
                           conf->release_after, "command", command ? command : "");
    free (command);
    return o;
}

void housekeeping_kill_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id = 0;
    int signum;
    const char *ranks = NULL;
    struct idset *ids = NULL;
    struct room *room, *tmp;

    if (flux_request_unpack (msg, NULL, "{s:i s?I s?s}", "signum", &signum, "jobid", &id, "ranks",
                             &ranks) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (signum <= 0 || signum >= NSIG || (ranks && !(ids = idset_decode (ranks)))) {
        router_respond_error (rt, msg, EINVAL,
                              ranks && !ids ? "ranks: not an idset" : "invalid signal number");
        return;
    }
    DL_FOREACH_SAFE (jm->housekeeping->list, room, tmp)
    {
        if (id == 0 || (uint64_t)id == room->id)
            rankcmd_kill (room->rc, signum, ids);
    }
    idset_destroy (ids);
    router_respond (rt, msg, NULL);
}

struct housekeeping *housekeeping_create (struct job_manager *jm)
{
    struct housekeeping *hk = calloc (1, sizeof (*hk));

    if (hk)
        hk->jm = jm;
    return hk;
}

void housekeeping_destroy (struct housekeeping *hk)
{
    if (hk) {
        while (hk->list)
            room_free (hk->list);
        free (hk);
    }
}
