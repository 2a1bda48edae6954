/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tree objects (RFC 11) to and from nodes. The text is always the same for the same content: keys
 * sorted, no blanks, so that equal directories have equal digests. */

#ifndef FLUX_SERVICE_KVS_TREEOBJ_H
#define FLUX_SERVICE_KVS_TREEOBJ_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/util/buf.h"
#include "lib/util/base64.h"
#include "shell/service/kvs/large.h"
#include "shell/service/kvs/node.h"

/* Append the object of a node: val or valref, dirref, symlink. A directory must be stored; a value
 * must have either refs or data but not both. */
int treeobj_append (const struct forest *f, struct buf *b, struct node *n);

/* Append the object of type "dir" with all entries of a loaded directory, which is not wide, or
 * with these. */
int treeobj_append_dir (const struct forest *f, struct buf *b, struct dir *d);
int treeobj_append_entries (const struct forest *f, struct buf *b, struct node **kids,
                            uint32_t count);

int treeobj_append_dirref (const struct forest *f, struct buf *b, const uint8_t *digest);
int treeobj_append_val (struct buf *b, const struct base64_slice *s, size_t count);

/* A JSON string with its quotes. */
int treeobj_append_string (struct buf *b, const char *s, size_t len);

/* Make a node from an object of any type. A "dir" gives a loaded directory with all below it.
 * EPROTO: not a tree object, an unknown version, a blobref of another hash, nested too deeply. */
struct node *treeobj_to_node (struct forest *f, const json_t *o, const char *name, size_t namelen);

/* The same where the object's text was parsed by large_parse(). */
struct node *treeobj_decode_large (struct forest *f, const json_t *o, const struct large *large,
                                   const char *name, size_t namelen);

/* Fill an unloaded directory from the text of its blob (type "dir" or "hdir"). On error it stays as
 * it is. */
int treeobj_load_dir (struct forest *f, struct dir *d, const char *text, size_t len);

/* treeobj_scan.c: add the entries to an empty loaded directory, the quick way. False: it is not of
 * the form that is known there (or out of memory), and some entries may have been added. */
bool treeobj_scan_dir (struct forest *f, struct dir *d, const char *text, size_t len);

#endif /* !FLUX_SERVICE_KVS_TREEOBJ_H */
