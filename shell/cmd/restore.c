/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux restore: an archive into the KVS. It is read into a namespace of its own, whose root is then
 * put where it is wanted: so nothing is to be seen of it before it is whole. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/archive_lib.h"
#include "shell/cmd/kvs.h"
#include "shell/cmd/verbs.h"

enum { VALUE_MAX = 1 << 30, BATCH_BYTES = 8 << 20, BATCH_KEYS = 1000 };

static const struct cmd_opt opts[] = {
    {.name = "verbose", .key = 'v', .help = "Print each key to standard error"},
    {.name = "quiet", .key = 'q', .help = "Do not print a count of keys"},
    {.name = "checkpoint", .help = "Make it the checkpoint that the next instance starts from"},
    {.name = "key", .arg = "NAME", .help = "Make it the directory of this name"},
    {.name = "no-cache", .help = "Accepted for compatibility"},
    {.name = "size-limit", .arg = "SIZE", .help = "Pass over larger values (suffix k, M, G)"},
    {.name = "maxreqs", .arg = "N", .help = "Accepted for compatibility"},
    {.name = "sd-notify", .help = "Accepted for compatibility"},
    {0},
};

struct restore {
    const struct cmd *c;
    flux_t *h;
    struct archive_lib lib;
    struct archive *ar;
    char ns[64];
    double limit;
    flux_kvs_txn_t *txn;
    size_t txn_bytes, txn_keys;
    unsigned long count;
};

/* After an error the half-filled namespace goes, then the program. */
_Noreturn static void die (struct restore *r, const char *what, const char *why)
{
    flux_future_t *f = flux_kvs_namespace_remove (r->h, r->ns);

    if (f)
        flux_future_get (f, NULL);
    cmd_die (r->c, "%s: %s", what, why);
}

static void open_archive (struct restore *r, const char *path)
{
    int rc;

    if (!(r->ar = r->lib.read_new ()))
        cmd_die (r->c, "out of memory");
    r->lib.read_support_format_all (r->ar);
    r->lib.read_support_filter_all (r->ar);
    if (strcmp (path, "-") == 0)
        rc = r->lib.read_open_fd (r->ar, STDIN_FILENO, 65536);
    else
        rc = r->lib.read_open_filename (r->ar, path, 65536);
    if (rc != ARCHIVE_OK)
        cmd_die (r->c, "%s: %s", path, r->lib.error_string (r->ar));
}

static void flush (struct restore *r)
{
    flux_future_t *f;

    if (r->txn_keys == 0)
        return;
    if (!(f = flux_kvs_commit (r->h, r->ns, 0, r->txn)) || flux_future_get (f, NULL) < 0)
        die (r, "commit", f ? cmd_why (f) : strerror (errno));
    flux_future_destroy (f);
    flux_kvs_txn_clear (r->txn);
    r->txn_bytes = r->txn_keys = 0;
}

static void added (struct restore *r, const char *key, size_t len)
{
    r->count++;
    r->txn_keys++;
    r->txn_bytes += len;
    if (cmd_has (r->c, "verbose"))
        fprintf (stderr, "%s\n", key);
    if (r->txn_keys >= BATCH_KEYS || r->txn_bytes >= BATCH_BYTES)
        flush (r);
}

static void restore_value (struct restore *r, const char *key, struct archive_entry *e)
{
    la_int64_t size = r->lib.entry_size (e);
    size_t have = 0;
    char *data;

    if (size < 0 || size > VALUE_MAX || (r->limit > 0 && size > r->limit)) {
        cmd_warn (r->c, "%s: %lld bytes are too many, passed over", key, (long long)size);
        return;
    }
    if (!(data = malloc (size + 1)))
        die (r, key, strerror (ENOMEM));
    while (have < (size_t)size) {
        la_ssize_t n = r->lib.read_data (r->ar, data + have, size - have);
        if (n < 0)
            die (r, key, r->lib.error_string (r->ar));
        if (n == 0)
            die (r, key, "the archive is cut short");
        have += n;
    }
    if (flux_kvs_txn_put_raw (r->txn, 0, key, data, size) < 0)
        die (r, key, strerror (errno));
    free (data);
    added (r, key, size);
}

static void restore_link (struct restore *r, const char *key, const char *text)
{
    const char *sep = strstr (text, "::");
    char *ns = sep ? strndup (text, sep - text) : NULL;

    if ((sep && !ns) || flux_kvs_txn_symlink (r->txn, 0, key, ns, sep ? sep + 2 : text) < 0)
        die (r, key, strerror (errno));
    free (ns);
    added (r, key, strlen (text));
}

/* Slashes are dots in a key; "./" and the like in front of a path vanish when the key is made
 * normal. */
