/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Starts job shells without the price of a process start: one small `flux-shell --spawner` per
 * broker forks, with no exec, one job shell per job. This is the broker's end of it.
 *
 *     broker                 spawner               job shell (one per job on this node)
 *     spawner_start ------->  fork  ------------->  runs the tasks
 *     started       <-------
 *     connect       <-----------------------------  only if it needs the instance; passes a socket
 *     exited        <-------  wait  <-------------  its result, then exit
 *
 * A job shell that has nothing to say while its tasks run never connects: everything is in its
 * result. All of it goes over one SOCK_SEQPACKET pair; what is too long for a packet is passed in a
 * memfd. When the broker goes away, by whatever signal, so do the spawner, the job shells and the
 * processes of the jobs; when the spawner dies, its job shells do too, each running job is reported
 * as `exited` with SIGKILL, and the next spawner_start() starts a new spawner.
 *
 * A job shell whose job was a plain one stays for a while, and gets the next one straight from
 * here: there is no fork then, and `started` and `exited` cost no packet.
 *
 * A broker that was killed can no longer remove its run directory: its spawner does, at last. */

#ifndef FLUX_SERVICE_JOB_EXEC_SPAWNER_H
#define FLUX_SERVICE_JOB_EXEC_SPAWNER_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <flux/types.h>

struct spawner;

/* For each id that spawner_start() took, first `started` or `failed` is called, then, after
 * `started`, exactly once `exited`. None is called from within a spawner_*() call, so each may
 * call any of them but spawner_destroy(). */
struct spawner_ops {
    /* The job shell runs. */
    void (*started) (void *arg, uint64_t id, pid_t pid);

    /* The job shell wants to talk to the instance: serve fd as a local client (RFC 3 framing, no
     * greeting), as router_client_add() does. The callee owns fd. */
    void (*connect) (void *arg, uint64_t id, int fd);

    /* The job shell ended and was waited for. wait_status is that of the shell process as wait(2)
     * gives it. `result` is what the shell said at its end, JSON text of len bytes and a NUL, or
     * NULL when it died before it could (then wait_status tells how; of one that stays it is what
     * it would have been):
     *   {"status":int,               wait status of the job on this node: the highest of its tasks'
     *    "append":[[path,text]...]}  from the leader (shell_rank 0) only, may be missing: eventlog
     *                                text still to be appended under path, as in job-exec.append
     * All earlier job-exec.append requests of this shell have been answered when this comes. */
    void (*exited) (void *arg, uint64_t id, int wait_status, const char *result, size_t len);

    /* No job shell could be started. */
    void (*failed) (void *arg, uint64_t id, int errnum, const char *text);
};

/* flux_shell is the path of the flux-shell program, ops and arg outlive the spawner. The process
 * is started at once, and does not hold open any fd of the broker. NULL with errno and errp. */
/* plugin_path: folders of shell plugins, separated by colons; NULL: those of the environment, or
 * the installed one. rundir: the folder to remove should the calling process die before
 * spawner_destroy(), or NULL. */
struct spawner *spawner_create (struct ev_loop *loop, const char *flux_shell,
                                const char *plugin_path, const char *rundir,
                                const struct spawner_ops *ops, void *arg, flux_error_t *errp);

/* Kills the spawner and all that runs under it; no more callbacks. NULL is allowed. */
void spawner_destroy (struct spawner *sp);

/* Start a job shell. The request is JSON text; this node's part of the job:
 *   {"id":int, "jobspec":{...}, "R":{...}, "shell_rank":int, "nshells":int,
 *    "ranks":[broker rank of each shell], "userid":int,
 *    "attrs":{"local-uri":s, "hostlist":s, "rank":s, ... as the broker names them},
 *    "environment":{name:value}, (where the jobspec has none: it is kept apart from it)
 *    "options":{}}
 * Returns 0, or -1 with errno: EEXIST when a shell of that id runs here, E2BIG past
 * SPAWNER_REQUEST_MAX, or what kept a dead spawner from being restarted. */
int spawner_start (struct spawner *sp, uint64_t id, const char *request, size_t len);

/* Have the job shell send a signal to its tasks. With SIGKILL all processes of the job on this node
 * are killed, and the job shell too if it does not end by itself within SPAWNER_KILL_TIMEOUT
 * seconds. ENOENT: no such job shell here. */
int spawner_kill (struct spawner *sp, uint64_t id, int signum);

#define SPAWNER_KILL_TIMEOUT 2
#define SPAWNER_REQUEST_MAX (64 * 1024 * 1024)

#endif /* !FLUX_SERVICE_JOB_EXEC_SPAWNER_H */
