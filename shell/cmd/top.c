/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux top: watch an instance, its resources and its jobs. */

#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/term.h"
#include "shell/cmd/top_draw.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

#define TOP_INTERVAL 2.0
#define TOP_JOBS_MAX 500
#define TOP_DEPTH_MAX 16

/* One instance on the way down from the first. */
struct level {
    flux_t *h;
    char *title;
    double starttime, expiration;
    char owner[32];
};

struct top {
    struct cmd *c;
    struct level levels[TOP_DEPTH_MAX];
    int depth;
    struct top_view view;
    struct jobinfo ji;
    json_t *queues;
    struct termios saved;
    bool quit;
    char message[512];
};

static struct level *here (struct top *t)
{
    return &t->levels[t->depth];
}

static double attr_real (flux_t *h, const char *name)
{
    const char *s = flux_attr_get (h, name);
    return s ? strtod (s, NULL) : 0;
}

static void level_init (struct level *l, flux_t *h, const char *title)
{
    const char *owner = flux_attr_get (h, "security.owner");
    struct passwd *pw = owner ? getpwuid ((uid_t)strtoul (owner, NULL, 10)) : NULL;

    *l = (struct level){.h = h, .title = strdup (title)};
    l->starttime = attr_real (h, "broker.starttime");
    snprintf (l->owner, sizeof (l->owner), "%s", pw ? pw->pw_name : owner ? owner : "?");
}

static void level_clear (struct level *l)
{
    flux_close (l->h);
    free (l->title);
    *l = (struct level){0};
}

/* Three requests on the way at once. */
static int refresh (struct top *t)
{
    struct level *l = here (t);
    struct joblist_query q = {.states = FLUX_JOB_STATE_RUNNING | FLUX_JOB_STATE_PENDING,
                              .userid = FLUX_USERID_UNKNOWN,
                              .max_entries = TOP_JOBS_MAX,
                              .queues = t->queues};
    struct rstates states;
    flux_error_t error = {0};
    json_t *status, *jobs;
    json_t *attrs = json_pack ("[ssssssssss]", "userid", "state", "result", "ntasks", "nnodes",
                               "t_run", "t_cleanup", "name", "annotations", "expiration");

    if (!(jobs = joblist_query (l->h, &q, attrs, &error))) {
        snprintf (t->message, sizeof (t->message), "%s", error.text);
        return -1;
    }
    json_decref (t->view.jobs);
    t->view.jobs = jobs;
    joblist_stats (l->h, t->queues, &t->view.stats, NULL);
    json_decref (t->view.counts);
    t->view.counts = NULL;
    if ((status = cmd_rpc_try (l->h, "resource.sched-status", 0, NULL, &error)) &&
        rstates_create (&states, status) == 0) {
        t->view.counts = rstates_counts (&states);
        l->expiration = states.all->expiration;
        rstates_clear (&states);
    }
    json_decref (status);
    t->ji.now = walltime_now ();
    t->view.title = l->title;
    memcpy (t->view.owner, l->owner, sizeof (l->owner));
    t->view.uptime = l->starttime > 0 ? t->ji.now - l->starttime : -1;
    t->view.timeleft = l->expiration > 0 ? l->expiration - t->ji.now : -1;
    int count = json_array_size (jobs);
    if (t->view.selected >= count)
        t->view.selected = count - 1;
    return 0;
}

