/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/backing.h"
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/backing_private.h"
#include "shell/service/kvs/spool.h"

enum { TXN_ITEMS = 8000, TXN_BYTES = 8 << 20 };

int backing_errno (int rc)
{
    switch (rc) {
    case MDB_NOTFOUND:
        return ENOENT;
    case MDB_MAP_FULL:
        return ENOSPC;
    default:
        return rc > 0 ? rc : EIO;
    }
}

static MDB_val key_digest (const struct backing *b, const uint8_t *digest)
{
    return (MDB_val){b->digest_size, (void *)digest};
}

/* ---- the worker */

static int put_item (struct backing *b, MDB_txn *txn, const struct backing_item *item)
{
    MDB_val key = key_digest (b, item->digest);
    MDB_val val = {item->len, (void *)item->data};
    int rc = mdb_put (txn, b->dbi, &key, &val, MDB_NOOVERWRITE);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

static int put_checkpoint (struct backing *b, MDB_txn *txn, const char *text)
{
    MDB_val key = backing_text_key (BACKING_CHECKPOINTS);
    MDB_val val = {strlen (text), (void *)text};
    return mdb_put (txn, b->dbi, &key, &val, 0);
}

/* One transaction: items from *next on, as many as it may take. LMDB holds all pages that it
 * changes in memory until the end, and digests are spread over all pages. */
static int write_some (struct backing *b, struct backing_batch *batch, size_t *next)
{
    size_t bytes = 0, count = 0;
    MDB_txn *txn;
    int rc = mdb_txn_begin (b->env, NULL, 0, &txn);

    if (rc)
        return rc;
    for (; rc == 0 && *next < batch->count && count < TXN_ITEMS && bytes < TXN_BYTES; ++*next) {
        rc = put_item (b, txn, &batch->items[*next]);
        bytes += batch->items[*next].len;
        count++;
    }
    if (rc == 0 && *next == batch->count && batch->checkpoint)
        rc = put_checkpoint (b, txn, batch->checkpoint);
    if (rc == 0)
        return mdb_txn_commit (txn);
    mdb_txn_abort (txn);
    return rc;
}

/* LMDB takes a write that is cut short for an error of the device, which is seldom what it is. */
int backing_write_errno (const struct backing *b, int rc)
{
    struct statvfs st;

    if (rc == EIO && statvfs (b->path, &st) == 0 && st.f_bavail * st.f_frsize < TXN_BYTES)
        return ENOSPC;
    return backing_errno (rc);
}

static int by_digest (const void *a, const void *b)
{
    const struct backing_item *x = a, *y = b;
    return memcmp (x->digest, y->digest, 8); // nearly in order will do
}

/* What comes to lie on one page is put there one after the other. */
static void sort_items (struct backing_batch *batch)
{
    qsort (batch->items, batch->count, sizeof (batch->items[0]), by_digest);
}

static int write_batch (struct backing *b, struct backing_batch *batch)
{
    size_t next = 0;
    int rc;

    if (b->spool)
        return spool_write (b->spool, batch->items, batch->count);
    sort_items (batch);
    do {
        if ((rc = write_some (b, batch, &next)))
            return backing_write_errno (b, rc);
    } while (next < batch->count);
    return 0;
}

static void list_append (struct backing_batch **head, struct backing_batch *batch)
{
    batch->next = NULL;
    while (*head)
        head = &(*head)->next;
    *head = batch;
}

static struct backing_batch *list_pop (struct backing_batch **head)
{
    struct backing_batch *batch = *head;
    if (batch)
        *head = batch->next;
    return batch;
}

static void *worker (void *arg)
{
    struct backing *b = arg;
    struct backing_batch *batch;
    sigset_t all;

    sigfillset (&all);
    pthread_sigmask (SIG_BLOCK, &all, NULL);
    pthread_mutex_lock (&b->lock);
    while (!b->stop || b->todo) {
        if (!(batch = list_pop (&b->todo))) {
            pthread_cond_wait (&b->cond, &b->lock);
            continue;
        }
        b->busy = true;
        pthread_mutex_unlock (&b->lock);
        batch->errnum = write_batch (b, batch);
        pthread_mutex_lock (&b->lock);
        b->busy = false;
        list_append (&b->finished, batch);
        pthread_cond_broadcast (&b->cond);
        ev_async_send (b->loop, &b->wake);
    }
    pthread_mutex_unlock (&b->lock);
    return NULL;
}

/* ---- the loop's side */

/* A spool takes up in the loop's thread what the worker has written. */
static void spool_done (struct backing *b, struct backing_batch *batch)
{
    if (batch->errnum == 0)
        batch->errnum = spool_take (b->spool, batch->items, batch->count);
    if (batch->errnum == 0 && batch->checkpoint) {
        free (b->spool_checkpoints);
        b->spool_checkpoints = strdup (batch->checkpoint);
    }
}

static void deliver (struct backing *b)
{
    struct backing_batch *batch;
    for (;;) {
        pthread_mutex_lock (&b->lock);
        batch = list_pop (&b->finished);
        pthread_mutex_unlock (&b->lock);
        if (!batch)
            return;
        if (b->spool)
            spool_done (b, batch);
        b->done (batch, b->arg);
    }
}

static void wake_cb (struct ev_loop *loop, ev_async *w, int revents)
{
    deliver (w->data);
}

static int start (struct backing *b)
{
    if (b->started)
        return 0;
    int rc = pthread_create (&b->thread, NULL, worker, b);
    b->started = rc == 0;
    return rc;
}

void backing_submit (struct backing *b, struct backing_batch *batch)
{
    int rc = start (b);
    pthread_mutex_lock (&b->lock);
    if (rc) {
        batch->errnum = rc;
        list_append (&b->finished, batch);
        ev_async_send (b->loop, &b->wake);
    } else
        list_append (&b->todo, batch);
    pthread_cond_broadcast (&b->cond);
    pthread_mutex_unlock (&b->lock);
}

void backing_wait (struct backing *b)
{
    pthread_mutex_lock (&b->lock);
    while (b->todo || b->busy)
        pthread_cond_wait (&b->cond, &b->lock);
    pthread_mutex_unlock (&b->lock);
    deliver (b);
}

#define LOCK_SIZE 8192 // as LMDB makes it for its 126 readers

/* LMDB writes to its lock file through memory: on a disk that is full that would be a SIGBUS. */
static int reserve_lock_file (const char *path)
{
    char *name;
    int fd, rc;

    if (asprintf (&name, "%s-lock", path) < 0)
        return ENOMEM;
    fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free (name);
    if (fd < 0)
        return errno;
    rc = posix_fallocate (fd, 0, LOCK_SIZE);
    close (fd);
    return rc == EOPNOTSUPP || rc == EINVAL ? 0 : rc;
}

/* The map is address space, not memory, and bounds the file. */
static int open_env (struct backing *b, const char *path)
{
    int err = reserve_lock_file (path);
    if (err)
        return err;
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD;
    int rc = 0;
    for (int shift = 40; shift >= 30; shift -= 2) {
        if ((rc = mdb_env_create (&b->env)))
            return rc;
        if ((rc = mdb_env_set_mapsize (b->env, (size_t)1 << shift)) == 0 &&
            (rc = mdb_env_open (b->env, path, flags, 0600)) == 0)
            return 0;
        mdb_env_close (b->env);
        b->env = NULL;
        if (rc != ENOMEM && rc != EINVAL && rc != EFBIG)
            break;
    }
    return rc;
}

static int open_db (struct backing *b)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin (b->env, NULL, 0, &txn);
    if (rc)
        return rc;
    if ((rc = mdb_dbi_open (txn, NULL, 0, &b->dbi))) {
        mdb_txn_abort (txn);
        return rc;
    }
    if ((rc = mdb_txn_commit (txn)) || (rc = mdb_txn_begin (b->env, NULL, MDB_RDONLY, &b->read)))
        return rc;
    mdb_txn_reset (b->read);
    return 0;
}

