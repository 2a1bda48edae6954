/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>
#include <utlist.h>

#include "lib/shell/spawnpkt.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/service/job_exec/procs.h"
#include "shell/service/job_exec/spawner.h"
#include "shell/service/job_exec/spawner_process.h"

#define SPAWNER_EXIT_TIMEOUT 2.     // seconds it has to kill all jobs when it is destroyed
#define SPAWNER_PACKETS_PER_TURN 64 // handled before other parts of the broker get a turn

struct job {
    uint64_t id;
    struct proc *proc;
    bool started;
    bool signalled; // what was sent may still be on its way when the job has ended
    bool ended;     // and its process stays
    int status;
    char *result;
    size_t result_len;
    struct job *prev, *next; // of `fresh`
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
    struct spawner_process process;
    ev_io readable;
    ev_io writable;
    struct spawnpkt_buf buf;
    struct job *jobs;
    struct procs procs;
    struct job *fresh; // given to a process that was there; nobody was told so far
    ev_check tell;
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

static void job_started (struct spawner *sp, struct job *job)
{
    job->started = true;
    sp->ops->started (sp->arg, job->id, job->proc->pid);
}

static bool is_fresh (const struct job *job)
{
    return job->prev;
}

static void take_fresh (struct spawner *sp, struct job *job)
{
    DL_DELETE (sp->fresh, job);
    job->prev = job->next = NULL;
    job_started (sp, job);
}

static void tell_cb (struct ev_loop *loop, ev_check *w, int revents)
{
    struct spawner *sp = w->data;

    while (sp->fresh)
        take_fresh (sp, sp->fresh);
}

/* The process stays, unless it might still get a signal that was for this job. Its result may have
 * overtaken what the spawner says of its start. */
static void check_ended (struct spawner *sp, struct job *job)
{
    if (!job->started || !job->ended)
        return;
    if (job->signalled)
        procs_let_go (job->proc);
    procs_keep (&sp->procs, job->proc);
    job_end (sp, job, job->status);
}

static void job_ended (struct spawner *sp, struct job *job, struct spawnpkt *pkt)
{
    if (job->proc->next < 0 && pkt->fd >= 0) {
        fd_set_nonblocking (pkt->fd);
        job->proc->next = pkt->fd;
        pkt->fd = -1;
    }
    job->ended = true;
    job->status = pkt->value;
    check_ended (sp, job);
}

static void job_result (struct spawner *sp, struct job *job, struct spawnpkt *pkt)
{
    if (is_fresh (job))
        take_fresh (sp, job);
    free (job->result);
    if ((job->result = malloc (pkt->len + 1))) {
        memcpy (job->result, pkt->text, pkt->len);
        job->result[pkt->len] = '\0';
        job->result_len = pkt->len;
    }
    if (pkt->value != SPAWNPKT_LEAVES)
        job_ended (sp, job, pkt);
}

static void from_shell (struct spawner *sp, struct spawnpkt *pkt)
{
    struct job *job;

    HASH_FIND (hh, sp->jobs, &pkt->id, sizeof (pkt->id), job);
    if (job && pkt->type == SPAWNPKT_RESULT)
        job_result (sp, job, pkt);
    else if (job && pkt->fd >= 0) {
        sp->ops->connect (sp->arg, job->id, pkt->fd);
        pkt->fd = -1;
    }
}

static void from_spawner (struct spawner *sp, const struct spawnpkt *pkt)
{
    struct proc *proc = procs_find (&sp->procs, (int)pkt->id);
    struct job *job = proc ? proc->job : NULL;

    if (job && pkt->type == SPAWNPKT_STARTED) {
        proc->pid = pkt->value;
        job_started (sp, job);
        check_ended (sp, job);
    } else if (job && pkt->type == SPAWNPKT_FAILED) {
        procs_remove (&sp->procs, proc);
        job_fail (sp, job, pkt->value, pkt->text);
    } else if (proc && pkt->type == SPAWNPKT_EXITED) {
        if (job && is_fresh (job))
            take_fresh (sp, job);
        procs_remove (&sp->procs, proc);
        if (job)
            job_end (sp, job, pkt->value);
    }
}

static void handle (struct spawner *sp, struct spawnpkt *pkt)
{
    if (pkt->type == SPAWNPKT_RESULT || pkt->type == SPAWNPKT_CONNECT)
        from_shell (sp, pkt);
    else
        from_spawner (sp, pkt);
    if (pkt->fd >= 0)
        close (pkt->fd);
}

static void disconnect (struct spawner *sp)
{
    struct queued *q, *tmp;

    ev_io_stop (sp->loop, &sp->readable);
    ev_io_stop (sp->loop, &sp->writable);
    if (sp->process.fd >= 0)
        close (sp->process.fd);
    sp->process.fd = -1;
    DL_FOREACH_SAFE (sp->queue, q, tmp)
    queued_destroy (q);
    sp->queue = NULL;
}

/* The spawner died, and its job shells with it. Jobs that callbacks start go to its successor. */
static void spawner_lost (struct spawner *sp)
{
    struct job *jobs = sp->jobs, *job, *tmp;

    disconnect (sp);
    spawner_process_end (&sp->process, 0.01);
    sp->jobs = sp->fresh = NULL;
    ev_clear_pending (sp->loop, &sp->tell);
    procs_clear (&sp->procs);
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

    for (int i = 0; i < SPAWNER_PACKETS_PER_TURN && sp->process.fd >= 0; i++) {
        int rc = spawnpkt_recv (sp->process.fd, &sp->buf, &pkt);
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
        if (spawnpkt_send (sp->process.fd, &q->pkt) < 0 && (errno == EAGAIN || errno == ENOBUFS))
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
        if (spawnpkt_send (sp->process.fd, pkt) == 0)
            return 0;
        if (errno != EAGAIN && errno != ENOBUFS)
            return -1;
    }
    return enqueue (sp, pkt);
}

static int launch (struct spawner *sp, flux_error_t *errp)
{
    if (spawner_process_start (&sp->process, errp) < 0)
        return -1;
    ev_io_set (&sp->readable, sp->process.fd, EV_READ);
    ev_io_set (&sp->writable, sp->process.fd, EV_WRITE);
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
    sp->process.fd = -1;
    procs_init (&sp->procs, loop);
    ev_init (&sp->tell, tell_cb);
    sp->tell.data = sp;
    ev_init (&sp->readable, readable_cb);
    ev_init (&sp->writable, writable_cb);
    sp->readable.data = sp;
    sp->writable.data = sp;
    if (!(sp->process.path = strdup (flux_shell)) ||
        (rundir && !(sp->process.rundir = strdup (rundir))) ||
        (plugin_path &&
         asprintf (&sp->process.plugins, "FLUX_SHELL_PLUGIN_PATH=%s", plugin_path) < 0))
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

        ev_clear_pending (sp->loop, &sp->tell);
        procs_clear (&sp->procs);
        if (sp->process.fd >= 0)
            send_packet (sp, &bye);
        disconnect (sp);
        spawner_process_end (&sp->process, SPAWNER_EXIT_TIMEOUT);
        HASH_ITER (hh, sp->jobs, job, tmp)
        {
            HASH_DEL (sp->jobs, job);
            job_destroy (job);
        }
        spawnpkt_clear (&sp->buf);
        free (sp->process.path);
        free (sp->process.plugins);
        free (sp->process.rundir);
        free (sp);
        errno = saved_errno;
    }
}

