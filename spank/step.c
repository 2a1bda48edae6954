/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* In slurmstepd: the step's first task on this node becomes the broker, its other tasks wait out of
 * the way until the broker has ended, as Slurm may end a step whose tasks leave early. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/step.h"

/* A ticket in the environment that is not of this very step was inherited, and says nothing. */
static int read_ticket (spank_t sp, struct ticket *t)
{
    char text[1024];
    uint32_t jobid, stepid;

    if (spank_getenv (sp, TICKET_VARIABLE, text, sizeof (text)) != ESPANK_SUCCESS ||
        ticket_decode (t, text) < 0 || spank_get_item (sp, S_JOB_ID, &jobid) ||
        spank_get_item (sp, S_JOB_STEPID, &stepid))
        return -1;
    return t->jobid == jobid && t->stepid == stepid ? 0 : -1;
}

static int fill_step (spank_t sp, struct step *step, const struct settings *set)
{
    char *cores = NULL;

    step->launch.set = set;
    step->launch.hold_fd = step->launch.ready_fd = step->ready = -1;
    step->hold[0] = step->hold[1] = -1;
    if (spank_get_item (sp, S_JOB_NODEID, &step->launch.rank) ||
        spank_get_item (sp, S_JOB_LOCAL_TASK_COUNT, &step->ntasks)) {
        slurm_error ("flux: Slurm does not tell this node's place in the step");
        return -1;
    }
    if (spank_get_item (sp, S_STEP_ALLOC_CORES, &cores) == ESPANK_SUCCESS && cores)
        step->cores = strdup (cores);
    step->launch.cores = step->cores;
    return 0;
}

int step_user_init (spank_t sp, struct context *ctx)
{
    struct ticket ticket;
    struct step *step;
    char **env;

    if (read_ticket (sp, &ticket) < 0)
        return 0;
    if (!(step = ctx->step = calloc (1, sizeof (*step))) || fill_step (sp, step, ctx->set) < 0)
        return -1;
    step->launch.ticket = ticket;
    if (ticket.mode == MODE_TASKS) {
        if (spank_get_item (sp, S_JOB_ENV, &env))
            return -1;
        return beside_start (sp, step, env);
    }
    if (step->ntasks > 1 && pipe2 (step->hold, O_CLOEXEC) < 0) {
        slurm_error ("flux: pipe: %s", strerror (errno));
        return -1;
    }
    return 0;
}

/* Signals to the step are for the broker. */
static void stay_out_of_the_way (const struct step *step)
{
    char c;
    ssize_t n;

    for (int sig = 1; sig < NSIG; sig++)
        signal (sig, SIG_IGN);
    /* What is inherited of slurmstepd has the ends of the other tasks' pipes among it: held open
     * here, the broker would never see the end of its input. */
    dup2 (step->hold[0], STDIN_FILENO);
    closefrom (1);
    do {
        n = read (STDIN_FILENO, &c, 1);
    } while (n < 0 && errno == EINTR);
    _exit (0);
}

/* srun sends its input to every task; one that leaves it unread would stop it for all. */
static void drop_stdin (void)
{
    int fd = open ("/dev/null", O_RDONLY);

    if (fd > 0) {
        dup2 (fd, STDIN_FILENO);
        close (fd);
    }
}

static const char *base_name (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash ? slash + 1 : path;
}

/* The user's shell and no more, as in `srun --flux --pty bash`: the broker starts that itself, with
 * a prompt that shows the instance where there is a terminal. */
static bool is_shell (int argc, char **argv, char **env)
{
    for (; argc == 1 && *env; env++) {
        if (strncmp (*env, "SHELL=", 6) == 0)
            return strcmp (base_name (*env + 6), base_name (argv[0])) == 0;
    }
    return false;
}

static int become_broker (spank_t sp, struct step *step)
{
    struct launch *l = &step->launch;
    flux_error_t e;
    int argc;
    char **argv, **env;

    if (spank_get_item (sp, S_JOB_ARGV, &argc, &argv) || spank_get_item (sp, S_JOB_ENV, &env)) {
        slurm_error ("flux: Slurm does not tell the command or its environment");
        return -1;
    }
    l->program = l->rank == 0;
    if (!l->program)
        drop_stdin ();
    else if (!is_shell (argc, argv, env))
        l->argv = argv;
    l->hold_fd = step->hold[1];
    (void)launch_broker (l, env, &e);
    slurm_error ("flux: %s", e.text);
    return -1;
}

int step_task_init (spank_t sp, struct context *ctx)
{
    struct step *step = ctx->step;
    int id;

    if (!step)
        return 0;
    if (step->launch.ticket.mode == MODE_TASKS)
        return beside_task_env (sp) < 0 ? -1 : beside_wait (step);
    if (spank_get_item (sp, S_TASK_ID, &id)) {
        slurm_error ("flux: Slurm does not tell the task's id");
        return -1;
    }
    if (id != 0)
        stay_out_of_the_way (step);
    return become_broker (sp, step);
}

static void close_hold (struct step *step)
{
    for (int i = 0; i < 2; i++) {
        if (step->hold[i] >= 0)
            close (step->hold[i]);
        step->hold[i] = -1;
    }
}

/* slurmstepd must not hold the pipe open once all tasks have it. */
int step_task_post_fork (spank_t sp, struct context *ctx)
{
    struct step *step = ctx->step;

    if (step && ++step->nforked == step->ntasks)
        close_hold (step);
    return 0;
}

/* slurmstepd does not come to step_exit() before all processes that it tracks are gone, and with
 * cgroups a broker beside the tasks is one of them. */
int step_task_exit (spank_t sp, struct context *ctx)
{
    struct step *step = ctx->step;

    if (step && ++step->nexited == step->ntasks)
        beside_end (step);
    return 0;
}

void step_exit (spank_t sp, struct context *ctx)
{
    struct step *step = ctx->step;

    if (!step)
        return;
    beside_end (step);
    close_hold (step);
    free (step->cores);
    free (step);
    ctx->step = NULL;
}