static int open_store (struct backing *b, flux_error_t *errp)
{
    int rc;

    if (!b->durable)
        return (b->spool = spool_open (b->path, b->digest_size, errp)) ? 0 : -1;
    if ((rc = open_env (b, b->path)) == 0 && (rc = open_db (b)) == 0)
        return 0;
    errno = backing_errno (rc);
    return errprintf (errp, "%s: %s", b->path, mdb_strerror (rc));
}

struct backing *backing_open (struct ev_loop *loop, const char *path, bool create, bool durable,
                              unsigned digest_size, backing_done_f done, void *arg,
                              flux_error_t *errp)
{
    struct backing *b;

    if (!create && access (path, F_OK) < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        return NULL;
    }
    if (!(b = calloc (1, sizeof (*b))) || !(b->path = strdup (path))) {
        free (b);
        errprintf (errp, "out of memory");
        return NULL;
    }
    b->loop = loop;
    b->durable = durable;
    b->digest_size = digest_size;
    b->done = done;
    b->arg = arg;
    pthread_mutex_init (&b->lock, NULL);
    pthread_cond_init (&b->cond, NULL);
    ev_async_init (&b->wake, wake_cb);
    b->wake.data = b;
    ev_async_start (loop, &b->wake);
    ev_unref (loop); // a store at rest keeps no loop alive
    if (open_store (b, errp) < 0) {
        backing_close (b);
        return NULL;
    }
    return b;
}

void backing_close (struct backing *b)
{
    if (!b)
        return;
    int saved_errno = errno;
    if (b->started) {
        pthread_mutex_lock (&b->lock);
        b->stop = true;
        pthread_cond_broadcast (&b->cond);
        pthread_mutex_unlock (&b->lock);
        pthread_join (b->thread, NULL);
    }
    ev_ref (b->loop);
    ev_async_stop (b->loop, &b->wake);
    if (b->read)
        mdb_txn_abort (b->read);
    if (b->env)
        mdb_env_close (b->env);
    spool_close (b->spool);
    free (b->spool_checkpoints);
    pthread_cond_destroy (&b->cond);
    pthread_mutex_destroy (&b->lock);
    free (b->path);
    free (b);
    errno = saved_errno;
}

/* The reader is reset after each get: an open one would keep pages from being used again. */
static void *get_copy (struct backing *b, MDB_val key, size_t *lenp)
{
    MDB_val val;
    char *copy = NULL;
    int rc = mdb_txn_renew (b->read);

    if (rc == 0 && (rc = mdb_get (b->read, b->dbi, &key, &val)) == 0) {
        if ((copy = malloc (val.mv_size + 1))) {
            memcpy (copy, val.mv_data, val.mv_size);
            copy[val.mv_size] = '\0';
            *lenp = val.mv_size;
        } else
            rc = ENOMEM;
    }
    mdb_txn_reset (b->read);
    if (rc)
        errno = backing_errno (rc);
    return copy;
}

void *backing_get (struct backing *b, const uint8_t *digest, size_t *lenp)
{
    return b->spool ? spool_get (b->spool, digest, lenp)
                    : get_copy (b, key_digest (b, digest), lenp);
}

char *backing_checkpoints (struct backing *b)
{
    size_t len;

    if (!b->spool)
        return get_copy (b, backing_text_key (BACKING_CHECKPOINTS), &len);
    errno = ENOENT;
    return b->spool_checkpoints ? strdup (b->spool_checkpoints) : NULL;
}
