/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>
#include <utlist.h>

#include "lib/shell/spawnpkt.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/service/job_exec/spawner.h"

#define SPAWNER_FD 3                // where the spawner finds its end of the socket
#define SPAWNER_EXIT_TIMEOUT 2.     // seconds it has to kill all jobs when it is destroyed
#define SPAWNER_PACKETS_PER_TURN 64 // handled before other parts of the broker get a turn

struct job {
    uint64_t id;
    bool started;
    char *result;
    size_t result_len;
    UT_hash_handle hh;
};

/* A packet that found the socket full. */
struct queued {
    struct spawnpkt pkt;
    char *text;
    struct queued *prev, *next;
};

struct spawner {
    struct ev_loop *loop;
    const struct spawner_ops *ops;
    void *arg;
    char *path;
    char *plugins; // FLUX_SHELL_PLUGIN_PATH=..., or NULL
    char *rundir;  // for the spawner to remove, or NULL
    pid_t pid;     // 0: none
    int fd;
    ev_io readable;
    ev_io writable;
    struct spawnpkt_buf buf;
    struct job *jobs;
    struct queued *queue;
};

static void job_destroy (struct job *job)
{
    free (job->result);
    free (job);
}

static void queued_destroy (struct queued *q)
{
    free (q->text);
    free (q);
}

/* The job leaves the table first: the callback may start another of the same id. */
static void job_end (struct spawner *sp, struct job *job, int status)
{
    HASH_DEL (sp->jobs, job);
    sp->ops->exited (sp->arg, job->id, status, job->result, job->result_len);
    job_destroy (job);
}

static void job_fail (struct spawner *sp, struct job *job, int errnum, const char *text)
{
    HASH_DEL (sp->jobs, job);
    sp->ops->failed (sp->arg, job->id, errnum, text);
    job_destroy (job);
}

static void job_started (struct spawner *sp, struct job *job, pid_t pid)
{
    job->started = true;
    sp->ops->started (sp->arg, job->id, pid);
}

static void job_result (struct job *job, const struct spawnpkt *pkt)
{
    free (job->result);
    if ((job->result = malloc (pkt->len + 1))) {
        memcpy (job->result, pkt->text, pkt->len);
        job->result[pkt->len] = '\0';
        job->result_len = pkt->len;
    }
}

static void handle (struct spawner *sp, struct spawnpkt *pkt)
{
    struct job *job;

    HASH_FIND (hh, sp->jobs, &pkt->id, sizeof (pkt->id), job);
    if (job && pkt->type == SPAWNPKT_STARTED)
        job_started (sp, job, pkt->value);
    else if (job && pkt->type == SPAWNPKT_FAILED)
        job_fail (sp, job, pkt->value, pkt->text);
    else if (job && pkt->type == SPAWNPKT_RESULT)
        job_result (job, pkt);
    else if (job && pkt->type == SPAWNPKT_EXITED)
        job_end (sp, job, pkt->value);
    else if (job && pkt->type == SPAWNPKT_CONNECT && pkt->fd >= 0) {
        sp->ops->connect (sp->arg, job->id, pkt->fd);
        pkt->fd = -1;
    }
    if (pkt->fd >= 0)
        close (pkt->fd);
}

static void disconnect (struct spawner *sp)
{
    struct queued *q, *tmp;

    ev_io_stop (sp->loop, &sp->readable);
    ev_io_stop (sp->loop, &sp->writable);
    if (sp->fd >= 0)
        close (sp->fd);
    sp->fd = -1;
    DL_FOREACH_SAFE (sp->queue, q, tmp)
    queued_destroy (q);
    sp->queue = NULL;
}

/* The broker's event loop may have waited for the child already; then ECHILD says that it is gone.
 */
static bool process_gone (pid_t pid)
{
    int rc = waitpid (pid, NULL, WNOHANG);
    return rc == pid || (rc < 0 && errno == ECHILD);
}

static void process_end (struct spawner *sp, double timeout)
{
    double deadline = monotime_now () + timeout;

    if (sp->pid <= 0)
        return;
    while (!process_gone (sp->pid)) {
        if (monotime_now () > deadline) {
            kill (sp->pid, SIGKILL);
            waitpid (sp->pid, NULL, 0);
            break;
        }
        usleep (500);
    }
    sp->pid = 0;
}

