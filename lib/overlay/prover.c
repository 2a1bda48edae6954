/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/overlay/prover.h"

#define STACK_SIZE (256 * 1024)

struct job {
    struct hello hello; // strings are the job's own
    char *cred;         // to be checked, or the result
    bool verify;
    int rc, errnum;
    flux_error_t error;
    /* of the loop's side */
    struct prover *p;
    prover_f cb; // NULL: nobody waits any more
    void *arg;
    ev_timer timer;
    struct job *prev, *next;               // of all that are waited for
    struct job *prev_shared, *next_shared; // of those to do, or done
};

/* What the thread sees. It outlives the prover while munge is waited for. */
struct shared {
    pthread_mutex_t lock;
    struct hello_auth auth; // without the token
    struct job *todo, *done;
    bool working;
    struct ev_loop *loop; // NULL: the prover is gone
    ev_async wake;
    int refs;
};

struct prover {
    struct ev_loop *loop;
    const struct hello_auth *auth;
    struct shared *sh;
    struct job *jobs;
};

static void job_free (struct job *j)
{
    if (j) {
        free ((char *)j->hello.instance);
        free ((char *)j->hello.uuid);
        free ((char *)j->hello.key);
        free ((char *)j->hello.parent_key);
        free ((char *)j->hello.challenge);
        free (j->cred);
        free (j);
    }
}

static void free_list (struct job *list)
{
    struct job *j, *tmp;

    DL_FOREACH_SAFE2 (list, j, tmp, next_shared)
    {
        job_free (j);
    }
}

/* With the lock held; gives it back. */
static void unref_unlock (struct shared *sh)
{
    bool last = --sh->refs == 0;

    pthread_mutex_unlock (&sh->lock);
    if (last) {
        free_list (sh->todo);
        free_list (sh->done);
        pthread_mutex_destroy (&sh->lock);
        free (sh->auth.munge_socket);
        free (sh);
    }
}

static void work (const struct hello_auth *auth, struct job *j)
{
    errno = 0;
    if (j->verify)
        j->rc = hello_verify (auth, &j->hello, j->cred, &j->error);
    else
        j->rc = (j->cred = hello_prove (auth, &j->hello, &j->error)) ? 0 : -1;
    if (j->rc < 0)
        j->errnum = errno ? errno : EPERM;
}

static void *thread_main (void *arg)
{
    struct shared *sh = arg;
    struct job *j;

    pthread_mutex_lock (&sh->lock);
    while (sh->loop && (j = sh->todo)) {
        DL_DELETE2 (sh->todo, j, prev_shared, next_shared);
        pthread_mutex_unlock (&sh->lock);
        work (&sh->auth, j);
        pthread_mutex_lock (&sh->lock);
        DL_APPEND2 (sh->done, j, prev_shared, next_shared);
        if (sh->loop)
            ev_async_send (sh->loop, &sh->wake);
    }
    sh->working = false;
    unref_unlock (sh);
    return NULL;
}

