/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux archive: files kept in the KVS and the content store, for all ranks to take out (RFC 37). */

#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shell/cmd/archive.h"
#include "shell/cmd/verbs.h"

void archive_open (struct archive *a, struct cmd *c)
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

void archive_close (struct archive *a)
{
    flux_close (a->h);
    json_decref (a->refs);
    free (a->key);
    free (a->blobs_key);
}

json_t *archive_lookup (struct archive *a, int flags, double timeout)
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

void archive_begin (const char *path, void *arg)
{
    struct archive *a = arg;

    if (a->verbose)
        fprintf (stderr, "%s\n", path);
}

void archive_commit (struct archive *a, flux_kvs_txn_t *txn)
{
    flux_future_t *f = flux_kvs_commit (a->h, a->ns, 0, txn);

    if (!f || flux_future_get (f, NULL) < 0)
        cmd_die (a->c, "%s: %s", a->key, f ? cmd_why (f) : strerror (errno));
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
}

static void list_one (const struct cmd *c, const char *path, const json_t *o)
{
    json_int_t mode = json_integer_value (json_object_get (o, "mode"));
    const char *target = json_string_value (json_object_get (o, "data"));

    if (!cmd_has (c, "long")) {
        printf ("%s\n", path);
        return;
    }
    printf ("%c 0%.3o %8lld %s%s%s\n",
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

const char *archive_pattern (const struct cmd *c)
{
    if (c->argc > 1)
        cmd_die (c, "one pattern at most is wanted");
    return c->argc > 0 ? c->argv[0] : NULL;
}

static int run_list (struct cmd *c)
{
    const char *pattern = archive_pattern (c);
    struct archive a;

    archive_open (&a, c);
    json_t *files = archive_lookup (&a, 0, -1.);
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
    json_t *files = archive_lookup (&a, 0, -1.);
    if (!files && errno == ENOENT && !cmd_has (c, "force"))
        return cmd_fail (c, "%s: there is no such archive", a.key);
    if (!txn || flux_kvs_txn_unlink (txn, 0, a.key) < 0 ||
        flux_kvs_txn_unlink (txn, 0, a.blobs_key) < 0)
        return cmd_fail (c, "%s", strerror (errno));
    archive_commit (&a, txn);
    json_decref (files);
    archive_close (&a);
    return 0;
}

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
    {.name = "preserve", .help = "Accepted: contents are kept as long as their archive"},
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
    .run = archive_run_create,
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
    .run = archive_run_extract,
};
static const struct cmd_verb *const subs[] = {&create, &list, &extract, &remove_verb, NULL};

const struct cmd_verb cmd_verb_archive = {
    .name = "archive",
    .summary = "Keep files in the instance and spread them",
    .subs = subs,
};
