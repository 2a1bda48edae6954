/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Changes of a tree. A transaction takes effect as a whole or not at all. */

#ifndef FLUX_SERVICE_KVS_TXN_H
#define FLUX_SERVICE_KVS_TXN_H

#include <jansson.h>
#include "shell/service/kvs/large.h"
#include "shell/service/kvs/tree.h"

enum txn_kind { TXN_PUT, TXN_APPEND, TXN_UNLINK };

struct txn_op {
    enum txn_kind kind;
    const char *key;   // normal
    char *key_copy;    // what the key points into, when it is the operation's own
    struct node *node; // PUT: what is to be at the key; its name is that of the key
    const void *data;  // APPEND
    size_t len;
    char *data_copy;
};

/* Do all of count operations on the tree whose own namespace is called ns (a link on the way may
 * name it, and no other). EINVAL: the root, or a link to another namespace. EISDIR, EOPNOTSUPP:
 * append to a directory, a link. ELOOP. EAGAIN: w->missing says what is lacking; nothing was
 * changed. Nodes that came into the tree are taken out of their ops. */
int txn_apply (struct walk *w, const char *ns, struct txn_op *ops, size_t count);

/* The operations of a commit request: an array of {"key", "flags", "dirent"}. EPROTO, EINVAL,
 * ENAMETOOLONG. `large` as for treeobj_decode_large(), or NULL. */
int txn_decode (struct forest *f, const json_t *ops, const struct large *large,
                struct txn_op **opsp, size_t *countp);

/* Free what operations still own (not the array itself with txn_op_clear). */
void txn_op_clear (struct forest *f, struct txn_op *op);
void txn_destroy (struct forest *f, struct txn_op *ops, size_t count);

#endif /* !FLUX_SERVICE_KVS_TXN_H */
