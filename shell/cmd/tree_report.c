/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the instances of a tree report to the one above, and the first one to the user. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/fmt.h"
#include "shell/cmd/tree_private.h"

#define DEFAULT_FORMAT                                                                             \
    "{treeid:<15s} {elapse:>20f} {begin:>20f} {end:>20f} {match:>15f} {njobs:>15d} "               \
    "{my_nodes:>5d} {my_cores:>4d} {my_gpus:>4d} {nfailed:>7d}"

static const struct fmt_heading headings[] = {
    {"treeid", "TreeID"},
    {"elapse", "Elapsed(sec)"},
    {"begin", "Begin(Epoch)"},
    {"end", "End(Epoch)"},
    {"match", "Match(usec)"},
    {"njobs", "NJobs"},
    {"my_nodes", "NNodes"},
    {"my_cores", "CPN"},
    {"my_gpus", "GPN"},
    {"nfailed", "NFailed"},
    {0},
};

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    fmt_set_json (v, json_object_get (item, field));
}

static struct fmt *format (const struct cmd *c)
{
    const struct fmt_source src = {.headings = headings, .get = get};
    const char *text = cmd_str (c, "perf-format", DEFAULT_FORMAT);
    flux_error_t error;
    struct fmt *fmt = fmt_create (text, &src, &error);

    if (!fmt)
        cmd_die (c, "--perf-format: %s", error.text);
    return fmt;
}

void tree_check_format (const struct cmd *c)
{
    fmt_destroy (format (c));
}

/* There is no time of matching apart from the rest: that column is 0. */
static json_t *row (const struct tree *t)
{
    return json_pack ("{s:s s:f s:f s:f s:f s:i s:i s:i s:i s:i}", "treeid", t->id, "elapse",
                      t->end - t->begin, "begin", t->begin, "end", t->end, "match", 0., "njobs",
                      t->part.njobs, "nfailed", t->failed, "my_nodes", t->part.nnodes, "my_cores",
                      t->part.cores, "my_gpus", t->part.gpus);
}

static json_t *all_rows (const struct tree *t)
{
    json_t *rows = json_pack ("[o]", row (t));

    if (rows && t->rows)
        json_array_extend (rows, t->rows);
    return rows;
}

json_t *tree_report (const struct tree *t)
{
    return json_pack ("{s:i s:i s:o s:O*}", "failed", t->failed, "leaves", t->leaves, "rows",
                      all_rows (t), "worst", t->worst.tell);
}

bool tree_add_report (struct tree *t, const char *text)
{
    json_t *o = json_loads (text, 0, NULL), *rows, *worst = NULL;
    int failed, leaves, code = 0;

    if (json_unpack (o, "{s:i s:i s:o s?o}", "failed", &failed, "leaves", &leaves, "rows", &rows,
                     "worst", &worst) < 0) {
        json_decref (o);
        return false;
    }
    t->failed += failed;
    t->leaves += leaves;
    if (t->rows || (t->rows = json_array ()))
        json_array_extend (t->rows, rows);
    if (worst && json_unpack (worst, "{s:i}", "code", &code) == 0 && code > t->worst.code) {
        json_decref (t->worst.tell);
        t->worst = (struct tree_worst){code, json_incref (worst)};
    }
    json_decref (o);
    return true;
}

static void write_rows (struct tree *t, const char *path)
{
    FILE *out = fopen (path, "w");
    json_t *rows = all_rows (t);
    size_t n = json_array_size (rows);
    const void **items = calloc (n + 1, sizeof (*items));
    struct fmt *fmt = format (t->c);

    if (!out || !items)
        cmd_die (t->c, "%s: %s", path, strerror (errno));
    for (size_t i = 0; i < n; i++)
        items[i] = json_array_get (rows, i);
    if (fmt_print (fmt, out, items, n, 0, -1) < 0 || fclose (out) != 0)
        cmd_die (t->c, "%s: %s", path, strerror (errno));
    fmt_destroy (fmt);
    free (items);
    json_decref (rows);
}

static void print_worst (const struct tree *t)
{
    const char *id, *output;
    int index;

    if (json_unpack (t->worst.tell, "{s:s s:i s:s}", "id", &id, "index", &index, "output",
                     &output) < 0)
        return;
    fputs (output, stderr);
    cmd_warn (t->c, "%s: exited with exit code %d", t->c->argv[0], t->worst.code);
    cmd_warn (t->c, "invocation id: %s@index[%d]; what it wrote is above", id, index);
}

int tree_print_report (struct tree *t)
{
    const char *path = cmd_str (t->c, "perf-out", NULL);
    double elapsed = t->end - t->begin;

    if (path)
        write_rows (t, path);
    if (t->worst.code)
        print_worst (t);
    printf ("%s: %d jobs, %d failed, in %.3fs (%.1f/s) on %d %s\n", t->id, t->part.njobs, t->failed,
            elapsed, elapsed > 0 ? t->part.njobs / elapsed : 0, t->leaves,
            t->leaves == 1 ? "leaf" : "leaves");
    return t->worst.code ? t->worst.code : t->failed > 0;
}
