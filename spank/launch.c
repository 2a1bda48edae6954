/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Connect first, then exec: srun knows from the connection that a broker is on its way, and sees at
 * once when it is not. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bootstrap/wireup.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "spank/launch.h"
#include "spank/srun_args.h"

static int set_u32 (const char *name, uint32_t value)
{
    char text[16];

    snprintf (text, sizeof (text), "%u", value);
    return setenv (name, text, 1);
}

static int set_if (const char *name, const char *value)
{
    return value && *value ? setenv (name, value, 1) : unsetenv (name);
}

/* The user's attributes come behind ours, and so win. */
static int set_attrs (const struct launch *l)
{
    struct buf b = {0};
    const char *user = getenv (ATTRS_VARIABLE);
    int rc;

    if (l->cores && *l->cores)
        buf_printf (&b, "resource.cores=%s\n", l->cores);
    if (l->rundir)
        buf_printf (&b, "rundir=%s\n", l->rundir);
    if (!l->program)
        buf_puts (&b, "broker.rc2_none=1\n");
    if (l->ticket.mode == MODE_TASKS)
        buf_puts (&b, "broker.last-out=1\n");
    buf_printf (&b, "slurm.stepid=%u\n", l->ticket.stepid);
    buf_puts (&b, user ? user : "");
    rc = b.err ? -1 : set_if ("FLUX_BOOTSTRAP_ATTRS", b.data);
    buf_clear (&b);
    return rc;
}

static int set_common (const struct launch *l)
{
    const struct ticket *t = &l->ticket;

    if (setenv ("FLUX_BOOTSTRAP_METHOD", t->size > 1 ? "wireup" : "single", 1) < 0 ||
        set_u32 ("FLUX_BOOTSTRAP_JOBID", t->jobid) < 0 ||
        set_if ("FLUX_BOOTSTRAP_HOSTNAME", getenv ("SLURMD_NODENAME")) < 0 ||
        set_if ("FLUX_BOOTSTRAP_MUNGE_SOCKET", l->set->munge_socket) < 0 || set_attrs (l) < 0)
        return -1;
    if (l->hold_fd >= 0 && set_u32 ("FLUX_BOOTSTRAP_HOLD_FD", l->hold_fd) < 0)
        return -1;
    return l->ready_fd >= 0 ? set_u32 ("FLUX_BOOTSTRAP_READY_FD", l->ready_fd) : 0;
}

static int set_wireup (const struct launch *l, int fd)
{
    const struct ticket *t = &l->ticket;

    if (setenv ("FLUX_BOOTSTRAP_AUTH", "munge", 1) < 0 || set_u32 ("FLUX_BOOTSTRAP_FD", fd) < 0 ||
        set_u32 ("FLUX_BOOTSTRAP_RANK", l->rank) < 0 ||
        set_u32 ("FLUX_BOOTSTRAP_SIZE", t->size) < 0 ||
        set_u32 ("FLUX_BOOTSTRAP_STEPID", t->stepid) < 0 ||
        set_u32 ("FLUX_BOOTSTRAP_TIMEOUT", l->set->timeout) < 0 ||
        setenv ("FLUX_BOOTSTRAP_NONCE", t->nonce, 1) < 0 ||
        set_if ("FLUX_BOOTSTRAP_HOSTLIST", getenv ("SLURM_STEP_NODELIST")) < 0)
        return -1;
    return 0;
}

/* slurmd knows by which address this node sees srun; the ones srun knows of itself are second. */
static int connect_srun (const struct launch *l, flux_error_t *errp)
{
    const struct ticket *t = &l->ticket;
    const char *seen = getenv ("SLURM_LAUNCH_NODE_IPADDR");
    char list[600];

    snprintf (list, sizeof (list), "%s%s%s", seen ? seen : "", seen && *t->addresses ? "," : "",
              t->addresses);
    return wireup_connect (list, t->port, monotime_now () + l->set->timeout, errp);
}

static int send_record (const struct launch *l, int fd, enum wire_kind kind, const char *text,
                        flux_error_t *errp)
{
    const struct ticket *t = &l->ticket;
    const struct sealer sealer = {.munge = true, .munge_socket = l->set->munge_socket};
    const struct wire_record rec = {
        .kind = kind,
        .jobid = t->jobid,
        .stepid = t->stepid,
        .rank = l->rank,
        .size = t->size,
        .parent = UINT32_MAX,
        .str = {[WIRE_NONCE] = (char *)t->nonce,
                [WIRE_HOST] = getenv ("SLURMD_NODENAME"),
                [WIRE_HOSTLIST] = getenv ("SLURM_STEP_NODELIST"),
                [WIRE_TEXT] = (char *)text},
    };

    return wireup_send (fd, &sealer, &rec, monotime_now () + l->set->timeout, errp);
}

static int exec_broker (const struct launch *l, flux_error_t *errp)
{
    struct argv args = {0};
    char *path = NULL;

    if (asprintf (&path, "%s/flux-broker", l->set->flux_dir) < 0)
        return errprintf (errp, "out of memory");
    if (argv_add (&args, path) < 0 || (l->argv && argv_add (&args, "--") < 0))
        goto nomem;
    for (char **arg = l->argv; arg && *arg; arg++) {
        if (argv_add (&args, *arg) < 0)
            goto nomem;
    }
    execv (path, args.argv);
    errprintf (errp, "cannot run %s: %s", path, strerror (errno));
    argv_clear (&args);
    free (path);
    return -1;
nomem:
    argv_clear (&args);
    free (path);
    return errprintf (errp, "out of memory");
}

/* Slurm binds the task to the CPUs of one task; the instance has those of the step. What a cgroup
 * says still holds. (srun --cpu-bind=none would do the same, but complains where no task plugin is
 * configured.) */
static void unbind (void)
{
    cpu_set_t all;

    memset (&all, 0xff, sizeof (all));
    (void)sched_setaffinity (0, sizeof (all), &all);
}

int launch_broker (const struct launch *l, char **env, flux_error_t *errp)
{
    int fd = -1;

    environ = env;
    unbind ();
    if (set_common (l) < 0)
        return errprintf (errp, "environment: %s", strerror (errno));
    if (l->ticket.size > 1) {
        if ((fd = connect_srun (l, errp)) < 0)
            return errprintf (errp, "srun is out of reach: %s", errp->text);
        if (send_record (l, fd, WIRE_HERE, NULL, errp) < 0)
            return -1;
        if (fcntl (fd, F_SETFD, 0) < 0 || set_wireup (l, fd) < 0)
            return errprintf (errp, "environment: %s", strerror (errno));
    }
    if (l->hold_fd >= 0)
        (void)fcntl (l->hold_fd, F_SETFD, 0);
    if (l->ready_fd >= 0)
        (void)fcntl (l->ready_fd, F_SETFD, 0);
    (void)exec_broker (l, errp);
    if (fd >= 0)
        (void)send_record (l, fd, WIRE_ABORT, errp->text, NULL);
    return -1;
}
