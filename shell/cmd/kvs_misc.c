/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs readlink, copy, move, getroot, version, wait, sync, dropcache. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/kvs.h"

/* ---- readlink */

static const struct cmd_opt readlink_opts[] = {
    {.name = "at", .key = 'a', .arg = "TREEOBJ", .help = "Read below this root"},
    {.name = "namespace-only",
     .key = 'o',
     .help = "Print only the target's namespace, if it has one"},
    {.name = "key-only", .key = 'k', .help = "Print only the target's key"},
    {0},
};

static int run_readlink (struct cmd *c)
{
    flux_t *h;

    kvs_operands (c, 1, -1);
    h = cmd_open (c);
    for (int i = 0; i < c->argc; i++) {
        flux_future_t *f = kvs_lookup (c, h, FLUX_KVS_READLINK, c->argv[i]);
        const char *ns, *target;
        if (flux_kvs_lookup_get_symlink (f, &ns, &target) < 0)
            kvs_die (c, f, c->argv[i]);
        if (ns && cmd_has (c, "namespace-only"))
            printf ("%s\n", ns);
        else if (!ns || cmd_has (c, "key-only"))
            printf ("%s\n", target);
        else
            printf ("%s::%s\n", ns, target);
        flux_future_destroy (f);
    }
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_readlink = {
    .name = "readlink",
    .args = "KEY...",
    .summary = "Print the targets of symbolic links",
    .opts = {readlink_opts, kvs_opt_ns},
    .run = run_readlink,
};

/* ---- copy, move */

static const struct cmd_opt copy_opts[] = {
    {.name = "src-namespace", .key = 'S', .arg = "NAME", .help = "SOURCE is in this namespace"},
    {.name = "dst-namespace",
     .key = 'D',
     .arg = "NAME",
     .help = "DESTINATION is in this namespace"},
    {0},
};

typedef flux_future_t *(*copy_f) (flux_t *h, const char *srcns, const char *srckey,
                                  const char *dstns, const char *dstkey, int flags);

static int copy (struct cmd *c, copy_f fn)
{
    flux_t *h;
    flux_future_t *f;

    kvs_operands (c, 2, 2);
    h = cmd_open (c);
    f = fn (h, cmd_str (c, "src-namespace", NULL), c->argv[0], cmd_str (c, "dst-namespace", NULL),
            c->argv[1], 0);
    if (!f || flux_future_get (f, NULL) < 0)
        kvs_die (c, f, c->argv[0]);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static int run_copy (struct cmd *c)
{
    return copy (c, flux_kvs_copy);
}

static int run_move (struct cmd *c)
{
    return copy (c, flux_kvs_move);
}

const struct cmd_verb kvs_verb_copy = {
    .name = "copy",
    .args = "SOURCE DESTINATION",
    .summary = "Copy a key; a directory is copied with all that is in it",
    .opts = {copy_opts},
    .run = run_copy,
};

const struct cmd_verb kvs_verb_move = {
    .name = "move",
    .args = "SOURCE DESTINATION",
    .summary = "Copy a key, then unlink it",
    .opts = {copy_opts},
    .run = run_move,
};

/* ---- getroot */

static const struct cmd_opt getroot_opts[] = {
    {.name = "owner", .key = 'o', .help = "Show the userid of the namespace's owner"},
    {.name = "blobref", .key = 'b', .help = "Show the root as a blobref"},
    {.name = "sequence", .key = 's', .help = "Show the version"},
    {0},
};

static int print_root (const struct cmd *c, flux_future_t *f)
{
    const char *s;
    uint32_t owner;
    int seq, rc;

    if (cmd_has (c, "owner")) {
        if ((rc = flux_kvs_getroot_get_owner (f, &owner)) == 0)
            printf ("%lu\n", (unsigned long)owner);
    } else if (cmd_has (c, "sequence")) {
        if ((rc = flux_kvs_getroot_get_sequence (f, &seq)) == 0)
            printf ("%d\n", seq);
    } else if ((rc = cmd_has (c, "blobref") ? flux_kvs_getroot_get_blobref (f, &s)
                                            : flux_kvs_getroot_get_treeobj (f, &s)) == 0)
        printf ("%s\n", s);
    return rc;
}

static int run_getroot (struct cmd *c)
{
    flux_t *h;
    flux_future_t *f;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_kvs_getroot (h, kvs_ns (c), 0)) || print_root (c, f) < 0)
        kvs_die (c, f, "getroot");
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_getroot = {
    .name = "getroot",
    .summary = "Show the root of a namespace as it is now",
    .opts = {getroot_opts, kvs_opt_ns},
    .run = run_getroot,
};

/* ---- version, wait */

static int run_version (struct cmd *c)
{
    flux_t *h;
    int version;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (flux_kvs_get_version (h, kvs_ns (c), &version) < 0)
        kvs_die (c, NULL, "version");
    printf ("%d\n", version);
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_version = {
    .name = "version",
    .summary = "Show the version of a namespace",
    .opts = {kvs_opt_ns},
    .run = run_version,
};

static int run_wait (struct cmd *c)
{
    flux_t *h;
    char *end;
    long version;

    kvs_operands (c, 1, 1);
    errno = 0;
    version = strtol (c->argv[0], &end, 10);
    if (errno || end == c->argv[0] || *end || version < 0 || version > 0x7fffffff)
        return cmd_fail (c, "%s: not a version", c->argv[0]);
    h = cmd_open (c);
    if (flux_kvs_wait_version (h, kvs_ns (c), version) < 0)
        kvs_die (c, NULL, "wait");
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_wait = {
    .name = "wait",
    .args = "VERSION",
    .summary = "Wait until a namespace has reached a version",
    .opts = {kvs_opt_ns},
    .run = run_wait,
};

/* ---- sync, dropcache */

static int run_sync (struct cmd *c)
{
    flux_kvs_txn_t *txn = kvs_txn (c);
    flux_future_t *f;
    flux_t *h;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_kvs_commit (h, NULL, FLUX_KVS_SYNC, txn)) || flux_future_get (f, NULL) < 0)
        kvs_die (c, f, "sync");
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_sync = {
    .name = "sync",
    .summary = "Bring all commits of the primary namespace to disk",
    .run = run_sync,
};

static int run_dropcache (struct cmd *c)
{
    flux_t *h;
    flux_future_t *f;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_rpc (h, "kvs.dropcache", NULL, FLUX_NODEID_ANY, 0)) ||
        flux_future_get (f, NULL) < 0)
        kvs_die (c, f, "dropcache");
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

const struct cmd_verb kvs_verb_dropcache = {
    .name = "dropcache",
    .summary = "Make this broker forget what it can load again",
    .run = run_dropcache,
};
