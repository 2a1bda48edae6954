/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "shell/cmd/top_draw.h"

#define TOP_HEADER_ROWS 7
#define BAR_WIDTH_MAX 50

struct pen {
    struct buf *b;
    int rows, columns;
    bool terminal, color;
};

static void line (struct pen *p, const char *text, const char *color)
{
    if (p->rows <= 0)
        return;
    p->rows--;
    size_t len = fmt_utf8_len (text), n = 0;
    const char *end = text;
    while (*end && n < (size_t)p->columns) {
        for (end++; ((unsigned char)*end & 0xc0) == 0x80; end++)
            ;
        n++;
    }
    bool paint = p->color && color;
    if (paint)
        buf_puts (p->b, color);
    buf_append (p->b, text, len > (size_t)p->columns ? (size_t)(end - text) : strlen (text));
    if (paint)
        buf_puts (p->b, "\033[0m");
    buf_puts (p->b, p->terminal ? "\033[K\n" : "\n");
}

static long number (const json_t *counts, const char *state, const char *what)
{
    return json_integer_value (json_object_get (json_object_get (counts, state), what));
}

/* "nodes [||||||      12/16]": what is allocated of what is up, crosses for what is down. */
static void bar (struct pen *p, const json_t *counts, const char *label, const char *what)
{
    long total = number (counts, "all", what), used = number (counts, "allocated", what);
    long down = number (counts, "down", what);
    char text[BAR_WIDTH_MAX + 96], inside[BAR_WIDTH_MAX + 1], ratio[48];
    int width = p->columns - 14 < BAR_WIDTH_MAX ? p->columns - 14 : BAR_WIDTH_MAX;

    snprintf (ratio, sizeof (ratio), "%ld/%ld", used, total);
    int room = width - (int)strlen (ratio);
    if (room < 1)
        room = 1;
    int filled = total > 0 ? (int)((room * used + total - 1) / total) : 0;
    int crossed = total > 0 ? (int)((room * down + total - 1) / total) : 0;
    for (int i = 0; i < room && i < BAR_WIDTH_MAX; i++)
        inside[i] = i < filled ? '|' : room - i <= crossed ? 'x' : ' ';
    inside[room < BAR_WIDTH_MAX ? room : BAR_WIDTH_MAX] = '\0';
    snprintf (text, sizeof (text), "%8s [%s%s]", label, inside, ratio);
    line (p, text, "\033[33m");
}

static void header (struct pen *p, const struct top_view *v)
{
    char text[512], up[32] = "", left[32] = "infinity";

    if (v->uptime >= 0)
        fmt_duration (v->uptime, up, sizeof (up));
    if (v->timeleft >= 0)
        fmt_duration (v->timeleft, left, sizeof (left));
    snprintf (text, sizeof (text), "flux-top - %s  owner %s%s%s  up %s  left %s", v->title,
              v->owner, v->queue ? "  queue " : "", v->queue ? v->queue : "", up, left);
    line (p, text, "\033[1m");
    bar (p, v->counts, "nodes", "nnodes");
    bar (p, v->counts, "cores", "ncores");
    bar (p, v->counts, "gpus", "ngpus");
    if (v->details)
        snprintf (text, sizeof (text), "%8d pending, %d running, %d complete, %d failed",
                  v->stats.pending, v->stats.running, v->stats.successful, v->stats.failed);
    else
        snprintf (text, sizeof (text), "%8d pending, %d running, %d inactive", v->stats.pending,
                  v->stats.running, v->stats.inactive);
    line (p, text, NULL);
    line (p, "", NULL);
}

static void job_line (struct pen *p, const struct top_view *v, struct fmt *fmt, size_t i)
{
    const json_t *job = json_array_get (v->jobs, i);
    char *text = fmt_item (fmt, job);
    const char *color = jobinfo_uri (job) ? "\033[34;1m" : NULL;

    line (p, text ? text : "", (int)i == v->selected ? "\033[7m" : color);
    free (text);
}

void top_draw (struct buf *b, const struct top_view *v, struct jobinfo *ji, int rows, int columns,
               bool terminal)
{
    struct pen p = {
        .b = b, .rows = rows, .columns = columns, .terminal = terminal, .color = v->color};
    struct fmt_source src = jobinfo_source (ji);
    struct fmt *fmt = fmt_create ("{id.f58:>12} {username:>8.8} {status_abbrev:>2.2} {ntasks:>6} "
                                  "{nnodes:>6h} {runtime!F:>8h} {name}",
                                  &src, NULL);
    size_t count = json_array_size (v->jobs), first = 0;
    int room = rows - TOP_HEADER_ROWS - (v->message ? 1 : 0);

    header (&p, v);
    char *head = fmt ? fmt_header (fmt) : NULL;
    line (&p, head ? head : "", "\033[7m");
    if (room < 1)
        room = 1;
    if (v->selected >= room) // keep the selected job on the screen
        first = v->selected - room + 1;
    for (size_t i = first; fmt && i < count && i < first + room; i++)
        job_line (&p, v, fmt, i);
    if (v->message)
        line (&p, v->message, "\033[31m");
    free (head);
    fmt_destroy (fmt);
}
