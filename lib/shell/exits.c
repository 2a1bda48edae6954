/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tasks that end, and what a job shell does about it. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "lib/shell/shell.h"
#include "lib/util/waitcode.h"

#define LINGER 0.1       // seconds until the leader is told of output that goes on after the tasks
#define HOLD 0.2         // seconds from a SIGKILL out of nowhere until its task counts as ended
#define EXIT_TIMEOUT 30. // seconds the other tasks have when the first one has ended

static const char *describe (int status, char *buf, size_t size)
{
    if (WIFSIGNALED (status))
        snprintf (buf, size, " (%s)", strsignal (WTERMSIG (status)));
    else
        snprintf (buf, size, " (Exit %d)", WEXITSTATUS (status));
    return buf;
}

/* The job ends for what one task has done, with its exit code or 1: how the others end, which are
 * killed for it, does not count. */
void shell_settle (struct shell *sh)
{
    if (sh->status == 0)
        sh->status = 1 << 8;
    sh->settled = true;
}

static void exit_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct shell *sh = w->data;
    const char *text = json_string_value (shell_info_option (sh->info, "exit-timeout"));

    shell_fatal (sh, "%s: %s and exit-timeout=%s has expired", sh->info->name, sh->exit_text,
                 text ? text : "30s");
    shell_settle (sh);
}

static json_t *task_info (struct shell *sh, int localid, pid_t pid, int status)
{
    return json_pack ("{s:i s:i s:s s:i s:i s:i s:i s:s*}", "localid", localid, "rank",
                      sh->info->taskids[localid], "state", "Exited", "pid", (int)pid, "wait_status",
                      status, "signaled", WIFSIGNALED (status) ? WTERMSIG (status) : 0, "exitcode",
                      waitcode (status), "host", sh->info->hostname);
}

static void start_exit_timer (struct shell *sh)
{
    double timeout = EXIT_TIMEOUT;

    if (shell_info_is_none (sh->info, "exit-timeout"))
        return;
    if (shell_info_duration (sh->info, "exit-timeout", &timeout) < 0 || timeout <= 0.)
        timeout = EXIT_TIMEOUT;
    ev_timer_init (&sh->exit_timer, exit_timer_cb, timeout, 0.);
    sh->exit_timer.data = sh;
    ev_timer_start (sh->loop, &sh->exit_timer);
}

/* For who is told why the job ends. */
static void describe_exit (struct shell *sh, json_t *task, const char *host, bool failed)
{
    char buf[64];

    snprintf (
        sh->exit_text, sizeof (sh->exit_text), "task rank %d on host %s %s%s",
        (int)json_integer_value (json_object_get (task, "rank")), host ? host : "?",
        failed ? "failed" : "exited",
        describe (json_integer_value (json_object_get (task, "wait_status")), buf, sizeof (buf)));
}

/* The event has all but the host. */
static void post_exit (struct shell *sh, json_t *task)
{
    json_object_del (task, "host");
    char *s = json_dumps (task, JSON_COMPACT);
    if (s)
        joblog_event (sh->log, JOBLOG_EXEC, 0., "shell.task-exit", s);
    free (s);
}

/* Leader: the first task of the job that ends starts the clock for the others. */
static void first_exit (struct shell *sh, json_t *task)
{
    bool failed = json_integer_value (json_object_get (task, "wait_status")) != 0 &&
                  shell_info_flag (sh->info, "exit-on-error");

    sh->first_exit = true;
    if (!sh->all_started) { // the start is told first
        sh->early_exit = json_incref (task);
        return;
    }
    describe_exit (sh, task, json_string_value (json_object_get (task, "host")), failed);
    post_exit (sh, task);
    if (sh->info->ntasks == 1)
        return;
    if (failed) {
        shell_fatal (sh, "%s: %s and exit-on-error is set", sh->info->name, sh->exit_text);
        shell_settle (sh);
    } else
        start_exit_timer (sh);
}

void shell_started (struct shell *sh)
{
    json_t *task = sh->early_exit;

    sh->all_started = true;
    sh->early_exit = NULL;
    if (task)
        first_exit (sh, task);
    json_decref (task);
}

/* Leader: where all tasks have exited, what still holds their output open has all the time of the
 * job. */
static void check_exited (struct shell *sh)
{
    if (sh->running > 0 || sh->info->shell_rank > 0 || !ev_is_active (&sh->exit_timer))
        return;
    for (int i = 1; i < sh->info->nshells; i++)
        if (!(sh->exited && sh->exited[i]) && !peers_said_bye (sh->peers, i))
            return;
    ev_timer_stop (sh->loop, &sh->exit_timer);
}

/* The first task of another shell that ended, or with "finished" all of them. */
void shell_exit_request (struct shell *sh, const flux_msg_t *msg)
{
    json_t *task;
    int rank;

    if (flux_msg_unpack (msg, "{s:i}", "finished", &rank) == 0) {
        if (!sh->exited)
            sh->exited = calloc (sh->info->nshells, sizeof (*sh->exited));
        if (sh->exited && rank > 0 && rank < sh->info->nshells)
            sh->exited[rank] = true;
        check_exited (sh);
    } else if (flux_msg_unpack (msg, "o", &task) == 0 && !sh->first_exit)
        first_exit (sh, task);
}

