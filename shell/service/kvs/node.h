/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The nodes of a tree in memory. A directory is loaded or only known by its digest (dirref); a
 * value is made of blobs in the store (refs) followed by bytes not yet stored (data).
 *
 * A directory is "stored" when its digest, or the object that it is part of, is that of its
 * content. When it is not, none of its ancestors is. */

#ifndef FLUX_SERVICE_KVS_NODE_H
#define FLUX_SERVICE_KVS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shell/service/kvs/digest.h"

/* What the trees of a store have in common: how blobs are got and put, and what they all weigh. */
struct forest {
    const struct digest_alg *alg;
    /* Look at a blob. EAGAIN: it is not here (yet); other errors are final. The data live until the
     * next call of any of the two. */
    int (*get) (void *arg, const uint8_t *digest, const void **datap, size_t *lenp);
    /* Store malloc'd data, which become the store's (but not on error), and give the digest. */
    int (*put) (void *arg, void *data, size_t len, uint8_t *digest);
    void *arg;
    size_t bytes; // estimate of all nodes
    size_t nodes;
    struct dir *lru;   // loaded directories, the coldest first (utlist)
    uint32_t touches;  // of all of them so far
    uint32_t dir_max;  // entries of a directory before it becomes wide (hdir.h); 0: never does
    uint32_t dir_fill; // of a bucket then
};

enum node_type { NODE_DIR = 1, NODE_VAL, NODE_LINK };

struct node {
    struct node *parent; // a directory, NULL for a root and for one outside of a tree
    uint8_t type;
    bool loaded;  // directory: kids are in memory
    bool stored;  // directory: digest is valid, or:
    bool inlined; // it is part of the object of the directory it is in
    bool wide;    // directory: its kids are buckets, or NULL
    bool bucket;  // it is one
    uint16_t namelen;
};

struct dir {
    struct node n;
    struct node **kids; // in order of names
    uint32_t count, size;
    struct dir *prev, *next;
    uint32_t touched; // forest.touches at that time
    uint8_t digest[DIGEST_MAX];
};

struct val {
    struct node n;
    uint8_t *refs; // digests one after the other
    char *data;
    uint32_t nrefs;
    uint32_t len, size; // of data
    uint32_t *lens;     // of the first nlens blobs: what is not wanted of them need not be read
    uint32_t nlens;
};

struct link {
    struct node n;
    char *target;
    char *ns; // or NULL
};

/* A node outside of a tree. An empty name is for roots. NULL with ENOMEM. A new directory is loaded
 * and empty. */
struct node *node_create (struct forest *f, enum node_type type, const char *name, size_t namelen);
struct node *node_create_dirref (struct forest *f, const char *name, size_t namelen,
                                 const uint8_t *digest);

/* Free a node, which must be outside of a tree, and all below it. */
void node_destroy (struct forest *f, struct node *n);

const char *node_name (const struct node *n);

/* Is there an object of its own, with its digest? */
static inline bool node_has_digest (const struct node *n)
{
    return n->stored && !n->inlined;
}

static inline struct dir *node_dir (struct node *n)
{
    return (struct dir *)n;
}
static inline struct val *node_val (struct node *n)
{
    return (struct val *)n;
}
static inline struct link *node_link (struct node *n)
{
    return (struct link *)n;
}

/* Entries of a loaded directory, which is not wide. */
struct node *dir_find (const struct dir *d, const char *name, size_t namelen);

/* The bucket of a name in a wide directory, or NULL (hdir.c). */
struct dir *hdir_find (const struct dir *d, const char *name, size_t namelen);

/* Add or replace by name; the replaced node is handed back in *oldp (NULL: there was none). */
int dir_set (struct forest *f, struct dir *d, struct node *n, struct node **oldp);

/* Make room for so many entries. */
int dir_reserve (struct forest *f, struct dir *d, uint32_t count);

/* Give it other kids, malloc'd; those it had are the caller's. */
void dir_set_kids (struct forest *f, struct dir *d, struct node **kids, uint32_t count);

/* Take an entry out. NULL when there is none. */
struct node *dir_take (struct dir *d, const char *name, size_t namelen);

/* Put a loaded directory at the warm end, or into the list if it is new there. */
void dir_touch (struct forest *f, struct dir *d);

/* Forget the kids of a stored directory. */
void dir_unload (struct forest *f, struct dir *d);

/* Say that a node was changed. */
void node_dirty (struct node *n);

/* Values. val_set takes malloc'd data over, val_append copies; both only memory. */
void val_set (struct forest *f, struct val *v, char *data, size_t len);
int val_append (struct forest *f, struct val *v, const void *data, size_t len);
int val_add_ref (struct forest *f, struct val *v, const uint8_t *digest);
void val_pop_ref (struct forest *f, struct val *v);

/* How long the blob after those whose length is known is. */
void val_know_length (struct forest *f, struct val *v, size_t len);

int link_set (struct forest *f, struct link *l, const char *ns, const char *target);

#endif /* !FLUX_SERVICE_KVS_NODE_H */
