/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* In srun: the wire-up server in a thread, and the ticket for the nodes. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "lib/bootstrap/server.h"
#include "spank/context.h"
#include "spank/ticket.h"

#define MAX_ADDRESSES 8
#define GRACE_MSEC 1000

/* Flags came with 23.11, a structure for the two numbers with 25.11. */
#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(25, 11, 0)
#define KILL_STEP(job, step, signum)                                                               \
    slurm_kill_job_step (                                                                          \
        &(slurm_step_id_t){.job_id = (job), .step_het_comp = NO_VAL, .step_id = (step)}, signum,   \
        0)
#elif SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 11, 0)
#define KILL_STEP(job, step, signum) slurm_kill_job_step (job, step, signum, 0)
#else
#define KILL_STEP(job, step, signum) slurm_kill_job_step (job, step, signum)
#endif

struct local {
    struct wireup_server *srv;
    uint32_t jobid, stepid;
    int stop[2]; // a byte here ends the wire-up
    pthread_t thread;
    bool started;
};

/* Names a rank by the list of the step's nodes, which the first broker has brought along. */
static int host_of (const char *hostlist, uint32_t rank, char *buf, size_t size)
{
    const char *list = hostlist ? hostlist : getenv ("SLURM_NODELIST");
    __auto_type hl = list ? slurm_hostlist_create (list) : NULL; // its type is not that of 22.05
    char *name = NULL;
    int rc = -1;

    for (uint32_t i = 0; hl && i <= rank; i++) {
        free (name);
        name = slurm_hostlist_shift (hl);
    }
    if (name && snprintf (buf, size, "%s", name) < (int)size)
        rc = 0;
    free (name);
    if (hl)
        slurm_hostlist_destroy (hl);
    return rc;
}

/* The brokers that were heard of end by themselves, and give the step their exit code. The others
 * are killed unless srun is done before. */
static void end_step (const struct local *local)
{
    struct pollfd pfd = {.fd = local->stop[0], .events = POLLIN};

    if (poll (&pfd, 1, GRACE_MSEC) == 0)
        KILL_STEP (local->jobid, local->stepid, SIGKILL);
}

static void *serve (void *arg)
{
    struct local *local = arg;
    flux_error_t e;

    if (wireup_server_run (local->srv, local->stop[0], &e) < 0 && errno != ECANCELED) {
        slurm_error ("flux: no instance: %s", e.text);
        end_step (local);
    }
    return NULL;
}

/* srun's own threads take the signals. */
static int start_thread (struct local *local)
{
    sigset_t all, old;
    int e;

    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    e = pthread_create (&local->thread, NULL, serve, local);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    if (e != 0) {
        slurm_error ("flux: cannot start a thread: %s", strerror (e));
        return -1;
    }
    local->started = true;
    return 0;
}

/* An address by which another host may reach this one, as text; link-local ones are no use there
 * without the name of an interface. */
static int address_text (const struct ifaddrs *ifa, char *text, size_t size)
{
    const struct sockaddr_in *sin = (const void *)ifa->ifa_addr;
    const struct sockaddr_in6 *sin6 = (const void *)ifa->ifa_addr;

    if (!ifa->ifa_addr || (ifa->ifa_flags & IFF_LOOPBACK))
        return -1;
    if (ifa->ifa_addr->sa_family == AF_INET)
        return inet_ntop (AF_INET, &sin->sin_addr, text, size) ? 0 : -1;
    if (ifa->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL (&sin6->sin6_addr))
        return inet_ntop (AF_INET6, &sin6->sin6_addr, text, size) ? 0 : -1;
    return -1;
}

/* Our addresses, for the nodes that slurmd has not told where srun is. */
static void list_addresses (char *buf, size_t size)
{
    struct ifaddrs *list, *ifa;
    char text[INET6_ADDRSTRLEN];
    size_t len = 0;
    int n = 0;

    buf[0] = '\0';
    if (getifaddrs (&list) < 0)
        return;
    for (ifa = list; ifa && n < MAX_ADDRESSES; ifa = ifa->ifa_next) {
        if (address_text (ifa, text, sizeof (text)) < 0 || len + strlen (text) + 2 > size)
            continue;
        len += snprintf (buf + len, size - len, "%s%s", n++ ? "," : "", text);
    }
    freeifaddrs (list);
}

static int start_wireup (struct local *local, const struct settings *set, struct ticket *t)
{
    const struct wireup_config config = {.size = t->size,
                                         .jobid = t->jobid,
                                         .stepid = t->stepid,
                                         .munge = true,
                                         .munge_socket = set->munge_socket,
                                         .timeout = set->timeout,
                                         .quorum = settings_quorum (set, t->size),
                                         .host_of = host_of};
    flux_error_t e;
    int port;

    if (pipe (local->stop) < 0)
        return -1;
    if (!(local->srv = wireup_server_create (&config, &e)) ||
        (port = wireup_server_listen (local->srv, set->port_low, set->port_high, &e)) < 0) {
        slurm_error ("flux: %s", e.text);
        return -1;
    }
    t->port = port;
    snprintf (t->nonce, sizeof (t->nonce), "%s", wireup_server_nonce (local->srv));
    list_addresses (t->addresses, sizeof (t->addresses));
    return start_thread (local);
}

