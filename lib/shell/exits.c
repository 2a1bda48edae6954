/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tasks that end, and what a job shell does about it. */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "lib/shell/shell.h"
#include "lib/util/buf.h"

#define EXIT_TIMEOUT 30. // seconds the other tasks have when the first one has ended

static int exit_code (int status)
{
    return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

static const char *describe (int status, char *buf, size_t size)
{
    if (WIFSIGNALED (status))
        snprintf (buf, size, " (%s)", strsignal (WTERMSIG (status)));
    else
        snprintf (buf, size, " (Exit %d)", WEXITSTATUS (status));
    return buf;
}

static void exit_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct shell *sh = w->data;
    const char *text = json_string_value (shell_info_option (sh->info, "exit-timeout"));

    shell_fatal (sh, "%s: a task exited and exit-timeout=%s has expired", sh->info->name,
                 text ? text : "30s");
}

static void post_task_exit (struct shell *sh, int localid, pid_t pid, int status)
{
    struct buf b = {0};

    buf_printf (&b,
                "{\"localid\":%d,\"rank\":%d,\"state\":\"Exited\",\"pid\":%d,\"wait_status\":%d,"
                "\"signaled\":%d,\"exitcode\":%d}",
                localid, sh->info->taskids[localid], (int)pid, status,
                WIFSIGNALED (status) ? WTERMSIG (status) : 0, exit_code (status));
    joblog_event (sh->log, JOBLOG_EXEC, 0., "shell.task-exit", b.data);
    buf_clear (&b);
}

/* The first task of the job that ends starts the clock for the others. */
static void first_exit (struct shell *sh, int localid, int status)
{
    double timeout = EXIT_TIMEOUT;
    const char *text = json_string_value (shell_info_option (sh->info, "exit-timeout"));
    char buf[64];

    if (sh->info->ntasks == 1)
        return;
    if (status != 0 && shell_info_flag (sh->info, "exit-on-error")) {
        shell_fatal (sh, "%s: task rank %d on host %s failed%s and exit-on-error is set",
                     sh->info->name, sh->info->taskids[localid],
                     sh->info->hostname ? sh->info->hostname : "unknown",
                     describe (status, buf, sizeof (buf)));
        return;
    }
    if (text && !strcasecmp (text, "none"))
        return;
    if (shell_info_duration (sh->info, "exit-timeout", &timeout) < 0 || timeout <= 0.)
        timeout = EXIT_TIMEOUT;
    if (sh->running == 0)
        return;
    ev_timer_init (&sh->exit_timer, exit_timer_cb, timeout, 0.);
    sh->exit_timer.data = sh;
    ev_timer_start (sh->loop, &sh->exit_timer);
}

void shell_task_ended (struct shell *sh, int localid, int status)
{
    struct shell_task *task = &sh->tasks[localid];
    bool first = true;

    for (int i = 0; i < sh->info->nlocal; i++)
        if (sh->tasks[i].pid == -1)
            first = false;
    pid_t pid = task->pid;
    task->pid = -1;
    task->status = status;
    if (pid > 0)
        sh->running--;
    if (status > sh->status)
        sh->status = status;
    input_task_ended (sh->input, localid);
    if (first) {
        post_task_exit (sh, localid, pid, status);
        first_exit (sh, localid, status);
    }
    if (sh->running == 0)
        ev_timer_stop (sh->loop, &sh->exit_timer);
    shell_check_ended (sh);
}

void shell_reap (struct shell *sh)
{
    int status;
    pid_t pid;

    while ((pid = waitpid (-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < sh->info->nlocal; i++) {
            if (sh->tasks[i].pid == pid) {
                shell_task_ended (sh, i, status);
                break;
            }
        }
    }
}

/* All tasks have ended, so have their streams, and what was sent has been answered: the rest goes
 * with the result. */
void shell_check_ended (struct shell *sh)
{
    if (sh->ended || !sh->input || sh->starting || sh->running > 0 || !output_ended (sh->output))
        return;
    if (link_is_open (sh->link) && joblog_unsent (sh->log) > JOBLOG_SEND_SIZE)
        joblog_flush (sh->log);
    if (link_pending (sh->link) > 0)
        return;
    sh->ended = true;
    ev_break (sh->loop, EVBREAK_ALL);
}
