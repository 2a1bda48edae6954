/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux archive: files kept in the KVS and the content store, for all ranks to take out (RFC 37). */

#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/archive/extract.h"
#include "lib/archive/pack.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/blobref.h"
#include "shell/cmd/kvs.h"
#include "shell/cmd/verbs.h"

#define CHUNK_DEFAULT (1024 * 1024)
#define SMALL_DEFAULT 1024
#define AHEAD 16 // blobs asked for at once

struct archive {
    struct cmd *c;
    flux_t *h;
    const char *hash;
    const char *ns; // NULL: that of the environment
    char *key, *blobs_key;
    json_t *refs; // of blobs that were stored
    bool verbose;
};

static void archive_open (struct archive *a, struct cmd *c)
{
    const char *name = cmd_str (c, "name", "main");

    *a = (struct archive){.c = c, .h = cmd_open (c)};
    a->ns = cmd_has (c, "no-force-primary") ? NULL : "primary";
    if (!*name || strchr (name, '.'))
        cmd_die (c, "--name=%s: not a name without dots", name);
    if (asprintf (&a->key, "archive.%s", name) < 0 ||
        asprintf (&a->blobs_key, "archive.%s_blobs", name) < 0)
        cmd_die (c, "out of memory");
}

static void archive_close (struct archive *a)
{
    flux_close (a->h);
    json_decref (a->refs);
    free (a->key);
    free (a->blobs_key);
}

static void enter_directory (const struct cmd *c)
{
    const char *dir = cmd_str (c, "directory", NULL);

    if (dir && chdir (dir) < 0)
        cmd_die (c, "--directory=%s: %s", dir, strerror (errno));
}

/* NULL with errno: ENOENT when there is none. timeout < 0: as long as it takes. */
static json_t *lookup (struct archive *a, int flags, double timeout)
{
    flux_future_t *f = flux_kvs_lookup (a->h, a->ns, flags, a->key);
    const char *text;
    json_t *files = NULL;

    if (f && flux_future_wait_for (f, timeout) == 0 && flux_kvs_lookup_get (f, &text) == 0 &&
        !(files = json_loads (text ? text : "", 0, NULL)))
        errno = EPROTO;
    int saved_errno = errno;
    flux_future_destroy (f);
    errno = saved_errno;
    return files;
}

static json_t *get (struct archive *a)
{
    const char *wait = cmd_has (a->c, "waitcreate") ? cmd_str (a->c, "waitcreate", NULL) : NULL;
    bool waits = cmd_has (a->c, "waitcreate");
    json_t *files =
        lookup (a, waits ? FLUX_KVS_WAITCREATE : 0, wait ? cmd_fsd (a->c, "waitcreate", -1.) : -1.);

    if (!files && errno == ETIMEDOUT)
        cmd_die (a->c, "%s: it has not appeared in time", a->key);
    if (!files)
        cmd_die (a->c, "%s: %s", a->key,
                 errno == ENOENT   ? "there is no such archive"
                 : errno == EPROTO ? "not an archive"
                                   : strerror (errno));
    return files;
}

static void begin (const char *path, void *arg)
{
    struct archive *a = arg;

    if (a->verbose)
        fprintf (stderr, "%s\n", path);
}

/* ---- create ---- */

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
    char *end;

    if (!s)
        return dflt;
    double n = strtod (s, &end);
    double scale = *end == 'k' || *end == 'K' ? 1 << 10
                   : *end == 'M'              ? 1 << 20
                   : *end == 'G'              ? 1 << 30
                                              : 1;
    if (scale > 1)
        end++;
    if (end == s || *end || n < 0 || n * scale > INT_MAX)
        cmd_die (c, "--%s=%s: not a number of bytes, as 4096, 64k, 1.5M or 1G", name, s);
    return (size_t)(n * scale);
}