static void restore_entry (struct restore *r, struct archive_entry *e)
{
    const char *path = r->lib.entry_pathname (e);
    unsigned type = r->lib.entry_filetype (e);
    char *key = strdup (path ? path : "");

    if (!key)
        die (r, "restore", strerror (ENOMEM));
    for (char *p = key; (p = strchr (p, '/'));)
        *p = '.';
    if (type == AE_IFREG)
        restore_value (r, key, e);
    else if (type == AE_IFLNK && r->lib.entry_symlink (e))
        restore_link (r, key, r->lib.entry_symlink (e));
    free (key);
}

static void read_all (struct restore *r)
{
    struct archive_entry *e;
    int rc;

    while ((rc = r->lib.read_next_header (r->ar, &e)) == ARCHIVE_OK || rc == ARCHIVE_WARN)
        restore_entry (r, e);
    if (rc != ARCHIVE_EOF)
        die (r, r->c->argv[0], r->lib.error_string (r->ar));
    flush (r);
    r->lib.read_close (r->ar);
    r->lib.read_free (r->ar);
}

static void create_namespace (struct restore *r)
{
    flux_future_t *f;

    snprintf (r->ns, sizeof (r->ns), "restore-%ld-%ld", (long)getpid (), (long)time (NULL));
    f = flux_kvs_namespace_create (r->h, r->ns, FLUX_USERID_UNKNOWN, 0);
    if (!f || flux_future_get (f, NULL) < 0)
        kvs_die (r->c, f, "namespace");
    flux_future_destroy (f);
}

static void put_at_key (struct restore *r, const char *key, const char *root)
{
    flux_kvs_txn_t *txn = kvs_txn (r->c);
    flux_future_t *f;

    if (flux_kvs_txn_put_treeobj (txn, 0, key, root) < 0 ||
        !(f = flux_kvs_commit (r->h, NULL, 0, txn)))
        die (r, key, strerror (errno));
    if (flux_future_get (f, NULL) < 0)
        die (r, key, cmd_why (f));
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
}

static void put_checkpoint (struct restore *r, const char *ref)
{
    flux_future_t *f = flux_rpc_pack (r->h, "content.checkpoint-put", 0, 0, "{s:{s:i s:s s:i s:f}}",
                                      "value", "version", 1, "rootref", ref, "sequence", 0,
                                      "timestamp", flux_reactor_time ());

    if (!f || flux_future_get (f, NULL) < 0)
        die (r, "checkpoint", f ? cmd_why (f) : strerror (errno));
    flux_future_destroy (f);
}

static void place (struct restore *r)
{
    flux_future_t *f = flux_kvs_getroot (r->h, r->ns, 0);
    const char *root, *ref;

    if (!f || flux_kvs_getroot_get_treeobj (f, &root) < 0 ||
        flux_kvs_getroot_get_blobref (f, &ref) < 0)
        die (r, "getroot", f ? cmd_why (f) : strerror (errno));
    if (cmd_has (r->c, "key"))
        put_at_key (r, cmd_str (r->c, "key", NULL), root);
    if (cmd_has (r->c, "checkpoint"))
        put_checkpoint (r, ref);
    flux_future_destroy (f);
    f = flux_kvs_namespace_remove (r->h, r->ns);
    if (!f || flux_future_get (f, NULL) < 0)
        kvs_die (r->c, f, "namespace");
    flux_future_destroy (f);
}

static double size_limit (const struct cmd *c)
{
    const char *s = cmd_str (c, "size-limit", NULL);
    char *end;
    double v = s ? strtod (s, &end) : 0.;

    if (!s)
        return 0.;
    if (end > s && *end && strchr ("kKMG", *end))
        v *= *end == 'G' ? 1 << 30 : *end == 'M' ? 1 << 20 : 1 << 10, end++;
    if (end == s || *end || !(v > 0.))
        cmd_die (c, "--size-limit=%s: not a size", s);
    return v;
}

static int run (struct cmd *c)
{
    struct restore r = {.c = c, .limit = size_limit (c)};

    kvs_operands (c, 1, 1);
    if (!cmd_has (c, "key") && !cmd_has (c, "checkpoint"))
        return cmd_fail (c, "one of --key and --checkpoint is needed");
    archive_lib_load (c, &r.lib);
    open_archive (&r, c->argv[0]);
    r.h = cmd_open (c);
    r.txn = kvs_txn (c);
    create_namespace (&r);
    read_all (&r);
    place (&r);
    if (!cmd_has (c, "verbose") && !cmd_has (c, "quiet"))
        fprintf (stderr, "flux-restore: restored %lu keys\n", r.count);
    flux_kvs_txn_destroy (r.txn);
    flux_close (r.h);
    return 0;
}

const struct cmd_verb cmd_verb_restore = {
    .name = "restore",
    .args = "INFILE",
    .summary = "Read an archive into the key-value store",
    .opts = {opts},
    .run = run,
};
