/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux kvs ls: names in columns, as ls(1) shows files. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/kvs.h"

static const struct cmd_opt opts[] = {
    {.name = "recursive", .key = 'R', .help = "List what is in directories, too"},
    {.name = "directory", .key = 'd', .help = "List directories themselves, not what is in them"},
    {.name = "width", .key = 'w', .arg = "N", .help = "Use N columns; 0 is without limit"},
    {.name = "1", .key = '1', .help = "One name a line"},
    {.name = "classify", .key = 'F', .help = "Mark directories with . and links with @"},
    {0},
};

struct names {
    char **v;
    size_t count;
};

struct ls {
    const struct cmd *c;
    flux_t *h;
    size_t width;
    bool label, space; // print "name:" above a directory, and an empty line above that
};

static void names_add (const struct cmd *c, struct names *n, const char *name, const char *mark)
{
    char **v = realloc (n->v, (n->count + 1) * sizeof (v[0]));
    char *s = malloc (strlen (name) + strlen (mark) + 1);

    if (!v || !s)
        cmd_die (c, "out of memory");
    strcat (strcpy (s, name), mark);
    n->v = v;
    n->v[n->count++] = s;
}

static int cmp (const void *a, const void *b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

static void names_free (struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free (n->v[i]);
    free (n->v);
}

static void print_columns (const struct ls *ls, const struct names *n)
{
    size_t col_width = 0, col = 0;

    for (size_t i = 0; i < n->count; i++)
        if (strlen (n->v[i]) > col_width)
            col_width = strlen (n->v[i]);
    col_width += 4;
    for (size_t i = 0; i < n->count; i++) {
        if (ls->width && col > 0 && col + col_width > ls->width) {
            putchar ('\n');
            col = 0;
        } else if (i > 0)
            printf ("%*s", (int)(col_width - strlen (n->v[i - 1])), "");
        fputs (n->v[i], stdout);
        col += col_width;
    }
    if (col > 0)
        putchar ('\n');
}

static const char *mark (const struct ls *ls, bool dir, bool link)
{
    return !cmd_has (ls->c, "classify") ? "" : dir ? "." : link ? "@" : "";
}

static void list_dir (struct ls *ls, const char *key)
{
    flux_future_t *f = kvs_lookup (ls->c, ls->h, FLUX_KVS_READDIR, key);
    const flux_kvsdir_t *dir;
    flux_kvsitr_t *itr;
    struct names n = {0}, subdirs = {0};
    const char *name;

    if (flux_kvs_lookup_get_dir (f, &dir) < 0)
        kvs_die (ls->c, f, key);
    if (ls->label)
        printf ("%s%s:\n", ls->space ? "\n" : "", key);
    ls->space = true;
    itr = flux_kvsitr_create (dir);
    while (itr && (name = flux_kvsitr_next (itr))) {
        bool isdir = flux_kvsdir_isdir (dir, name);
        names_add (ls->c, &n, name, mark (ls, isdir, flux_kvsdir_issymlink (dir, name)));
        if (isdir && cmd_has (ls->c, "recursive")) {
            char *sub = flux_kvsdir_key_at (dir, name);
            names_add (ls->c, &subdirs, sub ? sub : name, "");
            free (sub);
        }
    }
    flux_kvsitr_destroy (itr);
    flux_future_destroy (f);
    print_columns (ls, &n);
    for (size_t i = 0; i < subdirs.count; i++)
        list_dir (ls, subdirs.v[i]);
    names_free (&n);
    names_free (&subdirs);
}

static bool has_type (const char *treeobj, const char *type)
{
    char text[32];
    snprintf (text, sizeof (text), "\"type\":\"%s", type);
    return strstr (treeobj, text) != NULL;
}

/* What a link leads to is listed if it is a directory; else the link is. */
static bool leads_to_dir (const struct ls *ls, const char *key)
{
    flux_future_t *f = kvs_lookup (ls->c, ls->h, FLUX_KVS_READDIR, key);
    bool yes = flux_future_get (f, NULL) == 0;

    flux_future_destroy (f);
    return yes;
}

static int sort_operand (struct ls *ls, const char *arg, struct names *dirs, struct names *singles)
{
    size_t len = strlen (arg);
    bool want_dir = len > 1 && arg[len - 1] == '.';
    char *key = strndup (arg, want_dir ? len - 1 : len);
    flux_future_t *f = kvs_lookup (ls->c, ls->h, FLUX_KVS_TREEOBJ, key);
    const char *treeobj;
    bool dir, link;
    int rc = 0;

    if (flux_kvs_lookup_get_treeobj (f, &treeobj) < 0) {
        cmd_warn (ls->c, "%s: %s", key, strerror (errno));
        rc = 1;
        goto done;
    }
    dir = has_type (treeobj, "dir");
    link = has_type (treeobj, "symlink");
    if (want_dir && !dir) {
        cmd_warn (ls->c, "%s: %s", key, strerror (ENOTDIR));
        rc = 1;
    } else if (dir && !cmd_has (ls->c, "directory"))
        names_add (ls->c, dirs, key, "");
    else if (link && !cmd_has (ls->c, "classify") && !cmd_has (ls->c, "directory") &&
             leads_to_dir (ls, key))
        names_add (ls->c, dirs, key, "");
    else
        names_add (ls->c, singles, key, mark (ls, dir, link));
done:
    flux_future_destroy (f);
    free (key);
    return rc;
}

static int run (struct cmd *c)
{
    struct ls ls = {.c = c};
    struct names dirs = {0}, singles = {0};
    int rc = 0;

    ls.width = cmd_has (c, "1") ? 1 : kvs_width (c);
    ls.h = cmd_open (c);
    if (c->argc == 0)
        rc = sort_operand (&ls, ".", &dirs, &singles);
    for (int i = 0; i < c->argc; i++)
        rc |= sort_operand (&ls, c->argv[i], &dirs, &singles);
    qsort (dirs.v, dirs.count, sizeof (dirs.v[0]), cmp);
    qsort (singles.v, singles.count, sizeof (singles.v[0]), cmp);
    if (singles.count > 0) {
        print_columns (&ls, &singles);
        ls.label = ls.space = true;
    }
    ls.label |= cmd_has (c, "recursive") || dirs.count > 1;
    for (size_t i = 0; i < dirs.count; i++)
        list_dir (&ls, dirs.v[i]);
    names_free (&dirs);
    names_free (&singles);
    flux_close (ls.h);
    return rc;
}

const struct cmd_verb kvs_verb_ls = {
    .name = "ls",
    .args = "[KEY...]",
    .summary = "List directories",
    .opts = {opts, kvs_opt_ns},
    .run = run,
};
