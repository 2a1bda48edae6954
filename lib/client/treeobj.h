/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tree objects of the KVS (RFC 11) as JSON:
 *
 *   {"ver":1, "type":"val",     "data":"base64"}
 *   {"ver":1, "type":"valref",  "data":["blobref",...]}
 *   {"ver":1, "type":"dirref",  "data":["blobref"]}
 *   {"ver":1, "type":"dir",     "data":{"name":object,...}}
 *   {"ver":1, "type":"symlink", "data":{"target":"key","namespace":"ns"}} */

#ifndef FLUX_CLIENT_TREEOBJ_H
#define FLUX_CLIENT_TREEOBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

/* New references; NULL with errno. */
json_t *treeobj_val (const void *data, size_t len);
json_t *treeobj_dirref (const char *blobref);
json_t *treeobj_dir (void);
json_t *treeobj_symlink (const char *ns, const char *target);

/* Text of an object and back, valid or EINVAL. The text is the same for the same content. */
char *treeobj_encode (const json_t *o);
json_t *treeobj_decode (const char *s);

/* 0, or -1 with EINVAL. */
int treeobj_check (const json_t *o);
bool treeobj_is (const json_t *o, const char *type);
json_t *treeobj_data (const json_t *o);

/* The bytes of a val, with a NUL behind that does not count; NULL for none. The caller frees them.
 */
int treeobj_decode_val (const json_t *o, void **datap, size_t *lenp);

#endif /* !FLUX_CLIENT_TREEOBJ_H */