static void draw (struct top *t, bool terminal)
{
    struct winsize ws = {.ws_row = 24, .ws_col = 80};
    struct buf b = {0};

    if (terminal && ioctl (STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row == 0)
        ws = (struct winsize){.ws_row = 24, .ws_col = 80};
    t->view.message = *t->message ? t->message : NULL;
    if (terminal)
        buf_puts (&b, "\033[H");
    // the last row stays free, as a newline there would scroll
    top_draw (&b, &t->view, &t->ji, ws.ws_row - 1, ws.ws_col, terminal);
    if (terminal)
        buf_puts (&b, "\033[J");
    if (b.data)
        fd_write_all (STDOUT_FILENO, b.data, b.len);
    buf_clear (&b);
}

static void open_selected (struct top *t)
{
    const json_t *job = json_array_get (t->view.jobs, t->view.selected);
    const char *uri = job ? jobinfo_uri (job) : NULL;
    flux_error_t error = {0};
    char *title;
    flux_t *h;

    if (!uri || t->depth + 1 >= TOP_DEPTH_MAX)
        return;
    if (!(h = cmd_open_uri (uri, &error))) {
        snprintf (t->message, sizeof (t->message), "cannot open %s: %s", uri, error.text);
        return;
    }
    if (asprintf (&title, "%s/%s", here (t)->title,
                  FID (json_integer_value (json_object_get (job, "id")))) < 0)
        return;
    t->depth++;
    level_init (here (t), h, title);
    free (title);
    t->view.selected = -1;
}

static void go_back (struct top *t)
{
    if (t->depth == 0) {
        t->quit = true;
        return;
    }
    level_clear (here (t));
    t->depth--;
    t->view.selected = -1;
}

static void move (struct top *t, int by)
{
    int count = json_array_size (t->view.jobs), to = t->view.selected + by;

    if (count > 0)
        t->view.selected = to < 0 ? 0 : to >= count ? count - 1 : to;
}

/* Arrow keys come as three bytes: escape, bracket, letter. */
static void on_key (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct top *t = arg;
    char keys[64];
    ssize_t n = read (STDIN_FILENO, keys, sizeof (keys));

    if (n <= 0)
        t->quit = true;
    t->message[0] = '\0';
    for (ssize_t i = 0; i < n; i++) {
        char key = keys[i];
        if (key == '\033' && i + 2 < n && keys[i + 1] == '[') {
            key = keys[i + 2] == 'A' ? 'k' : keys[i + 2] == 'B' ? 'j' : 0;
            i += 2;
        }
        if (key == 'j')
            move (t, 1);
        else if (key == 'k')
            move (t, -1);
        else if (key == 'd')
            t->view.details = !t->view.details;
        else if (key == 'q')
            go_back (t);
        else if (key == '\r' || key == '\n')
            open_selected (t);
    }
    if (t->quit) {
        flux_reactor_stop (r);
        return;
    }
    if (refresh (t) < 0 && t->depth > 0)
        go_back (t);
    draw (t, true);
}

static void on_tick (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct top *t = arg;

    while (refresh (t) < 0 && t->depth > 0) // the instance has ended: show the one it ran in
        go_back (t);
    draw (t, true);
}

static void on_signal (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct top *t = arg;

    if (flux_signal_watcher_get_signum (w) == SIGWINCH) {
        draw (t, true);
        return;
    }
    flux_reactor_stop (r);
}

static void terminal_on (struct top *t)
{
    struct termios raw;

    tcgetattr (STDIN_FILENO, &t->saved);
    raw = t->saved;
    raw.c_lflag &= ~(ICANON | ECHO);
    raw.c_iflag &= ~ICRNL;
    tcsetattr (STDIN_FILENO, TCSANOW, &raw);
    fputs ("\033[?1049h\033[?25l\033[2J", stdout); // other screen, no cursor
    fflush (stdout);
}

static void terminal_off (struct top *t)
{
    fputs ("\033[?25h\033[?1049l", stdout);
    fflush (stdout);
    tcsetattr (STDIN_FILENO, TCSANOW, &t->saved);
}

static int watch (struct top *t)
{
    flux_reactor_t *r = flux_get_reactor (t->levels[0].h);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
    flux_watcher_t *w[6];
    int n = 0;

    w[n++] = flux_fd_watcher_create (r, STDIN_FILENO, FLUX_POLLIN, on_key, t);
    w[n++] = flux_timer_watcher_create (r, TOP_INTERVAL, TOP_INTERVAL, on_tick, t);
    for (int i = 0; i < 4; i++)
        w[n++] = flux_signal_watcher_create (r, signals[i], on_signal, t);
    terminal_on (t);
    draw (t, true);
    for (int i = 0; i < n; i++)
        flux_watcher_start (w[i]);
    flux_reactor_run (r, 0);
    terminal_off (t);
    for (int i = 0; i < n; i++)
        flux_watcher_destroy (w[i]);
    return 0;
}

static int run (struct cmd *c)
{
    struct top t = {.c = c, .view = {.selected = -1, .queue = cmd_str (c, "queue", NULL)}};
    bool once = cmd_has (c, "test-exit");
    flux_error_t error = {0};
    char *uri = NULL, host[256] = "";
    int rc = 0;

    if (c->argc > 1)
        return cmd_fail (c, "unexpected argument: %s", c->argv[1]);
    if (!once && (!isatty (STDIN_FILENO) || !isatty (STDOUT_FILENO)))
        return cmd_fail (c, "standard input and output must be a terminal");
    if (c->argc == 1 && !(uri = uri_resolve (c->argv[0], &error)))
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    flux_t *h = uri ? cmd_open_uri (uri, &error) : cmd_open (c);
    if (!h)
        return cmd_fail (c, "%s: %s", uri, error.text);
    t.view.color = cmd_has (c, "color") ? term_color (c) : term_color (c) && !once;
    jobinfo_init (&t.ji, false);
    gethostname (host, sizeof (host) - 1);
    level_init (here (&t), h, c->argc == 1 ? c->argv[0] : host);
    if (t.view.queue)
        t.queues = json_pack ("[s]", t.view.queue);
    if (refresh (&t) < 0)
        rc = cmd_fail (c, "%s", t.message);
    else if (once)
        draw (&t, false);
    else
        rc = watch (&t);
    while (t.depth > 0)
        go_back (&t);
    level_clear (here (&t));
    json_decref (t.view.jobs);
    json_decref (t.view.counts);
    json_decref (t.queues);
    free (uri);
    return rc;
}

static const struct cmd_opt opts[] = {
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
            "comes back or quits, d shows inactive jobs in detail.",
    .opts = {opts},
    .run = run,
};
