/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job shell as a whole, for those of its files that tie its parts together; the parts do not
 * include this. */

#ifndef FLUX_SHELL_SHELL_H
#define FLUX_SHELL_SHELL_H

#include <ev.h>

#include "lib/shell/affinity.h"
#include "lib/shell/envlist.h"
#include "lib/shell/info.h"
#include "lib/shell/input.h"
#include "lib/shell/joblog.h"
#include "lib/shell/link.h"
#include "lib/shell/output.h"
#include "lib/shell/peers.h"
#include "lib/shell/plugstack.h"
#include "lib/shell/spawnpkt.h"
#include "lib/shell/start.h"
#include "lib/shell/sysmon.h"
#include "lib/shell/task.h"
#include "lib/shell/taskpmi.h"
#include "lib/shell/taskpty.h"

struct shell_task {
    pid_t pid; // 0: not started, -1: ended
    int status;
    bool held; // has ended, but does not count as such yet
};

struct shell {
    struct shell_start *start;
    struct ev_loop *loop;
    struct shell_info *info;
    struct link *link;
    struct joblog *log;
    struct output *output;
    struct peers *peers;
    struct taskpmi *pmi;
    struct taskptys *ptys;
    struct input *input;
    struct affinity affinity;
    struct envlist env;
    struct plugstack *plugins;
    struct sysmon *sysmon;      // or NULL
    struct aux_item *aux;       // of plugins
    struct shell_task *current; // the task that plugins are called for
    int iterator;               // of plugins, over tasks
    struct shell_task *tasks;   // by local id
    int running;
    int status;          // highest wait status so far
    bool own_group;      // each task has a process group of its own
    bool starting;       // tasks are not all started yet
    bool sent_kill;      // SIGKILL, to the tasks
    bool killed;         // by the broker: wait for nobody
    bool said_bye;       // to the leader
    bool settled;        // what ends from now on does not change the status
    bool unstarted;      // a task could not be started: no event tells of a start or an exit
    bool *exited;        // leader: by shell rank, whose tasks have all ended, if somebody said so
    bool first_exit;     // a task of the job has ended
    bool all_started;    // leader: of all shells
    char exit_text[512]; // leader: of that task, for who is told of it
    json_t *early_exit;  // leader: the first task that ended, before that
    bool ended;          // nothing is left to be done
    bool spent;          // this process is not to run another job
    uint64_t *text_seq;  // leader: by shell rank, see joblog_gate()
    char *service;
    char *write_topic;
    char *exit_topic;
    char *tmpdir;
    struct proctable *proctable; // leader: somebody asked for it
    ev_io signals;
    ev_timer signal_timer; // option "signal"
    ev_timer exit_timer;   // option "exit-timeout"
    ev_timer held_timer;   // tasks that are held
    int warn_signum;
};

/* launch.c: start the local tasks. A task that cannot be started counts as ended with exit code 127
 * (no such program) or 126, and the job gets a fatal exception. */
int shell_prepare_env (struct shell *sh);
void shell_launch (struct shell *sh);
int shell_change_dir (struct shell *sh);

/* hwlocxml.c: option hwloc.xmlfile. */
int shell_export_topology (struct shell *sh, flux_error_t *errp);

/* exits.c: tasks that end. */
void shell_reap (struct shell *sh);
void shell_task_ended (struct shell *sh, int localid, int status);
void shell_check_ended (struct shell *sh);
void shell_started (struct shell *sh); // leader: all tasks of the job
void shell_settle (struct shell *sh);  // the job fails for this, whatever the others do
void shell_exit_request (struct shell *sh, const flux_msg_t *msg);

/* signals.c */
int shell_signals_start (struct shell *sh);
void shell_signals_stop (struct shell *sh);
void shell_kill_tasks (struct shell *sh, int signum);

/* stay.c: a process for several jobs, one after the other. shell_offer() makes the result say so
 * where this one can have another job after this, shell_clear() frees all that is this job's. */
bool shell_offer (struct shell *sh, struct spawnpkt *result);
void shell_clear (struct shell *sh);

/* shell.c: the exit code of the process, or -1 when it may run another job. */
int shell_run (struct shell_start *start);

/* methods.c */
extern const struct link_method shell_methods[];

/* shell.c: give the job a fatal exception (RFC 21) of type "exec", and log its text. */
void shell_fatal (struct shell *sh, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
void shell_raise (struct shell *sh, const char *type, int severity, const char *text);

/* Call plugins about a task. */
int shell_call_task (struct shell *sh, int localid, const char *topic);

#endif /* !FLUX_SHELL_SHELL_H */