/* The spawner died, and its job shells with it. Jobs that callbacks start go to its successor. */
static void spawner_lost (struct spawner *sp)
{
    struct job *jobs = sp->jobs, *job, *tmp;

    disconnect (sp);
    process_end (sp, 0.01);
    sp->jobs = NULL;
    HASH_ITER (hh, jobs, job, tmp)
    {
        HASH_DEL (jobs, job);
        if (job->started)
            sp->ops->exited (sp->arg, job->id, SIGKILL, job->result, job->result_len);
        else
            sp->ops->failed (sp->arg, job->id, ECHILD, "the job shell spawner died");
        job_destroy (job);
    }
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct spawner *sp = w->data;
    struct spawnpkt pkt;

    for (int i = 0; i < SPAWNER_PACKETS_PER_TURN && sp->fd >= 0; i++) {
        int rc = spawnpkt_recv (sp->fd, &sp->buf, &pkt);
        if (rc > 0)
            handle (sp, &pkt);
        else if (rc == 0 || (errno != EAGAIN && errno != EPROTO && errno != ENOMEM)) {
            spawner_lost (sp);
            return;
        } else if (errno != EPROTO)
            return;
    }
}

static void writable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct spawner *sp = w->data;
    struct queued *q;

    while ((q = sp->queue)) {
        if (spawnpkt_send (sp->fd, &q->pkt) < 0 && (errno == EAGAIN || errno == ENOBUFS))
            return;
        DL_DELETE (sp->queue, q);
        queued_destroy (q);
    }
    ev_io_stop (loop, w);
}

static int enqueue (struct spawner *sp, const struct spawnpkt *pkt)
{
    struct queued *q = calloc (1, sizeof (*q));

    if (!q || !(q->text = malloc (pkt->len + 1))) {
        free (q);
        return -1;
    }
    if (pkt->len > 0)
        memcpy (q->text, pkt->text, pkt->len);
    q->pkt = *pkt;
    q->pkt.text = q->text;
    DL_APPEND (sp->queue, q);
    ev_io_start (sp->loop, &sp->writable);
    return 0;
}

static int send_packet (struct spawner *sp, const struct spawnpkt *pkt)
{
    if (!sp->queue) {
        if (spawnpkt_send (sp->fd, pkt) == 0)
            return 0;
        if (errno != EAGAIN && errno != ENOBUFS)
            return -1;
    }
    return enqueue (sp, pkt);
}

/* Our environment, and all symbols bound at the start: once, not again in each fork. Of variables
 * that are there twice the first counts. */
static char **spawner_env (const struct spawner *sp)
{
    extern char **environ;
    size_t n = 0, own = 0;

    while (environ[n])
        n++;
    char **env = calloc (n + 3, sizeof (*env));
    if (env) {
        if (sp->plugins)
            env[own++] = sp->plugins;
        memcpy (env + own, environ, n * sizeof (*env));
        env[own + n] = "LD_BIND_NOW=1";
    }
    return env;
}

/* Between vfork and exec. What the broker has open is not the spawner's business. */
static void exec_spawner (struct spawner *sp, char **env, int sock, const sigset_t *mask)
{
    char *argv[] = {sp->path, "--spawner", sp->rundir, NULL};
    int devnull = open ("/dev/null", O_RDONLY | O_CLOEXEC);

    if (sock == SPAWNER_FD ? fcntl (sock, F_SETFD, 0) < 0 : dup2 (sock, SPAWNER_FD) < 0)
        _exit (127);
    if (devnull >= 0)
        dup2 (devnull, STDIN_FILENO);
#ifdef SYS_close_range
    syscall (SYS_close_range, SPAWNER_FD + 1, ~0U, 0);
#endif
    for (int sig = 1; sig < NSIG; sig++)
        signal (sig, SIG_DFL);
    sigprocmask (SIG_SETMASK, mask, NULL);
    execve (sp->path, argv, env);
    _exit (127);
}

