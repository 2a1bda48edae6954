/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs put, unlink, link, mkdir: what changes the store. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/kvs.h"
#include "shell/cmd/kvs_blob.h"

enum { STDIN_MAX = 1 << 30 }; // RFC 10's limit of a blob

/* ---- put */

static const struct cmd_opt put_opts[] = {
    {.name = "raw", .key = 'r', .help = "Take VALUE as it is; - reads standard input"},
    {.name = "treeobj",
     .key = 't',
     .help = "VALUE is an RFC 11 tree object; - reads standard input"},
    {.name = "no-merge", .key = 'n', .help = "Do not join this commit with others"},
    {.name = "append", .key = 'A', .help = "Append VALUE to what is there"},
    {.name = "sync", .key = 'S', .help = "Wait until it is on disk"},
    {0},
};

struct put {
    const struct cmd *c;
    flux_t *h;
    flux_kvs_txn_t *txn;
};

/* A guest's way, and that of all small values, is the transaction. */
static int put_large (struct put *p, const char *key, const char *value, size_t len)
{
    char *treeobj = kvs_blobs_store (p->h, value, len);
    int rc = treeobj ? flux_kvs_txn_put_treeobj (p->txn, 0, key, treeobj) : -1;

    if (!treeobj && errno == EPERM)
        rc = flux_kvs_txn_put_raw (p->txn, 0, key, value, len);
    free (treeobj);
    return rc;
}

static int put_value (struct put *p, const char *key, const char *value, size_t len)
{
    int flags = cmd_has (p->c, "append") ? FLUX_KVS_APPEND : 0;

    if (cmd_has (p->c, "treeobj"))
        return flux_kvs_txn_put_treeobj (p->txn, 0, key, value);
    if (len >= BLOB_WORTH_IT && !flags)
        return put_large (p, key, value, len);
    return flux_kvs_txn_put_raw (p->txn, flags, key, value, len);
}

static void put_one (struct put *p, const char *arg)
{
    const char *value = strchr (arg, '=');
    char *key, *data = NULL;
    ssize_t len;

    if (!value)
        cmd_die (p->c, "%s: a value is needed, as in KEY=VALUE", arg);
    if (!(key = strndup (arg, value - arg)))
        cmd_die (p->c, "out of memory");
    len = strlen (++value);
    if (strcmp (value, "-") == 0 && (cmd_has (p->c, "raw") || cmd_has (p->c, "treeobj"))) {
        if ((len = fd_read_all (STDIN_FILENO, STDIN_MAX, &data)) < 0)
            cmd_die (p->c, "standard input: %s", strerror (errno));
        value = data;
    }
    if (put_value (p, key, value, len) < 0)
        kvs_die (p->c, NULL, key);
    free (data);
    free (key);
}

static int run_put (struct cmd *c)
{
    struct put p = {.c = c};
    int rc, flags = 0;

    kvs_operands (c, 1, -1);
    if (cmd_has (c, "no-merge"))
        flags |= FLUX_KVS_NO_MERGE;
    if (cmd_has (c, "sync"))
        flags |= FLUX_KVS_SYNC;
    p.txn = kvs_txn (c);
    p.h = cmd_open (c);
    for (int i = 0; i < c->argc; i++)
        put_one (&p, c->argv[i]);
    rc = kvs_commit (c, p.h, kvs_ns (c), flags, p.txn);
    flux_close (p.h);
    return rc;
}

const struct cmd_verb kvs_verb_put = {
    .name = "put",
    .args = "KEY=VALUE...",
    .summary = "Store values under keys, all in one commit",
    .opts = {put_opts, kvs_opt_commit, kvs_opt_ns},
    .run = run_put,
};

/* ---- unlink */

static const struct cmd_opt unlink_opts[] = {
    {.name = "recursive", .key = 'R', .help = "Remove directories with all that is in them"},
    {.name = "force", .key = 'f', .help = "Pass over keys that do not exist"},
    {0},
};