static int set_environ (const struct ticket *t, const struct settings *set)
{
    char text[1024];

    if (ticket_encode (t, text, sizeof (text)) < 0 || setenv (TICKET_VARIABLE, text, 1) < 0 ||
        setenv (ATTRS_VARIABLE, set->attrs.len ? set->attrs.data : "", 1) < 0) {
        slurm_error ("flux: environment: %s", strerror (errno));
        return -1;
    }
    return 0;
}

/* Without --flux a step gets an instance only where the administrator wants one for each
 * allocation, and this srun has made the allocation. */
static enum flux_mode step_mode (const struct settings *set, bool has_allocation)
{
    if (set->mode != MODE_UNSET)
        return set->mode;
    return set->default_on && !has_allocation ? MODE_ON : MODE_OFF;
}

/* Only the initial program reads input. srun would send it to every task, and take it for an error
 * when a node ends with some of it unread. There is no call in SPANK that says so: srun's own
 * parser of options is asked (22.05 to 24.11: same names). Where it isn't found nothing is lost but
 * that the end of a step may be noisy. Nor is that done where a later srun leaves the number of
 * tasks to slurmctld: it would take the number for the name of a file. */
static void set_input (void)
{
    void *opt = dlsym (RTLD_DEFAULT, "opt");
    bool (*isset) (void *, const char *) = dlsym (RTLD_DEFAULT, "slurm_option_isset");
    int (*process) (void *, int, const char *, bool, bool) =
        dlsym (RTLD_DEFAULT, "slurm_process_option");

    if (!opt || !isset || !process || isset (opt, "input") || isset (opt, "pty"))
        return;
    if (SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM (23, 2, 0) && isset (opt, "cpus-per-task") &&
        !isset (opt, "ntasks") && !isset (opt, "ntasks-per-node"))
        return;
    (void)process (opt, 'i', "0", true, false);
}

int local_init_post_opt (spank_t sp, struct context *ctx)
{
    struct settings *set = ctx->set;
    const char *attrs = getenv (ATTRS_VARIABLE);
    flux_error_t e;

    set->mode = step_mode (set, getenv ("SLURM_JOB_ID") != NULL);
    unsetenv (TICKET_VARIABLE);
    /* srun comes here once for each component of a heterogeneous job, and only for one of them to
     * local_user_init. */
    if (set->mode != MODE_OFF && ++ctx->ncomponents > 1) {
        slurm_error ("flux: one instance can't span the components of a heterogeneous job; "
                     "choose one with --het-group");
        return -1;
    }
    if (set->mode == MODE_ON)
        set_input ();
    if (set->mode == MODE_OFF || !attrs)
        return 0;
    /* Those of sbatch; what is on srun's own command line wins. */
    struct buf own = set->attrs;
    memset (&set->attrs, 0, sizeof (set->attrs));
    int rc = settings_attr_lines (set, attrs, &e);
    if (rc == 0 && own.len > 0)
        rc = settings_attr_lines (set, own.data, &e);
    buf_clear (&own);
    if (rc < 0)
        slurm_error ("flux: %s", e.text);
    return rc;
}

int local_user_init (spank_t sp, struct context *ctx)
{
    struct local *local;
    struct ticket t = {.mode = ctx->set->mode};

    if (ctx->set->mode != MODE_ON && ctx->set->mode != MODE_TASKS)
        return 0;
    if (!(local = ctx->local = calloc (1, sizeof (*local))))
        return -1;
    local->stop[0] = local->stop[1] = -1;
    if (spank_get_item (sp, S_JOB_ID, &t.jobid) || spank_get_item (sp, S_JOB_STEPID, &t.stepid) ||
        spank_get_item (sp, S_JOB_NNODES, &t.size) || t.size == 0) {
        slurm_error ("flux: Slurm does not tell the step's id or size");
        return -1;
    }
    local->jobid = t.jobid;
    local->stepid = t.stepid;
    if (t.size > 1 && start_wireup (local, ctx->set, &t) < 0)
        return -1;
    return set_environ (&t, ctx->set);
}

void local_exit (spank_t sp, struct context *ctx)
{
    struct local *local = ctx->local;

    if (!local)
        return;
    if (local->started) {
        if (write (local->stop[1], "", 1) == 1)
            pthread_join (local->thread, NULL);
    }
    wireup_server_destroy (local->srv);
    if (local->stop[0] >= 0) {
        close (local->stop[0]);
        close (local->stop[1]);
    }
    free (local);
    ctx->local = NULL;
}
