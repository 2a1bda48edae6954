/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs dir: keys with their values. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/kvs.h"

static const struct cmd_opt opts[] = {
    {.name = "recursive", .key = 'R', .help = "Show what is in directories, too"},
    {.name = "directory", .key = 'd', .help = "Show names but no values"},
    {.name = "width", .key = 'w', .arg = "N", .help = "Cut values to N columns; 0 does not cut"},
    {.name = "at", .key = 'a', .arg = "TREEOBJ", .help = "Read below this root"},
    {0},
};

struct dir {
    const struct cmd *c;
    flux_t *h;
    const char *at; // root of the whole listing
    size_t width;
};

static flux_future_t *lookup (struct dir *d, int flags, const char *key)
{
    flux_future_t *f = d->at ? flux_kvs_lookupat (d->h, flags, key, d->at)
                             : flux_kvs_lookup (d->h, kvs_ns (d->c), flags, key);
    if (!f)
        kvs_die (d->c, NULL, key);
    return f;
}

/* One line: cut at the width, or at a newline. */
static void print_value (struct dir *d, const char *key, const char *data, size_t len)
{
    size_t room = strlen (key) + 3;
    const char *nl = d->width ? memchr (data, '\n', len) : NULL;
    bool more = false;

    if (nl) {
        more = (size_t)(nl - data) + 1 < len;
        len = nl - data;
    }
    if (d->width > 3 && room + len > d->width - 3) {
        len = room < d->width - 3 ? d->width - 3 - room : 0;
        more = true;
    }
    printf ("%s = %.*s%s\n", key, (int)len, data, more ? "..." : "");
}

static void show_value (struct dir *d, const char *key)
{
    flux_future_t *f;
    const void *data;
    size_t len;

    if (cmd_has (d->c, "directory")) {
        printf ("%s\n", key);
        return;
    }
    f = lookup (d, 0, key);
    if (flux_kvs_lookup_get_raw (f, &data, &len) < 0)
        kvs_die (d->c, f, key);
    print_value (d, key, data ? data : "", len);
    flux_future_destroy (f);
}

static void show_link (struct dir *d, const char *key)
{
    flux_future_t *f = lookup (d, FLUX_KVS_READLINK, key);
    const char *ns, *target;

    if (flux_kvs_lookup_get_symlink (f, &ns, &target) < 0)
        kvs_die (d->c, f, key);
    printf ("%s -> %s%s%s\n", key, ns ? ns : "", ns ? "::" : "", target);
    flux_future_destroy (f);
}

static void show_entries (struct dir *d, const flux_kvsdir_t *dir);

static void show_dir (struct dir *d, const char *key)
{
    flux_future_t *f;
    const flux_kvsdir_t *dir;

    if (!cmd_has (d->c, "recursive")) {
        printf ("%s.\n", key);
        return;
    }
    f = lookup (d, FLUX_KVS_READDIR, key);
    if (flux_kvs_lookup_get_dir (f, &dir) < 0)
        kvs_die (d->c, f, key);
    if (flux_kvsdir_get_size (dir) == 0)
        printf ("%s.\n", key);
    else
        show_entries (d, dir);
    flux_future_destroy (f);
}

static void show_entries (struct dir *d, const flux_kvsdir_t *dir)
{
    flux_kvsitr_t *itr = flux_kvsitr_create (dir);
    const char *name;

    while (itr && (name = flux_kvsitr_next (itr))) {
        char *key = flux_kvsdir_key_at (dir, name);
        if (!key)
            cmd_die (d->c, "out of memory");
        if (flux_kvsdir_issymlink (dir, name))
            show_link (d, key);
        else if (flux_kvsdir_isdir (dir, name))
            show_dir (d, key);
        else
            show_value (d, key);
        free (key);
    }
    flux_kvsitr_destroy (itr);
}

static int run (struct cmd *c)
{
    struct dir d = {.c = c, .at = cmd_str (c, "at", NULL)};
    const char *key;
    const flux_kvsdir_t *dir;
    flux_future_t *f;

    kvs_operands (c, 0, 1);
    d.width = kvs_width (c);
    d.h = cmd_open (c);
    key = c->argc ? c->argv[0] : ".";
    f = lookup (&d, FLUX_KVS_READDIR, key);
    if (flux_kvs_lookup_get_dir (f, &dir) < 0)
        kvs_die (c, f, key);
    show_entries (&d, dir);
    flux_future_destroy (f);
    flux_close (d.h);
    return 0;
}

const struct cmd_verb kvs_verb_dir = {
    .name = "dir",
    .args = "[KEY]",
    .summary = "Show the keys in a directory with their values",
    .opts = {opts, kvs_opt_ns},
    .run = run,
};
