/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of `flux kvs` share. */

#ifndef FLUX_CMD_KVS_H
#define FLUX_CMD_KVS_H

#include "shell/cmd/client.h"
#include "shell/cmd/cmd.h"

extern const struct cmd_opt kvs_opt_ns[];     // --namespace
extern const struct cmd_opt kvs_opt_commit[]; // --treeobj-root, --blobref, --sequence

/* --namespace, or NULL for the default. */
const char *kvs_ns (const struct cmd *c);

/* End the program unless there are between min and max operands (max -1: any number). */
void kvs_operands (const struct cmd *c, int min, int max);

/* End the program with what went wrong with `what`: the future's own words if it has any. */
_Noreturn void kvs_die (const struct cmd *c, flux_future_t *f, const char *what);

/* Commit, wait, print what the options of kvs_opt_commit ask for, free txn. Returns the exit code.
 * The verb must have that table. */
int kvs_commit (const struct cmd *c, flux_t *h, const char *ns, int flags, flux_kvs_txn_t *txn);

flux_kvs_txn_t *kvs_txn (const struct cmd *c);

/* A lookup, below the tree object of --at if the verb has that option and it is given. Never NULL.
 */
flux_future_t *kvs_lookup (const struct cmd *c, flux_t *h, int flags, const char *key);

/* Columns for output: --width, the terminal, COLUMNS, 80. 0 is without limit. */
int kvs_width (const struct cmd *c);

extern const struct cmd_verb kvs_verb_get, kvs_verb_watch, kvs_verb_put, kvs_verb_dir, kvs_verb_ls,
    kvs_verb_unlink, kvs_verb_link, kvs_verb_readlink, kvs_verb_mkdir, kvs_verb_copy, kvs_verb_move,
    kvs_verb_getroot, kvs_verb_version, kvs_verb_wait, kvs_verb_sync, kvs_verb_dropcache,
    kvs_verb_namespace, kvs_verb_eventlog;

#endif /* !FLUX_CMD_KVS_H */
