/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs: the key-value store. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/cmd/kvs.h"
#include "shell/cmd/verbs.h"

const struct cmd_opt kvs_opt_ns[] = {
    {.name = "namespace",
     .key = 'N',
     .arg = "NAME",
     .help = "Use this namespace",
     .env = "FLUX_KVS_NAMESPACE"},
    {0},
};

const struct cmd_opt kvs_opt_commit[] = {
    {.name = "treeobj-root", .key = 'O', .help = "Show the new root as an RFC 11 tree object"},
    {.name = "blobref", .key = 'b', .help = "Show the new root as a blobref"},
    {.name = "sequence", .key = 's', .help = "Show the new version"},
    {0},
};

const char *kvs_ns (const struct cmd *c)
{
    return cmd_str (c, "namespace", NULL);
}

void kvs_operands (const struct cmd *c, int min, int max)
{
    if (c->argc < min || (max >= 0 && c->argc > max))
        cmd_die (c, "wrong number of arguments (see `flux kvs %s --help`)", c->verb->name);
}

void kvs_die (const struct cmd *c, flux_future_t *f, const char *what)
{
    cmd_die (c, "%s: %s", what, f ? cmd_why (f) : strerror (errno));
}

flux_kvs_txn_t *kvs_txn (const struct cmd *c)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();

    if (!txn)
        cmd_die (c, "out of memory");
    return txn;
}

int kvs_commit (const struct cmd *c, flux_t *h, const char *ns, int flags, flux_kvs_txn_t *txn)
{
    flux_future_t *f = flux_kvs_commit (h, ns, flags, txn);
    const char *s;
    int seq;

    flux_kvs_txn_destroy (txn);
    if (!f || flux_future_get (f, NULL) < 0)
        kvs_die (c, f, "commit");
    if (cmd_has (c, "treeobj-root") && flux_kvs_commit_get_treeobj (f, &s) == 0)
        printf ("%s\n", s);
    else if (cmd_has (c, "blobref") && flux_kvs_commit_get_rootref (f, &s) == 0)
        printf ("%s\n", s);
    else if (cmd_has (c, "sequence") && flux_kvs_commit_get_sequence (f, &seq) == 0)
        printf ("%d\n", seq);
    flux_future_destroy (f);
    return 0;
}

static bool verb_has_opt (const struct cmd *c, const char *name)
{
    for (int i = 0; i < CMD_TABLES_MAX && c->verb->opts[i]; i++)
        for (const struct cmd_opt *o = c->verb->opts[i]; o->name || o->help; o++)
            if (o->name && strcmp (o->name, name) == 0)
                return true;
    return false;
}

flux_future_t *kvs_lookup (const struct cmd *c, flux_t *h, int flags, const char *key)
{
    const char *at = verb_has_opt (c, "at") ? cmd_str (c, "at", NULL) : NULL;
    flux_future_t *f =
        at ? flux_kvs_lookupat (h, flags, key, at) : flux_kvs_lookup (h, kvs_ns (c), flags, key);

    if (!f)
        kvs_die (c, NULL, key);
    return f;
}

int kvs_width (const struct cmd *c)
{
    struct winsize w;
    const char *s;
    long width = cmd_int (c, "width", -1, 0, 1000000);

    if (width >= 0)
        return width;
    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
        return w.ws_col;
    if ((s = getenv ("COLUMNS")) && (width = strtol (s, NULL, 10)) > 0 && width < 1000000)
        return width;
    return 80;
}

static const struct cmd_verb *const subs[] = {
    &kvs_verb_get,       &kvs_verb_watch,    &kvs_verb_put,  &kvs_verb_dir,
    &kvs_verb_ls,        &kvs_verb_unlink,   &kvs_verb_link, &kvs_verb_readlink,
    &kvs_verb_mkdir,     &kvs_verb_copy,     &kvs_verb_move, &kvs_verb_getroot,
    &kvs_verb_version,   &kvs_verb_wait,     &kvs_verb_sync, &kvs_verb_dropcache,
    &kvs_verb_namespace, &kvs_verb_eventlog, NULL,
};

const struct cmd_verb cmd_verb_kvs = {
    .name = "kvs",
    .args = "COMMAND [ARG...]",
    .summary = "Read and write the key-value store",
    .subs = subs,
};
