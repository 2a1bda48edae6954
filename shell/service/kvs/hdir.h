/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Wide directories (RFC 11 hdir). One with more than forest->dir_max entries is stored as a number
 * of buckets, each a directory object of its own, so that a change writes one bucket and the list
 * of them, and a reader loads no more. In memory the kids of a wide directory are its buckets:
 * nodes without a name, by number, or NULL where there is no entry. Everybody else sees one
 * directory. */

#ifndef FLUX_SERVICE_KVS_HDIR_H
#define FLUX_SERVICE_KVS_HDIR_H

#include <jansson.h>
#include "lib/util/buf.h"
#include "shell/service/kvs/node.h"
#include "shell/service/kvs/tree.h"

#define HDIR_FUNC "fnv1a32" // how a name gets its bucket: the hash modulo the number of buckets

enum {
    HDIR_FILL = 128,          // entries of a bucket, about; four times as many are too many
    HDIR_BUCKETS_MAX = 65536, // more are refused when read
};

/* Where the entry `name` of a loaded directory is: itself, or a bucket, which is loaded. With
 * `create` a bucket that is not there is made. NULL with ENOENT, EAGAIN (as in tree.h), ENOMEM. */
struct dir *hdir_place (struct walk *w, struct dir *d, const char *name, size_t namelen,
                        bool create);

/* All entries in the order of their names, to be freed by the caller. EAGAIN as above. */
int hdir_list (struct walk *w, struct dir *d, struct node ***kidsp, uint32_t *countp);

/* Before a loaded directory is stored: make it wide, or wider, when it has so many entries. On
 * failure it stays as it is. */
void hdir_adapt (struct forest *f, struct dir *d);

/* Append the object of a wide directory, all buckets of which are stored. */
int hdir_append (const struct forest *f, struct buf *b, struct dir *d);

/* Fill an empty loaded directory from an object of type hdir. EPROTO. */
int hdir_decode (struct forest *f, struct dir *d, const json_t *data);

#endif /* !FLUX_SERVICE_KVS_HDIR_H */
