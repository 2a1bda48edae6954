/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/fmt.h"
#include "shell/cmd/term.h"
#include "shell/cmd/top_draw.h"

#define LIST_ROW 6 // where the list of jobs begins, with its heading
#define RIGHT_WIDTH 30
#define BAR_MAX 60

/* The first `columns` characters of an UTF-8 text, in place. */
static void cut (char *text, int columns)
{
    int n = 0;

    for (char *p = text; *p; p++) {
        if (((unsigned char)*p & 0xc0) != 0x80 && ++n > columns) {
            *p = '\0';
            return;
        }
    }
}

static int put (const struct top_pen *pen, int row, int column, enum top_style style,
                const char *fmt, ...) __attribute__ ((format (printf, 5, 6)));

/* Returns the column after it. */
static int put (const struct top_pen *pen, int row, int column, enum top_style style,
                const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (row < 0 || row >= pen->rows || column < 0 || column >= pen->columns)
        return column;
    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    cut (text, pen->columns - column);
    pen->put (pen->arg, row, column, text, style);
    return column + (int)fmt_utf8_len (text);
}

static long number (const json_t *counts, const char *state, const char *what)
{
    return json_integer_value (json_object_get (json_object_get (counts, state), what));
}

static int share (int room, long part, long total)
{
    return total > 0 ? (int)((room * part + total - 1) / total) : 0;
}

/* "nodes [||||||    xx 12/16]": used from the left, out of use from the right. */
static void bar (const struct top_pen *pen, int row, const json_t *counts, const char *label,
                 const char *what)
{
    long total = number (counts, "all", what), used = number (counts, "allocated", what);
    long down = number (counts, "down", what);
    char ratio[48], strokes[BAR_MAX + 1];
    int width = pen->columns - RIGHT_WIDTH - 10;

    if (width > BAR_MAX)
        width = BAR_MAX;
    int room = width - snprintf (ratio, sizeof (ratio), "%ld/%ld", used, total);
    if (room < 1)
        room = 1;
    int left = share (room, used, total), right = share (room, down, total);
    if (left + right > room)
        left = room - right;
    memset (strokes, '|', sizeof (strokes));
    int col = put (pen, row, 0, TOP_PLAIN, "%6s [", label);
    put (pen, row, col, TOP_USED, "%.*s", left, strokes);
    put (pen, row, col + left, TOP_PLAIN, "%*s", room - left - right, "");
    put (pen, row, col + room - right, TOP_DOWN, "%.*s", right, strokes);
    put (pen, row, col + room, TOP_PLAIN, "%s]", ratio);
}

static void draw_title (const struct top_pen *pen, const struct top *t)
{
    const struct top_level *l = top_here (t);
    char left[32];
    int col = put (pen, 0, 0, TOP_TITLE, "flux-top - %s", l->title);

    if (t->timeleft >= 0)
        fmt_duration (t->timeleft, left, sizeof (left));
    else
        snprintf (left, sizeof (left), "%s", term_utf8 () ? "∞" : "infinity");
    int right = pen->columns - (int)fmt_utf8_len (left) - 5;
    put (pen, 0, right > col ? right : col + 1, TOP_PLAIN, "left %s", left);
}

static void draw_stats (const struct top_pen *pen, const struct top *t)
{
    const struct joblist_stats *s = &t->stats;
    int col = pen->columns - RIGHT_WIDTH;

    put (pen, 1, col, TOP_PLAIN, "%8d pending", s->pending);
    put (pen, 2, col, TOP_PLAIN, "%8d running", s->running);
    if (!t->details) {
        put (pen, 3, col, TOP_PLAIN, "%8d inactive", s->inactive);
        return;
    }
    col = put (pen, 3, col, s->successful > 0 ? TOP_GOOD : TOP_PLAIN, "%8d", s->successful);
    col = put (pen, 3, col, TOP_PLAIN, " complete, ");
    col = put (pen, 3, col, s->failed > 0 ? TOP_BAD : TOP_PLAIN, "%d", s->failed);
    put (pen, 3, col, TOP_PLAIN, " failed");
}

static void draw_instance (const struct top_pen *pen, const struct top *t)
{
    const struct top_level *l = top_here (t);
    char up[32] = "?";

    if (t->uptime >= 0)
        fmt_duration (t->uptime, up, sizeof (up));
    int col = put (pen, 4, 0, TOP_PLAIN, "%6s  size: %s  depth: %s  uptime: %s  owner: %s", "",
                   l->size, l->depth, up, l->owner);
    if (top_queue (t) || json_array_size (t->queues) > 0)
        col = put (pen, 4, col, TOP_TITLE, "  queue: %s", top_queue (t) ? top_queue (t) : "all");
    int right = pen->columns - (int)strlen (l->version);
    if (right > col)
        put (pen, 4, right, TOP_PLAIN, "%s", l->version);
}

static void draw_jobs (const struct top_pen *pen, struct top *t, int rows)
{
    struct fmt_source src = jobinfo_source (&t->ji);
    struct fmt *fmt = fmt_create (json_array_size (t->queues) > 0
                                      ? "{id.f58:>13} {queue:>8.8} {username:>8.8} "
                                        "{status_abbrev:>2.2} {ntasks:>6} {nnodes:>6h} "
                                        "{runtime!F:>8h} {name}"
                                      : "{id.f58:>13} {username:>8.8} {status_abbrev:>2.2} "
                                        "{ntasks:>6} {nnodes:>6h} {runtime!F:>8h} {name}",
                                  &src, NULL);
    int count = (int)json_array_size (t->jobs), selected = top_selected (t), first = 0;
    char *head = fmt ? fmt_header (fmt) : NULL;

    put (pen, LIST_ROW, 0, TOP_HEADING, "%-*s", pen->columns, head ? head : "");
    if (rows > 0 && selected >= rows) // keep the selected job on the screen
        first = selected - rows + 1;
    for (int i = first; fmt && i < count && i < first + rows; i++) {
        const json_t *job = json_array_get (t->jobs, i);
        char *text = fmt_item (fmt, job);
        put (pen, LIST_ROW + 1 + i - first, 0,
             i == selected       ? TOP_SELECTED
             : jobinfo_uri (job) ? TOP_INSTANCE
                                 : TOP_PLAIN,
             "%s", text ? text : "");
        free (text);
    }
    free (head);
    fmt_destroy (fmt);
}

void top_draw (const struct top_pen *pen, struct top *t)
{
    bool message = *t->message != '\0';

    draw_title (pen, t);
    bar (pen, 1, t->counts, "nodes", "nnodes");
    bar (pen, 2, t->counts, "cores", "ncores");
    bar (pen, 3, t->counts, "gpus", "ngpus");
    draw_stats (pen, t);
    draw_instance (pen, t);
    draw_jobs (pen, t, pen->rows - LIST_ROW - 1 - message);
    if (message)
        put (pen, pen->rows - 1, 0, TOP_BAD, "%s", t->message);
}