static bool is_full_dir (const struct cmd *c, flux_t *h, const char *key)
{
    flux_future_t *f = kvs_lookup (c, h, FLUX_KVS_READDIR, key);
    const flux_kvsdir_t *dir;
    bool full = flux_kvs_lookup_get_dir (f, &dir) == 0 && flux_kvsdir_get_size (dir) > 0;

    flux_future_destroy (f);
    return full;
}

static bool treeobj_is_dir (const char *treeobj)
{
    return strstr (treeobj, "\"type\":\"dir") != NULL; // dir or dirref; data has no such text
}

static void unlink_one (const struct cmd *c, flux_t *h, flux_kvs_txn_t *txn, const char *key)
{
    flux_future_t *f = kvs_lookup (c, h, FLUX_KVS_TREEOBJ, key);
    const char *treeobj;

    if (flux_kvs_lookup_get_treeobj (f, &treeobj) < 0) {
        if (errno != ENOENT || !cmd_has (c, "force"))
            cmd_die (c, "cannot unlink '%s': %s", key, strerror (errno));
    } else if (treeobj_is_dir (treeobj) && !cmd_has (c, "recursive") && is_full_dir (c, h, key))
        cmd_die (c, "cannot unlink '%s': %s", key, strerror (ENOTEMPTY));
    else if (flux_kvs_txn_unlink (txn, 0, key) < 0)
        kvs_die (c, NULL, key);
    flux_future_destroy (f);
}

static int run_unlink (struct cmd *c)
{
    flux_kvs_txn_t *txn = kvs_txn (c);
    flux_t *h;
    int rc;

    kvs_operands (c, 1, -1);
    h = cmd_open (c);
    for (int i = 0; i < c->argc; i++)
        unlink_one (c, h, txn, c->argv[i]);
    rc = kvs_commit (c, h, kvs_ns (c), 0, txn);
    flux_close (h);
    return rc;
}

const struct cmd_verb kvs_verb_unlink = {
    .name = "unlink",
    .args = "KEY...",
    .summary = "Remove keys",
    .opts = {unlink_opts, kvs_opt_commit, kvs_opt_ns},
    .run = run_unlink,
};

/* ---- link */

static const struct cmd_opt link_opts[] = {
    {.name = "target-namespace", .key = 'T', .arg = "NAME", .help = "TARGET is in this namespace"},
    {0},
};

static int run_link (struct cmd *c)
{
    flux_kvs_txn_t *txn = kvs_txn (c);
    flux_t *h;
    int rc;

    kvs_operands (c, 2, 2);
    if (flux_kvs_txn_symlink (txn, 0, c->argv[1], cmd_str (c, "target-namespace", NULL),
                              c->argv[0]) < 0)
        kvs_die (c, NULL, c->argv[1]);
    h = cmd_open (c);
    rc = kvs_commit (c, h, kvs_ns (c), 0, txn);
    flux_close (h);
    return rc;
}

const struct cmd_verb kvs_verb_link = {
    .name = "link",
    .args = "TARGET LINKNAME",
    .summary = "Make a symbolic link",
    .opts = {link_opts, kvs_opt_commit, kvs_opt_ns},
    .run = run_link,
};

/* ---- mkdir */

static int run_mkdir (struct cmd *c)
{
    flux_kvs_txn_t *txn = kvs_txn (c);
    flux_t *h;
    int rc;

    kvs_operands (c, 1, -1);
    for (int i = 0; i < c->argc; i++)
        if (flux_kvs_txn_mkdir (txn, 0, c->argv[i]) < 0)
            kvs_die (c, NULL, c->argv[i]);
    h = cmd_open (c);
    rc = kvs_commit (c, h, kvs_ns (c), 0, txn);
    flux_close (h);
    return rc;
}

const struct cmd_verb kvs_verb_mkdir = {
    .name = "mkdir",
    .args = "KEY...",
    .summary = "Make empty directories, in place of what was there",
    .opts = {kvs_opt_commit, kvs_opt_ns},
    .run = run_mkdir,
};
