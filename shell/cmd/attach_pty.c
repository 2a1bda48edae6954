/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/attach_pty.h"
#include "shell/cmd/iodata.h"

#define KEY_ESCAPE 0x02 // ctrl-B

struct attach_pty {
    flux_t *h;
    char *topic;
    int rank;
    const struct attach_pty_ops *ops;
    void *arg;
    flux_future_t *f;
    flux_watcher_t *keys, *winch;
    struct termios saved;
    bool raw, attached, escaped;
};

static void terminal_raw (struct attach_pty *p)
{
    struct termios t;

    if (!isatty (STDIN_FILENO) || tcgetattr (STDIN_FILENO, &p->saved) < 0)
        return;
    t = p->saved;
    cfmakeraw (&t);
    p->raw = tcsetattr (STDIN_FILENO, TCSANOW, &t) == 0;
}

static void terminal_back (struct attach_pty *p)
{
    if (p->raw)
        tcsetattr (STDIN_FILENO, TCSADRAIN, &p->saved);
    p->raw = false;
}

static json_t *winsize (void)
{
    struct winsize ws;

    if (ioctl (STDIN_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_row == 0 || ws.ws_col == 0)
        ws = (struct winsize){.ws_row = 24, .ws_col = 80};
    return json_pack ("{s:i s:i}", "rows", ws.ws_row, "cols", ws.ws_col);
}

/* Takes over o. Nothing is lost without an answer: when the pty is gone, its exit says so. */
static void send (struct attach_pty *p, json_t *o)
{
    flux_future_destroy (flux_rpc_pack (p->h, p->topic, p->rank, FLUX_RPC_NORESPONSE, "o", o));
}

static void send_data (struct attach_pty *p, const char *data, size_t len)
{
    json_t *o = len > 0 ? iodata_encode ("stdin", "0", data, len, false) : NULL;

    if (!o)
        return;
    json_object_del (o, "stream");
    json_object_del (o, "rank");
    json_object_set_new (o, "type", json_string ("data"));
    send (p, o);
}

/* ctrl-B d leaves, ctrl-B ctrl-B is a ctrl-B. */
static void on_key (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct attach_pty *p = arg;
    char in[4096], out[sizeof (in) + 1];
    ssize_t n = read (STDIN_FILENO, in, sizeof (in));
    size_t len = 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        flux_watcher_stop (w);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (!p->raw) { // a pipe has no keys
            out[len++] = in[i];
            continue;
        }
        if (p->escaped && in[i] == 'd') {
            send (p, json_pack ("{s:s}", "type", "detach"));
            p->escaped = false;
            return;
        }
        if (!p->escaped && in[i] == KEY_ESCAPE) {
            p->escaped = true;
            continue;
        }
        if (p->escaped && in[i] != KEY_ESCAPE)
            out[len++] = KEY_ESCAPE;
        p->escaped = false;
        out[len++] = in[i];
    }
    send_data (p, out, len);
}

static void on_winch (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct attach_pty *p = arg;

    if (p->attached)
        send (p, json_pack ("{s:s s:o}", "type", "resize", "winsize", winsize ()));
}

static void end (struct attach_pty *p, const char *text)
{
    bool was = p->attached;

    p->attached = false;
    flux_watcher_stop (p->keys);
    flux_watcher_stop (p->winch);
    terminal_back (p);
    if (was)
        p->ops->ended (p->arg, text);
    else
        p->ops->failed (p->arg);
}

static void show_data (json_t *o)
{
    struct iodata io;

    json_object_set_new (o, "stream", json_string ("stdout"));
    json_object_set_new (o, "rank", json_string ("0"));
    if (iodata_decode (&io, o) == 0) {
        fwrite (io.data, 1, io.len, stdout);
        fflush (stdout);
        iodata_clear (&io);
    }
}

static void on_message (struct attach_pty *p, json_t *o)
{
    const char *type = json_string_value (json_object_get (o, "type"));
    const char *text = json_string_value (json_object_get (o, "message"));

    if (!type)
        return;
    if (strcmp (type, "attach") == 0) {
        p->attached = true;
        terminal_raw (p);
        flux_watcher_start (p->keys);
        flux_watcher_start (p->winch);
    } else if (strcmp (type, "data") == 0)
        show_data (o);
    else if (strcmp (type, "exit") == 0)
        end (p, text ? text : "");
}

static void on_response (flux_future_t *f, void *arg)
{
    struct attach_pty *p = arg;
    const char *text;

    if (flux_rpc_get (f, &text) < 0) {
        if (p->attached || errno != ENODATA)
            end (p, "");
        return;
    }
    json_t *o = text ? json_loads (text, 0, NULL) : NULL;
    flux_future_reset (f);
    on_message (p, o);
    json_decref (o);
}

struct attach_pty *attach_pty_create (flux_t *h, const char *service, const char *pty, int rank,
                                      const struct attach_pty_ops *ops, void *arg)
{
    struct attach_pty *p = calloc (1, sizeof (*p));
    flux_reactor_t *r = flux_get_reactor (h);

    if (!p)
        return NULL;
    p->h = h;
    p->rank = rank;
    p->ops = ops;
    p->arg = arg;
    if (asprintf (&p->topic, "%s.%s", service, pty) < 0)
        p->topic = NULL;
    p->keys = flux_fd_watcher_create (r, STDIN_FILENO, FLUX_POLLIN, on_key, p);
    p->winch = flux_signal_watcher_create (r, SIGWINCH, on_winch, p);
    if (!p->topic || !p->keys || !p->winch)
        goto error;
    p->f = flux_rpc_pack (h, p->topic, rank, FLUX_RPC_STREAMING, "{s:s s:s s:o}", "type", "attach",
                          "mode", "rw", "winsize", winsize ());
    if (!p->f || flux_future_then (p->f, -1., on_response, p) < 0)
        goto error;
    return p;
error:
    attach_pty_destroy (p);
    return NULL;
}

void attach_pty_destroy (struct attach_pty *p)
{
    if (!p)
        return;
    terminal_back (p);
    flux_watcher_destroy (p->keys);
    flux_watcher_destroy (p->winch);
    flux_future_destroy (p->f);
    free (p->topic);
    free (p);
}