/* With the lock held. */
static int start_thread (struct shared *sh)
{
    sigset_t all, old;
    pthread_attr_t attr;
    pthread_t t;
    int rc;

    sigfillset (&all);
    pthread_attr_init (&attr);
    pthread_attr_setstacksize (&attr, STACK_SIZE);
    pthread_attr_setdetachstate (&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask (SIG_SETMASK, &all, &old); // signals are the loop's
    rc = pthread_create (&t, &attr, thread_main, sh);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    pthread_attr_destroy (&attr);
    if (rc == 0) {
        sh->working = true;
        sh->refs++;
    }
    errno = rc;
    return rc == 0 ? 0 : -1;
}

/* Nobody waits for it any more; the thread may have it. */
static void forget (struct job *j)
{
    if (j->cb) {
        j->cb = NULL;
        ev_timer_stop (j->p->loop, &j->timer);
        DL_DELETE (j->p->jobs, j);
    }
}

static void finish (struct job *j, int rc, int errnum, const char *text)
{
    prover_f cb = j->cb;

    forget (j);
    if (cb)
        cb (rc, rc == 0 ? j->cred : NULL, errnum, text, j->arg);
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    finish (w->data, -1, ETIMEDOUT, "munge does not answer");
}

static void wake_cb (struct ev_loop *loop, ev_async *w, int revents)
{
    struct prover *p = w->data;
    struct job *done, *j, *tmp;

    pthread_mutex_lock (&p->sh->lock);
    done = p->sh->done;
    p->sh->done = NULL;
    pthread_mutex_unlock (&p->sh->lock);
    DL_FOREACH_SAFE2 (done, j, tmp, next_shared)
    {
        finish (j, j->rc, j->errnum, j->error.text);
        job_free (j);
    }
}

struct prover *prover_create (struct ev_loop *loop, const struct hello_auth *auth)
{
    struct prover *p = calloc (1, sizeof (*p));
    struct shared *sh = calloc (1, sizeof (*sh));

    if (!p || !sh ||
        (auth->munge_socket && !(sh->auth.munge_socket = strdup (auth->munge_socket)))) {
        free (p);
        free (sh);
        errno = ENOMEM;
        return NULL;
    }
    p->loop = sh->loop = loop;
    p->auth = auth;
    p->sh = sh;
    sh->auth.method = auth->method;
    sh->auth.owner = auth->owner;
    sh->refs = 1;
    pthread_mutex_init (&sh->lock, NULL);
    ev_async_init (&sh->wake, wake_cb);
    sh->wake.data = p;
    ev_async_start (loop, &sh->wake);
    ev_unref (loop);
    return p;
}

void prover_destroy (struct prover *p)
{
    struct job *j, *tmp;

    if (!p)
        return;
    int saved_errno = errno;
    DL_FOREACH_SAFE (p->jobs, j, tmp)
    {
        forget (j);
    }
    ev_ref (p->loop);
    ev_async_stop (p->loop, &p->sh->wake);
    pthread_mutex_lock (&p->sh->lock);
    p->sh->loop = NULL;
    unref_unlock (p->sh);
    free (p);
    errno = saved_errno;
}

static struct job *job_create (struct prover *p, const struct hello *h, prover_f cb, void *arg)
{
    struct job *j = calloc (1, sizeof (*j));

    if (!j)
        return NULL;
    j->hello = (struct hello){.instance = strdup (h->instance),
                              .rank = h->rank,
                              .uuid = strdup (h->uuid),
                              .key = strdup (h->key),
                              .parent_rank = h->parent_rank,
                              .parent_key = strdup (h->parent_key),
                              .challenge = strdup (h->challenge)};
    j->p = p;
    j->cb = cb;
    j->arg = arg;
    ev_init (&j->timer, timer_cb);
    j->timer.data = j;
    DL_APPEND (p->jobs, j);
    if (j->hello.instance && j->hello.uuid && j->hello.key && j->hello.parent_key &&
        j->hello.challenge)
        return j;
    forget (j);
    job_free (j);
    errno = ENOMEM;
    return NULL;
}

static int begin (struct prover *p, struct job *j, double timeout)
{
    struct shared *sh = p->sh;
    int rc = 0;

    if (p->auth->method == OVERLAY_AUTH_TOKEN) {
        work (p->auth, j);
        finish (j, j->rc, j->errnum, j->error.text);
        job_free (j);
        return 0;
    }
    pthread_mutex_lock (&sh->lock);
    if (sh->working || (rc = start_thread (sh)) == 0)
        DL_APPEND2 (sh->todo, j, prev_shared, next_shared);
    pthread_mutex_unlock (&sh->lock);
    if (rc < 0) {
        forget (j);
        job_free (j);
        return -1;
    }
    ev_timer_set (&j->timer, timeout, 0.);
    ev_timer_start (p->loop, &j->timer);
    return 0;
}

int prover_prove (struct prover *p, const struct hello *h, double timeout, prover_f cb, void *arg)
{
    struct job *j = job_create (p, h, cb, arg);

    return j ? begin (p, j, timeout) : -1;
}

int prover_verify (struct prover *p, const struct hello *h, const char *cred, double timeout,
                   prover_f cb, void *arg)
{
    struct job *j = job_create (p, h, cb, arg);

    if (!j)
        return -1;
    j->verify = true;
    if (!(j->cred = strdup (cred))) {
        forget (j);
        job_free (j);
        return -1;
    }
    return begin (p, j, timeout);
}

void prover_cancel (struct prover *p, const void *arg)
{
    struct job *j, *tmp;

    if (!p)
        return;
    DL_FOREACH_SAFE (p->jobs, j, tmp)
    {
        if (j->arg == arg)
            forget (j);
    }
}