static struct proc *give_to_idle (struct spawner *sp, struct job *job, const struct spawnpkt *pkt)
{
    struct proc *proc = sp->process.fd >= 0 ? procs_take (&sp->procs) : NULL;

    if (!proc)
        return NULL;
    if (spawnpkt_send (proc->next, pkt) < 0) {
        procs_let_go (proc);
        return NULL;
    }
    DL_APPEND (sp->fresh, job);
    ev_feed_event (sp->loop, &sp->tell, EV_CUSTOM);
    return proc;
}

/* When the spawner has just died, spawner_lost() comes soon and reports this job too. */
static struct proc *give_to_new (struct spawner *sp, struct spawnpkt *pkt)
{
    struct proc *proc = sp->process.fd < 0 && launch (sp, NULL) < 0 ? NULL : procs_add (&sp->procs);

    if (!proc)
        return NULL;
    pkt->value = proc->number;
    if (send_packet (sp, pkt) < 0 && errno != EPIPE && errno != ECONNRESET) {
        procs_remove (&sp->procs, proc);
        return NULL;
    }
    return proc;
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
    if (!(job = calloc (1, sizeof (*job))))
        return -1;
    job->id = id;
    if (!(job->proc = give_to_idle (sp, job, &pkt)) && !(job->proc = give_to_new (sp, &pkt))) {
        free (job);
        return -1;
    }
    job->proc->job = job;
    HASH_ADD (hh, sp->jobs, id, sizeof (job->id), job);
    return 0;
}

int spawner_kill (struct spawner *sp, uint64_t id, int signum)
{
    struct spawnpkt pkt = {SPAWNPKT_KILL, signum, 0, -1, NULL, 0};
    struct job *job;

    HASH_FIND (hh, sp->jobs, &id, sizeof (id), job);
    if (!job || sp->process.fd < 0) {
        errno = ENOENT;
        return -1;
    }
    job->signalled = true;
    pkt.id = job->proc->number;
    return send_packet (sp, &pkt);
}
