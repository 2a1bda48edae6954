/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux-top, which `flux top` becomes: the screen and the keys. */

#include "config.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/cmd/top.h"
#include "shell/cmd/top_draw.h"

#define INTERVAL 2.0 // seconds from one look to the next

struct screen {
    struct top *t;
    flux_reactor_t *r;
    int styles[TOP_STYLES];
    bool lost; // the instance has ended
};

static void init_styles (struct screen *s, bool color)
{
    static const struct {
        short color; // below 0: none
        int attr;
    } looks[TOP_STYLES] = {
        [TOP_PLAIN] = {-1, 0},
        [TOP_TITLE] = {-1, A_BOLD},
        [TOP_USED] = {COLOR_YELLOW, 0},
        [TOP_DOWN] = {COLOR_RED, 0},
        [TOP_GOOD] = {COLOR_GREEN, 0},
        [TOP_BAD] = {COLOR_RED, 0},
        [TOP_HEADING] = {-1, A_REVERSE},
        [TOP_INSTANCE] = {COLOR_BLUE, A_BOLD},
        [TOP_SELECTED] = {-1, A_REVERSE},
    };
    bool paint = color && has_colors () && start_color () == OK;

    if (paint)
        use_default_colors ();
    for (short i = 0; i < TOP_STYLES; i++) {
        s->styles[i] = looks[i].attr;
        if (paint && looks[i].color >= 0 && init_pair (i, looks[i].color, -1) == OK)
            s->styles[i] |= COLOR_PAIR (i);
    }
}

static void put (void *arg, int row, int column, const char *text, enum top_style style)
{
    struct screen *s = arg;

    attrset (s->styles[style]);
    mvaddstr (row, column, text);
    attrset (0);
}

static void draw (struct screen *s)
{
    struct top_pen pen = {LINES, COLS, put, s};

    erase ();
    top_draw (&pen, s->t);
    refresh ();
}

static void look (struct screen *s)
{
    if (top_refresh_or_back (s->t) < 0) {
        s->lost = true;
        flux_reactor_stop (s->r);
    } else {
        draw (s);
    }
}

static void on_key (struct screen *s, int key)
{
    s->t->message[0] = '\0';
    switch (key) {
    case 'j':
    case KEY_DOWN:
        top_move (s->t, 1);
        break;
    case 'k':
    case KEY_UP:
        top_move (s->t, -1);
        break;
    case 'h':
    case KEY_LEFT:
        top_rotate_queue (s->t, -1);
        break;
    case 'l':
    case KEY_RIGHT:
        top_rotate_queue (s->t, 1);
        break;
    case KEY_NPAGE:
        top_move (s->t, LINES / 2);
        break;
    case KEY_PPAGE:
        top_move (s->t, -(LINES / 2));
        break;
    case 'd':
        s->t->details = !s->t->details;
        break;
    case '\r':
    case '\n':
    case KEY_ENTER:
        top_enter (s->t);
        break;
    case 'L' & 0x1f:
        clearok (curscr, TRUE);
        break;
    case 'q':
        if (!top_back (s->t))
            flux_reactor_stop (s->r);
        break;
    }
}

static void keys_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct screen *s = arg;
    int key = getch ();

    if (key == ERR) { // the terminal is gone
        flux_reactor_stop (r);
        return;
    }
    for (; key != ERR; key = getch ())
        on_key (s, key);
    look (s);
}

static void tick_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    look (arg);
}

/* ncurses is told the new size; it has no handler of its own, as the reactor has the signal. */
static void resize_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct winsize ws;

    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0)
        resizeterm (ws.ws_row, ws.ws_col);
    draw (arg);
}

static void end_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    flux_reactor_stop (r);
}

static int watch (struct top *t, bool color)
{
    struct screen s = {.t = t, .r = flux_reactor_create (0)};
    flux_watcher_t *w[6];
    int n = 0;

    if (!s.r || !initscr ()) {
        fprintf (stderr, "flux-top: the terminal cannot be used\n");
        return 1;
    }
    cbreak ();
    noecho ();
    nonl ();
    keypad (stdscr, TRUE);
    nodelay (stdscr, TRUE);
    set_escdelay (25);
    curs_set (0);
    init_styles (&s, color);
    w[n++] = flux_fd_watcher_create (s.r, STDIN_FILENO, FLUX_POLLIN, keys_cb, &s);
    w[n++] = flux_timer_watcher_create (s.r, INTERVAL, INTERVAL, tick_cb, &s);
    w[n++] = flux_signal_watcher_create (s.r, SIGWINCH, resize_cb, &s);
    w[n++] = flux_signal_watcher_create (s.r, SIGINT, end_cb, &s);
    w[n++] = flux_signal_watcher_create (s.r, SIGTERM, end_cb, &s);
    w[n++] = flux_signal_watcher_create (s.r, SIGHUP, end_cb, &s);
    for (int i = 0; i < n; i++)
        flux_watcher_start (w[i]);
    draw (&s);
    flux_reactor_run (s.r, 0);
    endwin ();
    for (int i = 0; i < n; i++)
        flux_watcher_destroy (w[i]);
    flux_reactor_destroy (s.r);
    if (s.lost)
        fprintf (stderr, "flux-top: the instance has ended: %s\n", t->message);
    return s.lost;
}

static int run (struct cmd *c)
{
    return top_run (c, watch);
}

int main (int argc, char **argv)
{
    static const struct cmd_verb verb = {
        .name = "top", .args = "[TARGET]", .opts = {top_opts}, .run = run};

    setlocale (LC_ALL, "");
    return cmd_run (&verb, argc, argv);
}
