/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Garbage collection of a store: the live blobs are copied to a new file. That file is also the
 * list of what was visited. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/service/kvs/backing_private.h"
#include "shell/service/kvs/spool.h"

enum { COMMIT_EVERY = 1000 };

struct compact {
    struct backing *b;
    const struct compact_ops *ops;
    void *arg;
    char *path;
    struct spool *spool; // the new one, or
    MDB_env *env;
    MDB_txn *txn; // of the new file
    MDB_dbi dbi;
    struct buf todo; // kind and digest of each blob to copy
    size_t count, missing, pending;
};

int compact_add (struct compact *co, const uint8_t *digest, bool is_dir)
{
    buf_putc (&co->todo, is_dir);
    if (buf_append (&co->todo, digest, co->b->digest_size) < 0) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

static MDB_val key_of (const struct compact *co, const uint8_t *digest)
{
    return (MDB_val){co->b->digest_size, (void *)digest};
}

bool compact_has (struct compact *co, const uint8_t *digest)
{
    MDB_val key = key_of (co, digest), val;

    if (co->spool)
        return spool_has (co->spool, digest);
    return mdb_get (co->txn, co->dbi, &key, &val) == 0;
}

size_t compact_count (const struct compact *co)
{
    return co->count;
}

size_t compact_missing (const struct compact *co)
{
    return co->missing;
}

static int next_txn (struct compact *co)
{
    int rc = mdb_txn_commit (co->txn);
    co->txn = NULL;
    co->pending = 0;
    return rc ? rc : mdb_txn_begin (co->env, NULL, 0, &co->txn);
}

static int put_new (struct compact *co, const uint8_t *digest, const void *data, size_t len)
{
    MDB_val key = key_of (co, digest), val = {len, (void *)data};
    struct backing_item item = {digest, data, len, 0};
    int rc;

    if (co->spool)
        return (rc = spool_write (co->spool, &item, 1)) ? rc : spool_take (co->spool, &item, 1);
    return mdb_put (co->txn, co->dbi, &key, &val, MDB_NOOVERWRITE);
}

/* The same bytes may be a directory here and a value there, and each blob is looked at once. So
 * what may be a directory is taken for one; too much is kept then, if it is none. */
static int refs_of (struct compact *co, bool is_dir, const char *data, size_t len)
{
    bool may_be = is_dir || (len > 2 && *data == '{' && memmem (data, len, "\"ver\"", 5));

    return may_be && co->ops->refs (co, data, len, co->arg) < 0 && is_dir ? errno : 0;
}

/* It is not in the old file. */
static int in_memory (struct compact *co, const uint8_t *digest, bool is_dir)
{
    size_t len;
    const void *data = co->ops->find ? co->ops->find (digest, &len, co->arg) : NULL;

    if (data)
        return refs_of (co, is_dir, data, len);
    co->missing++;
    return 0;
}

static int copy_data (struct compact *co, const uint8_t *digest, bool is_dir, const void *data,
                      size_t len)
{
    int rc = put_new (co, digest, data, len);

    if (rc == 0)
        rc = refs_of (co, is_dir, data, len);
    co->count++;
    if (rc == 0 && co->env && ++co->pending >= COMMIT_EVERY)
        rc = next_txn (co);
    return rc;
}

static int copy_one (struct compact *co, const uint8_t *digest, bool is_dir)
{
    MDB_val key = key_of (co, digest), val;
    size_t len;
    void *data;
    int rc;

    if (compact_has (co, digest))
        return 0;
    if (!co->spool) {
        if ((rc = mdb_get (co->b->read, co->b->dbi, &key, &val)) == 0)
            return copy_data (co, digest, is_dir, val.mv_data, val.mv_size);
        return rc == MDB_NOTFOUND ? in_memory (co, digest, is_dir) : rc;
    }
    if (!(data = spool_get (co->b->spool, digest, &len)))
        return errno == ENOENT ? in_memory (co, digest, is_dir) : errno;
    rc = copy_data (co, digest, is_dir, data, len);
    free (data);
    return rc;
}

int compact_step (struct compact *co, size_t max)
{
    size_t size = co->b->digest_size + 1;
    uint8_t item[64];
    int rc = co->spool ? 0 : mdb_txn_renew (co->b->read);

    while (rc == 0 && co->todo.len >= size && max-- > 0) {
        co->todo.len -= size;
        memcpy (item, co->todo.data + co->todo.len, size);
        rc = copy_one (co, item + 1, item[0]);
    }
    if (!co->spool)
        mdb_txn_reset (co->b->read);
    if (rc) {
        errno = backing_write_errno (co->b, rc);
        return -1;
    }
    return co->todo.len >= size;
}

static int open_new (struct compact *co)
{
    MDB_envinfo info;
    int rc;

    mdb_env_info (co->b->env, &info);
    if ((rc = mdb_env_create (&co->env)) || (rc = mdb_env_set_mapsize (co->env, info.me_mapsize)) ||
        (rc = mdb_env_open (co->env, co->path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOLOCK, 0600)) ||
        (rc = mdb_txn_begin (co->env, NULL, 0, &co->txn)))
        return rc;
    return mdb_dbi_open (co->txn, NULL, 0, &co->dbi);
}

struct compact *compact_begin (struct backing *b, const struct compact_ops *ops, void *arg,
                               flux_error_t *errp)
{
    struct compact *co = calloc (1, sizeof (*co));
    int rc = 0;

    if (!co || asprintf (&co->path, "%s.new", b->path) < 0) {
        free (co);
        errno = ENOMEM;
        errprintf (errp, "out of memory");
        return NULL;
    }
    co->b = b;
    co->ops = ops;
    co->arg = arg;
    unlink (co->path);
    if (b->spool && !(co->spool = spool_open (co->path, b->digest_size, errp)))
        rc = errno;
    else if (!b->spool && (rc = open_new (co)))
        errprintf (errp, "%s: %s", co->path, mdb_strerror (rc));
    if (rc) {
        compact_abort (co);
        errno = backing_errno (rc);
        return NULL;
    }
    return co;
}

void compact_abort (struct compact *co)
{
    if (!co)
        return;
    int saved_errno = errno;
    if (co->txn)
        mdb_txn_abort (co->txn);
    if (co->env)
        mdb_env_close (co->env);
    spool_close (co->spool);
    unlink (co->path);
    buf_clear (&co->todo);
    free (co->path);
    free (co);
    errno = saved_errno;
}

static int put_text (struct compact *co, const char *name, const char *text)
{
    MDB_val key = backing_text_key (name), val = {strlen (text), (void *)text};
    return mdb_put (co->txn, co->dbi, &key, &val, 0);
}

static int sync_new (struct compact *co, const char *checkpoints)
{
    char count[32];
    int rc;

    snprintf (count, sizeof (count), "%zu", co->count);
    if ((rc = put_text (co, BACKING_COMPACTED, count)) ||
        (rc = put_text (co, BACKING_CHECKPOINTS, checkpoints)))
        return rc;
    rc = mdb_txn_commit (co->txn);
    co->txn = NULL;
    return rc ? rc : mdb_env_sync (co->env, 1);
}

int compact_finish (struct compact *co, const char *checkpoints, flux_error_t *errp)
{
    struct backing *b = co->b;
    int rc = co->spool ? 0 : sync_new (co, checkpoints);

    if (rc == 0 && rename (co->path, b->path) < 0)
        rc = errno;
    if (rc == 0 && co->spool) {
        spool_replace (b->spool, co->spool);
        b->spool = co->spool;
        co->spool = NULL;
        free (b->spool_checkpoints);
        b->spool_checkpoints = strdup (checkpoints);
    }
    compact_abort (co);
    if (rc == 0)
        return 0;
    errno = backing_write_errno (b, rc);
    return errprintf (errp, "%s: %s", b->path, strerror (errno));
}

static MDB_stat stat_of (struct backing *b)
{
    MDB_stat st = {0};
    mdb_env_stat (b->env, &st);
    return st;
}

size_t backing_count (struct backing *b)
{
    return b->spool ? spool_count (b->spool) : stat_of (b).ms_entries;
}

size_t backing_compacted_count (struct backing *b)
{
    MDB_val key = backing_text_key (BACKING_COMPACTED), val;
    size_t n = 0;
    if (b->spool)
        return 0;
    if (mdb_txn_renew (b->read) == 0 && mdb_get (b->read, b->dbi, &key, &val) == 0)
        for (size_t i = 0; i < val.mv_size && i < 18; i++)
            n = n * 10 + (((const char *)val.mv_data)[i] - '0');
    mdb_txn_reset (b->read);
    return n;
}