static void commit (struct archive *a, flux_kvs_txn_t *txn)
{
    flux_future_t *f = flux_kvs_commit (a->h, a->ns, 0, txn);

    if (!f || flux_future_get (f, NULL) < 0)
        cmd_die (a->c, "%s: %s", a->key, f ? cmd_why (f) : strerror (errno));
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
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

static json_t *begin_archive (struct archive *a)
{
    json_t *old = lookup (a, 0, -1.);

    if (!old && errno != ENOENT)
        cmd_die (a->c, "%s: %s", a->key, strerror (errno));
    if (old && cmd_has (a->c, "append") && json_is_array (old))
        return old;
    if (old && !cmd_has (a->c, "overwrite"))
        cmd_die (a->c, "%s: it is there already (see --overwrite and --append)", a->key);
    json_decref (old);
    return json_array ();
}

static int run_create (struct cmd *c)
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
        .begin = begin,
        .arg = &a,
    };
    json_t *files = begin_archive (&a);
    for (int i = 0; i < c->argc; i++)
        if (archive_pack (&p, files, c->argv[i], &error) < 0)
            return cmd_fail (c, "%s", error.text);
    char *text = json_dumps (files, JSON_COMPACT);
    if (!text || flux_kvs_txn_put (txn, 0, a.key, text) < 0)
        return cmd_fail (c, "%s: %s", a.key, strerror (errno));
    if (cmd_has (c, "preserve") && json_array_size (a.refs) > 0)
        put_refs (&a, txn);
    commit (&a, txn);
    free (text);
    json_decref (files);
    archive_close (&a);
    return 0;
}

/* ---- list, remove ---- */

static void list_one (const struct cmd *c, const char *path, const json_t *o)
{
    json_int_t mode = json_integer_value (json_object_get (o, "mode"));
    const char *target = json_string_value (json_object_get (o, "data"));

    if (!cmd_has (c, "long")) {
        printf ("%s\n", path);
        return;
    }
    printf ("%c %4o %10lld %s%s%s\n",
            S_ISDIR (mode)   ? 'd'
            : S_ISLNK (mode) ? 'l'
                             : 'f',
            (unsigned)mode & 07777, (long long)json_integer_value (json_object_get (o, "size")),
            path, S_ISLNK (mode) && target ? " -> " : "", S_ISLNK (mode) && target ? target : "");
}

static void list_files (const struct cmd *c, const json_t *files, const char *pattern)
{
    json_t *o;
    size_t i;

    json_array_foreach (files, i, o)
    {
        const char *path = json_string_value (json_object_get (o, "path"));
        if (!path || (pattern && fnmatch (pattern, path, 0) != 0))
            continue;
        if (cmd_has (c, "raw")) {
            json_dumpf (o, stdout, JSON_COMPACT);
            printf ("\n");
        } else {
            list_one (c, path, o);
        }
    }
}

static const char *only_pattern (const struct cmd *c)
{
    if (c->argc > 1)
        cmd_die (c, "one pattern at most is wanted");
    return c->argc > 0 ? c->argv[0] : NULL;
}

static int run_list (struct cmd *c)
{
    const char *pattern = only_pattern (c);
    struct archive a;

    archive_open (&a, c);
    json_t *files = lookup (&a, 0, -1.);
    if (!files)
        return cmd_fail (c, "%s: %s", a.key,
                         errno == ENOENT ? "there is no such archive" : strerror (errno));
    list_files (c, files, pattern);
    json_decref (files);
    archive_close (&a);
    return 0;
}

static int run_remove (struct cmd *c)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    struct archive a;

    if (c->argc > 0)
        return cmd_fail (c, "%s: the archive is named by --name", c->argv[0]);
    archive_open (&a, c);
    json_t *files = lookup (&a, 0, -1.);
    if (!files && errno == ENOENT && !cmd_has (c, "force"))
        return cmd_fail (c, "%s: there is no such archive", a.key);
    if (!txn || flux_kvs_txn_unlink (txn, 0, a.key) < 0 ||
        flux_kvs_txn_unlink (txn, 0, a.blobs_key) < 0)
        return cmd_fail (c, "%s", strerror (errno));
    commit (&a, txn);
    json_decref (files);
    archive_close (&a);
    return 0;
}