static int launch (struct spawner *sp, flux_error_t *errp)
{
    int sv[2];
    sigset_t all, old, none;

    if (access (sp->path, X_OK) < 0)
        return errprintf (errp, "%s: %s", sp->path, strerror (errno));
    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
        return errprintf (errp, "socketpair: %s", strerror (errno));
    sigfillset (&all);
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &all, &old);
    char **env = spawner_env (sp);
    pid_t pid = env ? vfork () : -1;
    if (pid == 0)
        exec_spawner (sp, env, sv[1], &none);
    int saved_errno = errno;
    free (env);
    sigprocmask (SIG_SETMASK, &old, NULL);
    close (sv[1]);
    if (pid < 0) {
        close (sv[0]);
        errno = saved_errno;
        return errprintf (errp, "vfork: %s", strerror (errno));
    }
    fd_set_nonblocking (sv[0]);
    sp->pid = pid;
    sp->fd = sv[0];
    ev_io_set (&sp->readable, sp->fd, EV_READ);
    ev_io_set (&sp->writable, sp->fd, EV_WRITE);
    ev_io_start (sp->loop, &sp->readable);
    return 0;
}

struct spawner *spawner_create (struct ev_loop *loop, const char *flux_shell,
                                const char *plugin_path, const char *rundir,
                                const struct spawner_ops *ops, void *arg, flux_error_t *errp)
{
    struct spawner *sp = calloc (1, sizeof (*sp));

    if (!sp)
        goto nomem;
    sp->loop = loop;
    sp->ops = ops;
    sp->arg = arg;
    sp->fd = -1;
    ev_init (&sp->readable, readable_cb);
    ev_init (&sp->writable, writable_cb);
    sp->readable.data = sp;
    sp->writable.data = sp;
    if (!(sp->path = strdup (flux_shell)) || (rundir && !(sp->rundir = strdup (rundir))) ||
        (plugin_path && asprintf (&sp->plugins, "FLUX_SHELL_PLUGIN_PATH=%s", plugin_path) < 0))
        goto nomem;
    if (launch (sp, errp) < 0)
        goto error;
    return sp;
nomem:
    errno = ENOMEM;
    errprintf (errp, "out of memory");
error:
    spawner_destroy (sp);
    return NULL;
}

void spawner_destroy (struct spawner *sp)
{
    if (sp) {
        int saved_errno = errno;
        struct spawnpkt bye = {SPAWNPKT_BYE, 0, 0, -1, NULL, 0};
        struct job *job, *tmp;

        if (sp->fd >= 0)
            send_packet (sp, &bye);
        disconnect (sp);
        process_end (sp, SPAWNER_EXIT_TIMEOUT);
        HASH_ITER (hh, sp->jobs, job, tmp)
        {
            HASH_DEL (sp->jobs, job);
            job_destroy (job);
        }
        spawnpkt_clear (&sp->buf);
        free (sp->path);
        free (sp->plugins);
        free (sp->rundir);
        free (sp);
        errno = saved_errno;
    }
}

int spawner_start (struct spawner *sp, uint64_t id, const char *request, size_t len)
{
    struct spawnpkt pkt = {SPAWNPKT_START, 0, id, -1, request, len};
    struct job *job;

    HASH_FIND (hh, sp->jobs, &id, sizeof (id), job);
    if (job || len > SPAWNER_REQUEST_MAX) {
        errno = job ? EEXIST : E2BIG;
        return -1;
    }
    if (sp->fd < 0 && launch (sp, NULL) < 0)
        return -1;
    if (!(job = calloc (1, sizeof (*job))))
        return -1;
    job->id = id;
    /* When the spawner has just died, spawner_lost() comes soon and reports this job too. */
    if (send_packet (sp, &pkt) < 0 && errno != EPIPE && errno != ECONNRESET) {
        free (job);
        return -1;
    }
    HASH_ADD (hh, sp->jobs, id, sizeof (job->id), job);
    return 0;
}

int spawner_kill (struct spawner *sp, uint64_t id, int signum)
{
    struct spawnpkt pkt = {SPAWNPKT_KILL, signum, id, -1, NULL, 0};
    struct job *job;

    HASH_FIND (hh, sp->jobs, &id, sizeof (id), job);
    if (!job || sp->fd < 0) {
        errno = ENOENT;
        return -1;
    }
    return send_packet (sp, &pkt);
}
