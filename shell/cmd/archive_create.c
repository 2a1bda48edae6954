/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux archive create: files into the content store, their list into the KVS (RFC 37). */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/pack.h"
#include "lib/util/bytes.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/archive.h"
#include "shell/cmd/blobref.h"

#define CHUNK_DEFAULT (1024 * 1024)
#define SMALL_DEFAULT 1024

static void enter_directory (const struct cmd *c)
{
    const char *dir = cmd_str (c, "directory", NULL);

    if (dir && chdir (dir) < 0)
        cmd_die (c, "--directory=%s: %s", dir, strerror (errno));
}

static int store (const void *data, size_t len, char *ref, size_t ref_size, void *arg,
                  flux_error_t *errp)
{
    struct archive *a = arg;
    flux_future_t *f = flux_rpc_raw (a->h, "content.store", data, len, FLUX_NODEID_ANY, 0);
    const void *digest;
    size_t n;
    int rc = -1;

    if (!f || flux_rpc_get_raw (f, &digest, &n) < 0 ||
        blobref_encode (a->hash, digest, n, ref, ref_size) < 0)
        errprintf (errp, "content store: %s", f ? cmd_why (f) : strerror (errno));
    else {
        rc = json_array_append_new (a->refs, json_string (ref));
    }
    flux_future_destroy (f);
    return rc;
}

/* "64k", "1.5M": bytes. */
static size_t size_option (const struct cmd *c, const char *name, size_t dflt)
{
    const char *s = cmd_str (c, name, NULL);
    size_t size = dflt;

    if (s && (bytes_parse (s, &size) < 0 || size > INT_MAX))
        cmd_die (c, "--%s=%s: not a number of bytes, as 4096, 64k, 1.5M or 1G", name, s);
    return size;
}

/* So that the blobs stay when what nobody refers to is thrown away. */
static void put_refs (struct archive *a, flux_kvs_txn_t *txn)
{
    json_t *o = json_pack ("{s:i s:s s:O}", "ver", 1, "type", "valref", "data", a->refs);
    char *text = o ? json_dumps (o, JSON_COMPACT) : NULL;

    if (!text || flux_kvs_txn_put_treeobj (txn, 0, a->blobs_key, text) < 0)
        cmd_die (a->c, "%s: %s", a->blobs_key, strerror (errno));
    free (text);
    json_decref (o);
}

/* Those of an archive that goes on. */
static void take_refs (struct archive *a, const json_t *files)
{
    json_t *file, *blob, *data;
    const char *encoding, *ref;
    size_t i, j;

    json_array_foreach (files, i, file)
    {
        if (json_unpack (file, "{s:s s:o}", "encoding", &encoding, "data", &data) < 0 ||
            strcmp (encoding, "blobvec") != 0)
            continue;
        json_array_foreach (data, j, blob)
        {
            if ((ref = json_string_value (json_array_get (blob, 2))))
                json_array_append_new (a->refs, json_string (ref));
        }
    }
}

static json_t *begin_archive (struct archive *a)
{
    json_t *old = archive_lookup (a, 0, -1.);

    if (!old && errno != ENOENT)
        cmd_die (a->c, "%s: %s", a->key, strerror (errno));
    if (old && cmd_has (a->c, "append") && json_is_array (old)) {
        take_refs (a, old);
        return old;
    }
    if (old && !cmd_has (a->c, "overwrite"))
        cmd_die (a->c, "%s: it is there already (see --overwrite and --append)", a->key);
    json_decref (old);
    return json_array ();
}

int archive_run_create (struct cmd *c)
{
    struct archive a;
    flux_error_t error;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();

    if (c->argc == 0)
        return cmd_fail (c, "paths of files or folders are needed");
    if (cmd_has (c, "append") && cmd_has (c, "overwrite"))
        return cmd_fail (c, "--append and --overwrite exclude each other");
    archive_open (&a, c);
    a.verbose = cmd_has (c, "verbose");
    enter_directory (c);
    a.refs = json_array ();
    if (!(a.hash = flux_attr_get (a.h, "content.hash")) || !a.refs || !txn)
        return cmd_fail (c, "content.hash: %s", strerror (errno));
    struct archive_pack p = {
        .small = size_option (c, "small-file-threshold", SMALL_DEFAULT),
        .chunk = size_option (c, "chunksize", CHUNK_DEFAULT),
        .store = store,
        .begin = archive_begin,
        .arg = &a,
    };
    json_t *files = begin_archive (&a);
    for (int i = 0; i < c->argc; i++)
        if (archive_pack (&p, files, c->argv[i], &error) < 0)
            return cmd_fail (c, "%s", error.text);
    char *text = json_dumps (files, JSON_COMPACT);
    if (!text || flux_kvs_txn_put (txn, 0, a.key, text) < 0)
        return cmd_fail (c, "%s: %s", a.key, strerror (errno));
    if (json_array_size (a.refs) > 0)
        put_refs (&a, txn);
    archive_commit (&a, txn);
    free (text);
    json_decref (files);
    archive_close (&a);
    return 0;
}