/* ---- extract ---- */

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

static int run_extract (struct cmd *c)
{
    const char *pattern = only_pattern (c);
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
                                    .begin = begin,
                                    .arg = &a};
        if (archive_extract (&x, files, cmd_str (c, "directory", "."), &error) < 0)
            rc = cmd_fail (c, "%s", error.text);
    }
    json_decref (files);
    archive_close (&a);
    return rc;
}

/* ---- tables ---- */

#define NAME_OPT                                                                                   \
    {                                                                                              \
        .key = 'n', .name = "name", .arg = "NAME", .help = "Name of the archive (main)"            \
    }
#define NAMESPACE_OPT                                                                              \
    {                                                                                              \
        .name = "no-force-primary", .help = "Use the name space of FLUX_KVS_NAMESPACE"             \
    }
#define VERBOSE_OPT                                                                                \
    {                                                                                              \
        .key = 'v', .name = "verbose", .help = "Name each file on standard error"                  \
    }

static const struct cmd_opt create_opts[] = {
    NAME_OPT,
    {.name = "overwrite", .help = "Take the place of an archive of that name"},
    {.name = "append", .help = "Add to an archive of that name, if there is one"},
    {.key = 'C', .name = "directory", .arg = "DIR", .help = "Change to DIR first"},
    {.name = "preserve", .help = "Keep the contents when the instance is resumed"},
    {.name = "chunksize", .arg = "N", .help = "Make blobs of N bytes at most (1M; 0: no limit)"},
    {.name = "small-file-threshold",
     .arg = "N",
     .help = "Files of up to N bytes are in the archive itself (1K)"},
    NAMESPACE_OPT,
    VERBOSE_OPT,
    {0},
};
static const struct cmd_opt list_opts[] = {
    NAME_OPT,
    {.key = 'l', .name = "long", .help = "With type, mode and size"},
    {.name = "raw", .help = "Print the objects of RFC 37"},
    NAMESPACE_OPT,
    {0},
};
static const struct cmd_opt remove_opts[] = {
    NAME_OPT,
    {.key = 'f', .name = "force", .help = "It is no mistake when there is none"},
    NAMESPACE_OPT,
    {0},
};
static const struct cmd_opt extract_opts[] = {
    NAME_OPT,
    {.key = 't', .name = "list-only", .help = "List the files, and make none"},
    {.key = 'C', .name = "directory", .arg = "DIR", .help = "Put them there"},
    {.name = "overwrite", .help = "Also where there are files already"},
    {.name = "waitcreate",
     .arg = "FSD",
     .help = "Wait until there is such an archive",
     .flags = CMD_OPT_OPTARG},
    NAMESPACE_OPT,
    VERBOSE_OPT,
    {0},
};

static const struct cmd_verb create = {
    .name = "create",
    .args = "PATH...",
    .summary = "Keep files, and folders with all that is in them",
    .opts = {create_opts},
    .run = run_create,
};
static const struct cmd_verb list = {
    .name = "list",
    .args = "[PATTERN]",
    .summary = "List the files of an archive",
    .opts = {list_opts},
    .run = run_list,
};
static const struct cmd_verb remove_verb = {
    .name = "remove",
    .summary = "Remove an archive",
    .opts = {remove_opts},
    .run = run_remove,
};
static const struct cmd_verb extract = {
    .name = "extract",
    .args = "[PATTERN]",
    .summary = "Make the files of an archive here",
    .opts = {extract_opts},
    .run = run_extract,
};
static const struct cmd_verb *const subs[] = {&create, &list, &extract, &remove_verb, NULL};

const struct cmd_verb cmd_verb_archive = {
    .name = "archive",
    .summary = "Keep files in the instance and spread them",
    .subs = subs,
};
