/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux dump: a snapshot of the KVS as an archive. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/client/treeobj.h"
#include "shell/cmd/archive_lib.h"
#include "shell/cmd/kvs.h"
#include "shell/cmd/verbs.h"

static const struct cmd_opt opts[] = {
    {.name = "verbose", .key = 'v', .help = "Print each key to standard error"},
    {.name = "quiet", .key = 'q', .help = "Do not print a count of keys"},
    {.name = "checkpoint", .help = "Dump the newest checkpoint, not the present"},
    {.name = "no-cache", .help = "Accepted for compatibility"},
    {.name = "maxreqs", .arg = "N", .help = "Accepted for compatibility"},
    {.name = "ignore-failed-read", .help = "Pass over keys whose blobs are missing"},
    {.name = "sd-notify", .help = "Accepted for compatibility"},
    {0},
};

struct dump {
    const struct cmd *c;
    flux_t *h;
    struct archive_lib lib;
    struct archive *ar;
    char *root; // tree object
    time_t time;
    unsigned long count;
    int rc;
};

/* ---- the archive */

static void check (struct dump *d, int rc)
{
    if (rc != ARCHIVE_OK)
        cmd_die (d->c, "%s", d->lib.error_string (d->ar));
}

static void open_archive (struct dump *d, const char *path)
{
    if (!(d->ar = d->lib.write_new ()))
        cmd_die (d->c, "out of memory");
    check (d, d->lib.write_set_format_pax_restricted (d->ar));
    if (strcmp (path, "-") == 0)
        check (d, d->lib.write_open_fd (d->ar, STDOUT_FILENO));
    else {
        check (d, d->lib.write_set_format_filter_by_ext (d->ar, path));
        check (d, d->lib.write_open_filename (d->ar, path));
    }
}

/* The path of a key: slashes for dots. The caller frees it. */
static char *path_of (struct dump *d, const char *key)
{
    char *path = strdup (key);

    if (!path)
        cmd_die (d->c, "out of memory");
    for (char *p = path; (p = strchr (p, '.'));)
        *p = '/';
    return path;
}

static struct archive_entry *entry_create (struct dump *d, const char *key, unsigned type)
{
    struct archive_entry *e = d->lib.entry_new ();
    char *path = path_of (d, key);

    if (!e)
        cmd_die (d->c, "out of memory");
    d->lib.entry_set_pathname (e, path);
    d->lib.entry_set_perm (e, 0644);
    d->lib.entry_set_filetype (e, type);
    d->lib.entry_set_mtime (e, d->time, 0);
    d->lib.entry_set_uid (e, getuid ());
    d->lib.entry_set_gid (e, getgid ());
    free (path);
    return e;
}

static void entry_done (struct dump *d, struct archive_entry *e, const char *key)
{
    d->lib.entry_free (e);
    d->count++;
    if (cmd_has (d->c, "verbose"))
        fprintf (stderr, "%s\n", key);
    else if (!cmd_has (d->c, "quiet") && isatty (STDERR_FILENO) && d->count % 1000 == 0)
        fprintf (stderr, "\rflux-dump: archived %lu keys", d->count);
}

static void dump_data (struct dump *d, const char *key, const char *data, size_t len)
{
    struct archive_entry *e = entry_create (d, key, AE_IFREG);

    d->lib.entry_set_size (e, len);
    check (d, d->lib.write_header (d->ar, e));
    while (len > 0) {
        la_ssize_t n = d->lib.write_data (d->ar, data, len);
        if (n <= 0)
            cmd_die (d->c, "%s", d->lib.error_string (d->ar));
        data += n;
        len -= n;
    }
    entry_done (d, e, key);
}

/* ---- the store */

static void missing (struct dump *d, flux_future_t *f, const char *key)
{
    if (!cmd_has (d->c, "ignore-failed-read"))
        kvs_die (d->c, f, key);
    cmd_warn (d->c, "%s: %s", key, cmd_why (f));
}

static void dump_valref (struct dump *d, const char *key)
{
    flux_future_t *f = flux_kvs_lookupat (d->h, 0, key, d->root);
    const void *data;
    size_t len;

    if (!f || flux_kvs_lookup_get_raw (f, &data, &len) < 0)
        missing (d, f, key);
    else
        dump_data (d, key, data ? data : "", len);
    flux_future_destroy (f);
}

static void dump_val (struct dump *d, const char *key, const json_t *o)
{
    void *data;
    size_t len;

    if (treeobj_decode_val (o, &data, &len) < 0)
        cmd_die (d->c, "%s: %s", key, strerror (errno));
    dump_data (d, key, data ? data : "", len);
    free (data);
}