/* Follower: output should have ended with the last task, and has not. */
static void linger_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct shell *sh = w->data;

    link_rpc (sh->link, sh->exit_topic, sh->info->leader_rank, FLUX_MSGFLAG_NORESPONSE,
              json_pack ("{s:i}", "finished", sh->info->shell_rank), NULL, NULL);
}

static void all_exited (struct shell *sh)
{
    if (sh->info->shell_rank == 0) {
        check_exited (sh);
    } else if (!output_ended (sh->output)) {
        ev_timer_init (&sh->exit_timer, linger_cb, LINGER, 0.);
        sh->exit_timer.data = sh;
        ev_timer_start (sh->loop, &sh->exit_timer);
    }
}

/* This shell's first one: to the leader. */
static void note_exit (struct shell *sh, int localid, pid_t pid, int status)
{
    json_t *task;

    if (pid <= 0)
        sh->unstarted = true;
    if (sh->first_exit || sh->unstarted || !(task = task_info (sh, localid, pid, status)))
        return;
    if (sh->info->shell_rank == 0) {
        first_exit (sh, task);
        json_decref (task);
    } else
        link_rpc (sh->link, sh->exit_topic, sh->info->leader_rank, FLUX_MSGFLAG_NORESPONSE, task,
                  NULL, NULL);
    sh->first_exit = true;
}

void shell_task_ended (struct shell *sh, int localid, int status)
{
    struct shell_task *task = &sh->tasks[localid];
    pid_t pid = task->pid;
    int exited = waitcode (status) << 8; // the job's status is that of a process that exited

    task->pid = -1;
    task->status = status;
    if (pid > 0)
        sh->running--;
    if (exited > sh->status && !sh->settled)
        sh->status = exited;
    input_task_ended (sh->input, localid);
    taskptys_task_ended (sh->ptys, localid, status);
    note_exit (sh, localid, pid, status);
    if (pid > 0)
        shell_call_task (sh, localid, "task.exit");
    if (sh->running == 0 && !sh->starting) {
        sysmon_report (sh->sysmon);
        plugstack_call (sh->plugins, "shell.finish", NULL);
        all_exited (sh);
    }
    shell_check_ended (sh);
}

static void held_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct shell *sh = w->data;

    for (int i = 0; i < sh->info->nlocal; i++) {
        if (sh->tasks[i].held) {
            sh->tasks[i].held = false;
            shell_task_ended (sh, i, sh->tasks[i].status);
        }
    }
}

/* A task got SIGKILL, and not from here. Where Slurm takes a node back it kills whatever of the
 * step runs there, the tasks first: this shell and its broker are next, and then the job is one
 * that lost a node, not one that failed. */
static bool hold (struct shell *sh, int localid, int status)
{
    struct shell_task *task = &sh->tasks[localid];

    if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL || sh->sent_kill)
        return false;
    task->held = true;
    task->status = status;
    if (!ev_is_active (&sh->held_timer)) {
        ev_timer_init (&sh->held_timer, held_cb, HOLD, 0.);
        sh->held_timer.data = sh;
        ev_timer_start (sh->loop, &sh->held_timer);
    }
    return true;
}

void shell_reap (struct shell *sh)
{
    struct rusage ru;
    int status;
    pid_t pid;

    while ((pid = wait4 (-1, &status, WNOHANG, &ru)) > 0) {
        sysmon_reaped (sh->sysmon, &ru);
        for (int i = 0; i < sh->info->nlocal; i++) {
            if (sh->tasks[i].pid == pid && !sh->tasks[i].held) {
                if (!hold (sh, i, status))
                    shell_task_ended (sh, i, status);
                break;
            }
        }
    }
}

/* All tasks have ended, so have their streams and the other shells, and what was sent has been
 * answered: the rest goes with the result. */
void shell_check_ended (struct shell *sh)
{
    if (sh->ended || !sh->input)
        return;
    check_exited (sh);
    if (sh->running > 0 || !output_ended (sh->output))
        return;
    if (!sh->killed && (sh->starting || !peers_finished (sh->peers) || !taskptys_ended (sh->ptys)))
        return;
    bool leader = sh->info->shell_rank == 0;
    ev_timer_stop (sh->loop, &sh->exit_timer);
    if (link_is_open (sh->link) && (!leader || joblog_unsent (sh->log) > JOBLOG_SEND_SIZE))
        joblog_flush (sh->log);
    if (link_pending (sh->link) > 0 || !joblog_settled (sh->log))
        return;
    if (!leader && !sh->said_bye) {
        sh->said_bye = true;
        peers_bye (sh->peers, sh->status);
        if (link_pending (sh->link) > 0)
            return;
    }
    sh->ended = true;
    ev_break (sh->loop, EVBREAK_ALL);
}
