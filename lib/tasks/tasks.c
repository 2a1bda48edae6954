/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A task's connection to the broker of its node. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/tasks/private.h"
#include "lib/util/errprintf.h"

#define OPEN_TIMEOUT 60.
#define CLOSE_TIMEOUT 5.

static int env_int (const char *name, int min, int def)
{
    const char *s = getenv (name);
    char *end;
    long v = s ? strtol (s, &end, 10) : def;

    return s && (end == s || *end || v < min || v > INT_MAX) ? def : (int)v;
}

/* flux-shell tells by FLUX_*; so does spank_flux in a step, which is no job of the instance. */
static int find_place (struct flux_tasks *t)
{
    const char *id = getenv ("FLUX_JOB_ID"), *step = getenv ("SLURM_STEP_ID");
    const char *slurm_id = getenv ("SLURM_JOB_ID");
    int rc = 0;

    if (id && getenv ("FLUX_TASK_RANK")) {
        t->job = strdup (id);
        t->rank = env_int ("FLUX_TASK_RANK", 0, 0);
        t->size = env_int ("FLUX_JOB_SIZE", 1, 1);
    } else if (slurm_id && getenv ("SLURM_PROCID")) {
        rc = asprintf (&t->job, "slurm-%s.%s", slurm_id, step ? step : "0");
        t->rank = env_int ("FLUX_TASK_RANK", 0, env_int ("SLURM_PROCID", 0, 0));
        t->size = env_int ("FLUX_JOB_SIZE", 1, env_int ("SLURM_NTASKS", 1, 1));
    } else {
        t->job = strdup ("");
        t->size = 1;
    }
    return rc < 0 || !t->job ? -1 : 0;
}

static size_t direct_limit (void)
{
    const char *s = getenv ("FLUX_TASKS_DIRECT");
    char *end;

    if (!s || !*s)
        return TASKS_DIRECT_MIN;
    if (!strcmp (s, "off"))
        return SIZE_MAX;
    unsigned long long v = strtoull (s, &end, 10);
    return *end ? TASKS_DIRECT_MIN : (size_t)v;
}

static int get_node (struct flux_tasks *t, double deadline)
{
    const flux_msg_t *msg =
        tasks_ask (t, "attr.get", FLUX_NODEID_ANY, json_pack ("{s:s}", "name", "rank"), deadline);
    const char *value;

    if (!msg)
        return -1;
    int rc = flux_msg_unpack (msg, "{s:s}", "value", &value);
    if (rc == 0)
        t->node = atoi (value);
    flux_msg_decref (msg);
    return rc;
}

static int add_service (struct flux_tasks *t, double deadline)
{
    unsigned long long id;

    if (getrandom (&id, sizeof (id), 0) != sizeof (id))
        return -1;
    snprintf (t->address, sizeof (t->address), "%u-task-%016llx", (unsigned)t->uid, id);
    const flux_msg_t *msg = tasks_ask (t, "service.add", FLUX_NODEID_ANY,
                                       json_pack ("{s:s}", "service", t->address), deadline);
    flux_msg_decref (msg);
    return msg ? 0 : -1;
}

flux_tasks_t *flux_tasks_open (const char *uri, flux_error_t *errp)
{
    struct flux_tasks *t = calloc (1, sizeof (*t));
    double deadline = tasks_deadline (OPEN_TIMEOUT);

    if (!t || find_place (t) < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    t->epfd = t->timerfd = -1;
    t->uid = getuid ();
    t->direct_min = direct_limit ();
    if (!(t->h = flux_open_ex (uri, 0, errp)))
        goto error;
    if ((t->epfd = epoll_create1 (EPOLL_CLOEXEC)) < 0 ||
        tasks_watch_fd (t, flux_pollfd (t->h)) < 0 ||
        (t->timerfd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) < 0 ||
        tasks_watch_fd (t, t->timerfd) < 0) {
        errprintf (errp, "epoll: %s", strerror (errno));
        goto error;
    }
    if (get_node (t, deadline) < 0 || add_service (t, deadline) < 0) {
        errprintf (errp, "the broker does not answer: %s", strerror (errno));
        goto error;
    }
    return t;
error:;
    int saved_errno = errno;
    if (t)
        flux_tasks_close (t);
    errno = saved_errno;
    return NULL;
}

void flux_tasks_close (flux_tasks_t *t)
{
    if (!t)
        return;
    int saved_errno = errno;
    while (t->groups)
        flux_group_leave (t->groups, CLOSE_TIMEOUT);
    direct_destroy (t->direct);
    tasks_forget_all (t);
    flux_close (t->h);
    if (t->timerfd >= 0)
        close (t->timerfd);
    if (t->epfd >= 0)
        close (t->epfd);
    free (t->job);
    free (t);
    errno = saved_errno;
}

const char *flux_tasks_job (const flux_tasks_t *t)
{
    return t->job;
}

int flux_tasks_rank (const flux_tasks_t *t)
{
    return t->rank;
}

int flux_tasks_size (const flux_tasks_t *t)
{
    return t->size;
}

int flux_tasks_node (const flux_tasks_t *t)
{
    return t->node;
}

void flux_tasks_set_direct (flux_tasks_t *t, size_t bytes)
{
    t->direct_min = bytes;
}
