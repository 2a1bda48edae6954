/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux top: watch an instance, its resources and its jobs. What needs a screen is in a program of
 * its own (top_main.c), so that no other verb waits for ncurses to be loaded. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/term.h"
#include "shell/cmd/top.h"
#include "shell/cmd/top_draw.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

#define PAPER_ROWS 60
#define PAPER_COLUMNS 80

/* Lines are put from left to right, and from top to bottom. */
struct paper {
    int row, column;
};

static void paper_put (void *arg, int row, int column, const char *text, enum top_style style)
{
    struct paper *p = arg;

    for (; p->row < row; p->row++, p->column = 0)
        putchar ('\n');
    if (column > p->column)
        printf ("%*s", column - p->column, "");
    fputs (text, stdout);
    p->column = column + (int)fmt_utf8_len (text);
}

/* By rows first: what stands right of a bar is drawn after the bars. */
struct mark {
    int row, column, order;
    char *text;
};

struct marks {
    struct mark *list;
    int count, size;
};

static void mark_put (void *arg, int row, int column, const char *text, enum top_style style)
{
    struct marks *m = arg;

    if (m->count == m->size) {
        int size = m->size ? 2 * m->size : 64;
        struct mark *list = realloc (m->list, size * sizeof (*list));
        if (!list)
            return;
        m->list = list;
        m->size = size;
    }
    m->list[m->count] = (struct mark){row, column, m->count, strdup (text)};
    m->count++;
}

static int cmp_marks (const void *a, const void *b)
{
    const struct mark *x = a, *y = b;

    if (x->row != y->row)
        return x->row - y->row;
    return x->column != y->column ? x->column - y->column : x->order - y->order;
}

static void print_frame (struct top *t)
{
    struct marks m = {0};
    struct paper paper = {0};
    struct top_pen pen = {PAPER_ROWS, PAPER_COLUMNS, mark_put, &m};

    top_draw (&pen, t);
    if (m.count > 0)
        qsort (m.list, m.count, sizeof (m.list[0]), cmp_marks);
    for (int i = 0; i < m.count; i++) {
        if (m.list[i].text)
            paper_put (&paper, m.list[i].row, m.list[i].column, m.list[i].text, TOP_PLAIN);
        free (m.list[i].text);
    }
    putchar ('\n');
    free (m.list);
}

static int become_screen_program (struct cmd *c)
{
    char *path = peer_find ("flux-top", "cmd");
    char **argv = calloc (2 * c->nvalues + c->argc + 3, sizeof (*argv));
    int n = 0;

    if (!path || !argv)
        return cmd_fail (c, "flux-top is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    argv[n++] = path;
    for (int i = 0; i < c->nvalues; i++) {
        const struct cmd_value *v = &c->values[i];
        if (asprintf (&argv[n], "--%s%s%s", v->opt->name, v->value ? "=" : "",
                      v->value ? v->value : "") < 0)
            return cmd_fail (c, "out of memory");
        n++;
    }
    argv[n++] = "--";
    for (int i = 0; i < c->argc; i++)
        argv[n++] = c->argv[i];
    execv (path, argv);
    return cmd_fail (c, "%s: %s", path, strerror (errno));
}

int top_run (struct cmd *c, top_watch_f watch)
{
    bool once = cmd_has (c, "test-exit");
    flux_error_t error = {0};
    char *uri = NULL, host[256] = "";
    struct top t;
    int rc;

    if (c->argc > 1)
        return cmd_fail (c, "unexpected argument: %s", c->argv[1]);
    if (!once && (!isatty (STDIN_FILENO) || !isatty (STDOUT_FILENO)))
        return cmd_fail (c, "standard input and output must be a terminal");
    if (!once && !watch)
        return become_screen_program (c);
    if (c->argc == 1 && !(uri = uri_resolve (c->argv[0], &error)))
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    flux_t *h = uri ? cmd_open_uri (uri, &error) : cmd_open (c);
    if (!h)
        return cmd_fail (c, "%s: %s", uri, error.text);
    free (uri);
    gethostname (host, sizeof (host) - 1);
    top_init (&t, h, c->argc == 1 ? c->argv[0] : host, cmd_str (c, "queue", NULL));
    if ((rc = top_refresh (&t)) < 0)
        rc = cmd_fail (c, "%s", t.message);
    else if (once)
        print_frame (&t);
    else
        rc = watch (&t, term_color (c));
    top_clear (&t);
    return rc;
}

static int run (struct cmd *c)
{
    return top_run (c, NULL);
}

const struct cmd_opt top_opts[] = {
    {.key = 'q', .name = "queue", .arg = "NAME", .help = "Only this queue"},
    TERM_COLOR_OPT,
    {.name = "test-exit", .help = "Print one frame and exit", .flags = CMD_OPT_HIDDEN},
    {0},
};

const struct cmd_verb cmd_verb_top = {
    .name = "top",
    .args = "[TARGET]",
    .summary = "Watch an instance's resources and jobs",
    .text = "Keys: j, k and arrows select a job, enter goes into a job that is an instance, q "
            "comes back or quits, h and l go through the queues, d shows inactive jobs in detail.",
    .opts = {top_opts},
    .run = run,
};