static void dump_link (struct dump *d, const char *key, const json_t *o)
{
    const char *ns = NULL, *target = "";
    char *text;
    struct archive_entry *e = entry_create (d, key, AE_IFLNK);

    json_unpack (treeobj_data (o), "{s:s s?s}", "target", &target, "namespace", &ns);
    if (asprintf (&text, "%s%s%s", ns ? ns : "", ns ? "::" : "", target) < 0)
        cmd_die (d->c, "out of memory");
    d->lib.entry_set_symlink (e, text);
    check (d, d->lib.write_header (d->ar, e));
    entry_done (d, e, key);
    free (text);
}

static void dump_dir (struct dump *d, const char *key);

static void dump_entry (struct dump *d, const char *key, const json_t *o)
{
    if (treeobj_is (o, "val"))
        dump_val (d, key, o);
    else if (treeobj_is (o, "valref"))
        dump_valref (d, key);
    else if (treeobj_is (o, "symlink"))
        dump_link (d, key, o);
    else
        dump_dir (d, key);
}

static void dump_dir (struct dump *d, const char *key)
{
    flux_future_t *f = flux_kvs_lookupat (d->h, FLUX_KVS_READDIR, key, d->root);
    const char *text, *name;
    json_t *dir, *o;

    if (!f || flux_kvs_lookup_get_treeobj (f, &text) < 0) {
        missing (d, f, key);
        flux_future_destroy (f);
        return;
    }
    if (!(dir = treeobj_decode (text)))
        cmd_die (d->c, "%s: %s", key, strerror (errno));
    flux_future_destroy (f);
    json_object_foreach (treeobj_data (dir), name, o)
    {
        char *sub;
        if (asprintf (&sub, "%s%s%s", strcmp (key, ".") ? key : "", strcmp (key, ".") ? "." : "",
                      name) < 0)
            cmd_die (d->c, "out of memory");
        dump_entry (d, sub, o);
        free (sub);
    }
    json_decref (dir);
}

static void root_of_checkpoint (struct dump *d)
{
    flux_future_t *f = flux_rpc (d->h, "content.checkpoint-get", NULL, 0, 0);
    json_t *list, *o;
    const char *ref;
    double t = 0.;

    if (!f || flux_rpc_get_unpack (f, "{s:o}", "value", &list) < 0)
        kvs_die (d->c, f, "checkpoint");
    if (json_unpack (json_array_get (list, 0), "{s:s s?F}", "rootref", &ref, "timestamp", &t) < 0)
        cmd_die (d->c, "checkpoint: %s", strerror (EPROTO));
    d->time = t;
    if (!(o = treeobj_dirref (ref)) || !(d->root = treeobj_encode (o)))
        cmd_die (d->c, "checkpoint: %s", strerror (errno));
    json_decref (o);
    flux_future_destroy (f);
}

static void root_of_now (struct dump *d)
{
    flux_future_t *f = flux_kvs_getroot (d->h, NULL, 0);
    const char *s;

    if (!f || flux_kvs_getroot_get_treeobj (f, &s) < 0)
        kvs_die (d->c, f, "getroot");
    if (!(d->root = strdup (s)))
        cmd_die (d->c, "out of memory");
    d->time = time (NULL);
    flux_future_destroy (f);
}

static int run (struct cmd *c)
{
    struct dump d = {.c = c};

    kvs_operands (c, 1, 1);
    archive_lib_load (c, &d.lib);
    d.h = cmd_open (c);
    if (cmd_has (c, "checkpoint"))
        root_of_checkpoint (&d);
    else
        root_of_now (&d);
    open_archive (&d, c->argv[0]);
    dump_dir (&d, ".");
    check (&d, d.lib.write_close (d.ar));
    d.lib.write_free (d.ar);
    if (!cmd_has (c, "verbose") && !cmd_has (c, "quiet"))
        fprintf (stderr, "%sflux-dump: archived %lu keys\n", isatty (STDERR_FILENO) ? "\r" : "",
                 d.count);
    free (d.root);
    flux_close (d.h);
    return 0;
}

const struct cmd_verb cmd_verb_dump = {
    .name = "dump",
    .args = "OUTFILE",
    .summary = "Write a snapshot of the key-value store to an archive",
    .text = "The format comes from OUTFILE's extension: .tar, .tgz, .tar.xz, .zip and others that\n"
            "libarchive knows. - is standard output and an uncompressed tar.",
    .opts = {opts},
    .run = run,
};
