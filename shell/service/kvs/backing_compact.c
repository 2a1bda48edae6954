/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Garbage collection of a store that outlives its instance: the live blobs are copied to a new
 * file. That file is also the list of what was visited. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/service/kvs/backing_private.h"

enum { COMMIT_EVERY = 1000 };

struct compact {
    struct backing *b;
    MDB_env *env;
    MDB_txn *txn; // of the new file
    MDB_dbi dbi;
    struct buf todo; // kind and digest of each blob to copy
    size_t count, pending;
};

static int add (void *compact, const uint8_t *digest, bool is_dir)
{
    struct compact *co = compact;
    buf_putc (&co->todo, is_dir);
    if (buf_append (&co->todo, digest, co->b->digest_size) < 0) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

static int next_txn (struct compact *co)
{
    int rc = mdb_txn_commit (co->txn);
    co->txn = NULL;
    co->pending = 0;
    return rc ? rc : mdb_txn_begin (co->env, NULL, 0, &co->txn);
}

/* Copy one blob. The reader of the old file is open all the time: nothing is written there. */
static int copy_one (struct compact *co, const uint8_t *digest, bool is_dir, backing_refs_f refs,
                     void *arg)
{
    MDB_val key = {co->b->digest_size, (void *)digest}, val;
    int rc;

    if ((rc = mdb_get (co->b->read, co->b->dbi, &key, &val)))
        return rc;
    if ((rc = mdb_put (co->txn, co->dbi, &key, &val, MDB_NOOVERWRITE)))
        return rc == MDB_KEYEXIST ? 0 : rc;
    co->count++;
    if (is_dir) {
        MDB_val old; // val may have moved into the new file's memory
        if ((rc = mdb_get (co->b->read, co->b->dbi, &key, &old)))
            return rc;
        if (refs (old.mv_data, old.mv_size, add, co, arg) < 0)
            return errno;
    }
    return ++co->pending < COMMIT_EVERY ? 0 : next_txn (co);
}

static int copy_all (struct compact *co, backing_refs_f refs, void *arg)
{
    size_t size = co->b->digest_size + 1;
    uint8_t item[64];
    int rc = 0;

    while (rc == 0 && co->todo.len >= size) {
        co->todo.len -= size;
        memcpy (item, co->todo.data + co->todo.len, size);
        rc = copy_one (co, item + 1, item[0], refs, arg);
    }
    return rc;
}

static int put_text (struct compact *co, const char *name, const char *text)
{
    MDB_val key = backing_text_key (name), val = {strlen (text), (void *)text};
    return mdb_put (co->txn, co->dbi, &key, &val, 0);
}

static int open_new (struct compact *co, const char *path)
{
    MDB_envinfo info;
    int rc;
    mdb_env_info (co->b->env, &info);
    unlink (path);
    if ((rc = mdb_env_create (&co->env)) || (rc = mdb_env_set_mapsize (co->env, info.me_mapsize)) ||
        (rc = mdb_env_open (co->env, path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOLOCK, 0600)) ||
        (rc = mdb_txn_begin (co->env, NULL, 0, &co->txn)))
        return rc;
    return mdb_dbi_open (co->txn, NULL, 0, &co->dbi);
}

static int run (struct compact *co, const uint8_t *root, const char *checkpoint,
                backing_refs_f refs, void *arg)
{
    char count[32];
    int rc = add (co, root, true) < 0 ? ENOMEM : copy_all (co, refs, arg);
    if (rc)
        return rc;
    snprintf (count, sizeof (count), "%zu", co->count);
    if ((rc = put_text (co, BACKING_COMPACTED, count)) ||
        (rc = put_text (co, BACKING_CHECKPOINTS, checkpoint)))
        return rc;
    rc = mdb_txn_commit (co->txn);
    co->txn = NULL;
    return rc ? rc : mdb_env_sync (co->env, 1);
}

int backing_compact (struct backing *b, const uint8_t *root, const char *checkpoint,
                     backing_refs_f refs, void *arg, flux_error_t *errp)
{
    struct compact co = {.b = b};
    char path[4096];
    int rc;

    if (snprintf (path, sizeof (path), "%s.new", b->path) >= (int)sizeof (path)) {
        errno = ENAMETOOLONG;
        return errprintf (errp, "%s: the name is too long", b->path);
    }
    if ((rc = open_new (&co, path)) == 0 && (rc = mdb_txn_renew (b->read)) == 0) {
        rc = run (&co, root, checkpoint, refs, arg);
        mdb_txn_reset (b->read);
    }
    if (co.txn)
        mdb_txn_abort (co.txn);
    if (co.env)
        mdb_env_close (co.env);
    buf_clear (&co.todo);
    if (rc == 0 && rename (path, b->path) < 0)
        rc = errno;
    if (rc) {
        unlink (path);
        errprintf (errp, "%s: %s", path, mdb_strerror (rc));
        errno = backing_errno (rc);
        return -1;
    }
    return 0;
}

static MDB_stat stat_of (struct backing *b)
{
    MDB_stat st = {0};
    mdb_env_stat (b->env, &st);
    return st;
}

size_t backing_count (struct backing *b)
{
    return stat_of (b).ms_entries;
}

size_t backing_compacted_count (struct backing *b)
{
    MDB_val key = backing_text_key (BACKING_COMPACTED), val;
    size_t n = 0;
    if (mdb_txn_renew (b->read) == 0 && mdb_get (b->read, b->dbi, &key, &val) == 0)
        for (size_t i = 0; i < val.mv_size && i < 18; i++)
            n = n * 10 + (((const char *)val.mv_data)[i] - '0');
    mdb_txn_reset (b->read);
    return n;
}
