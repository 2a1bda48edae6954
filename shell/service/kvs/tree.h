/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A namespace's tree: walk, read, change, store, forget what is cold. No I/O but through the
 * forest's get and put: a call that needs a blob which is not here fails with EAGAIN and leaves the
 * digests it lacks in a list. */

#ifndef FLUX_SERVICE_KVS_TREE_H
#define FLUX_SERVICE_KVS_TREE_H

#include "lib/util/buf.h"
#include "shell/service/kvs/node.h"

struct tree {
    struct forest *forest;
    struct node *root; // a directory
    uint32_t gen;      // grows with every change
};

/* An empty tree, or with a digest one that begins there. */
int tree_init (struct tree *t, struct forest *f, const uint8_t *digest);
void tree_clear (struct tree *t);

/* What a walk needs beside the key, and what it found out. All zero but `tree` is a plain walk. */
struct walk {
    struct tree *tree; // in: where to begin. out: where the node is
    bool nofollow;     // a link at the end of the key is itself the result
    /* The tree of another namespace that a link names; NULL with errno. NULL: ENOTSUP. */
    struct tree *(*find_ns) (void *arg, const char *ns);
    void *arg;
    struct buf missing; // digests that were lacking when EAGAIN was returned; the caller clears it
};

/* Find a normal key (see key.h); "." is the root. ENOENT, ELOOP, EAGAIN, ENOTRECOVERABLE (a blob
 * that is not what it should be). The node lives until the next change or eviction. */
struct node *tree_walk (struct walk *w, const char *key);

/* Load a directory's entries, or buckets (hdir.h), if they are not. EAGAIN as above. */
int tree_load (struct walk *w, struct dir *d);

/* See a value in one piece. Where it is made of several, they are copied together and *copyp is
 * what the caller frees; else *copyp is NULL and the data live until the next change or the next
 * use of the forest. EAGAIN: all the missing digests are listed. */
int tree_read (struct walk *w, struct val *v, const char **datap, size_t *lenp, char **copyp);

/* The same from an offset on: *datap is there, *totalp is the length of the whole value, which may
 * be less than the offset. */
int tree_read_from (struct walk *w, struct val *v, size_t from, const char **datap, size_t *totalp,
                    char **copyp);

/* Make a directory "stored": encode and put it and all below that is not. A value is left with
 * either refs or data. On error what was not reached stays unstored. */
int tree_store (struct forest *f, struct dir *d);
int tree_store_val (struct forest *f, struct val *v);

/* Only encode and put it: what is in it that needs a digest has been stored. */
int tree_put_dir (struct forest *f, struct dir *d);

/* Store and forget the coldest directories until the forest weighs no more than max bytes or
 * `steps` directories have gone. Returns how many went. */
int forest_evict (struct forest *f, size_t max, int steps);

/* Store and forget this one, which must have a parent, if there is not much in it. */
int forest_forget (struct forest *f, struct dir *d);

#endif /* !FLUX_SERVICE_KVS_TREE_H */
