/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux archive extract: the files of an archive, made here again. */

#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/extract.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/archive.h"
#include "shell/cmd/blobref.h"

#define AHEAD 16 // blobs asked for at once

static json_t *get (struct archive *a)
{
    const char *wait = cmd_has (a->c, "waitcreate") ? cmd_str (a->c, "waitcreate", NULL) : NULL;
    bool waits = cmd_has (a->c, "waitcreate");
    json_t *files = archive_lookup (a, waits ? FLUX_KVS_WAITCREATE : 0,
                                    wait ? cmd_fsd (a->c, "waitcreate", -1.) : -1.);

    if (!files && errno == ETIMEDOUT)
        cmd_die (a->c, "%s: it has not appeared in time", a->key);
    if (!files)
        cmd_die (a->c, "%s: %s", a->key,
                 errno == ENOENT   ? "there is no such archive"
                 : errno == EPROTO ? "not an archive"
                                   : strerror (errno));
    return files;
}

static flux_future_t *ask_blob (struct archive *a, const json_t *region)
{
    const char *ref = json_string_value (json_array_get (region, 2));
    unsigned char digest[BLOBREF_DIGEST_MAX];
    size_t len = blobref_decode (ref, digest);

    if (len == 0) {
        errno = EPROTO;
        return NULL;
    }
    return flux_rpc_raw (a->h, "content.load", digest, len, FLUX_NODEID_ANY, 0);
}

static int write_blob (int fd, const json_t *region, flux_future_t *f, flux_error_t *errp)
{
    json_int_t at = json_integer_value (json_array_get (region, 0));
    json_int_t size = json_integer_value (json_array_get (region, 1));
    const void *data;
    size_t len;

    if (!f)
        return errprintf (errp, "a region is malformed, or its blob cannot be asked for");
    if (flux_rpc_get_raw (f, &data, &len) < 0)
        return errprintf (errp, "%s: %s", json_string_value (json_array_get (region, 2)),
                          cmd_why (f));
    if (at < 0 || (json_int_t)len != size)
        return errprintf (errp, "a region is not as long as its blob");
    for (const char *p = data; len > 0;) {
        ssize_t n = pwrite (fd, p, len, at);
        if (n < 0)
            return errprintf (errp, "%s", strerror (errno));
        p += n;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Several on the way at once, written as they were asked for. */
static int write_blobs (int fd, const json_t *blobvec, void *arg, flux_error_t *errp)
{
    flux_future_t *ahead[AHEAD] = {NULL};
    size_t n = json_array_size (blobvec), asked = 0;
    int rc = json_is_array (blobvec) ? 0 : errprintf (errp, "its blobs are malformed");

    for (size_t i = 0; rc == 0 && i < n; i++) {
        for (; asked < n && asked < i + AHEAD; asked++)
            ahead[asked % AHEAD] = ask_blob (arg, json_array_get (blobvec, asked));
        rc = write_blob (fd, json_array_get (blobvec, i), ahead[i % AHEAD], errp);
        flux_future_destroy (ahead[i % AHEAD]);
        ahead[i % AHEAD] = NULL;
    }
    for (int i = 0; i < AHEAD; i++)
        flux_future_destroy (ahead[i]);
    return rc;
}

int archive_run_extract (struct cmd *c)
{
    const char *pattern = archive_pattern (c);
    struct archive a;
    flux_error_t error;
    int rc = 0;

    archive_open (&a, c);
    a.verbose = cmd_has (c, "verbose");
    json_t *files = get (&a);
    if (cmd_has (c, "list-only")) {
        json_t *o;
        size_t i;
        json_array_foreach (files, i, o)
        {
            const char *path = json_string_value (json_object_get (o, "path"));
            if (path && (!pattern || fnmatch (pattern, path, 0) == 0))
                printf ("%s\n", path);
        }
    } else {
        struct archive_extract x = {.what = a.key,
                                    .overwrite = cmd_has (c, "overwrite"),
                                    .pattern = pattern,
                                    .write_blobs = write_blobs,
                                    .begin = archive_begin,
                                    .arg = &a};
        if (archive_extract (&x, files, cmd_str (c, "directory", "."), &error) < 0)
            rc = cmd_fail (c, "%s", error.text);
    }
    json_decref (files);
    archive_close (&a);
    return rc;
}
