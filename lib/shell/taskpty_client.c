/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who is attached to the interactive terminal of a job, and what they send. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <utlist.h>

#include "lib/shell/ioencode.h"
#include "lib/shell/taskpty_private.h"

#define WRITE_MAX (1024 * 1024) // bytes that clients sent and the task has not read
#define CLIENTS_MAX 64
#define WINSIZE_MAX 32767

struct client {
    const flux_msg_t *attach;
    bool reads;
    bool writes;
    struct client *prev, *next;
};

static json_t *encode_data (const char *data, size_t len)
{
    struct buf b = {0};

    ioencode_context (&b, "stdout", "0", data, len, false);
    json_t *o = b.err ? NULL : json_loadb (b.data, b.len, 0, NULL);
    buf_clear (&b);
    if (o) {
        json_object_del (o, "stream");
        json_object_del (o, "rank");
        json_object_set_new (o, "type", json_string ("data"));
    }
    return o;
}

static void client_destroy (struct taskptys *p, struct client *c)
{
    DL_DELETE (p->clients, c);
    p->nclients--;
    flux_msg_decref (c->attach);
    free (c);
}

static void client_exit (struct taskptys *p, struct client *c, const char *message, int status)
{
    link_respond (
        p->link, c->attach,
        json_pack ("{s:s s:s s:i}", "type", "exit", "message", message, "status", status));
    link_respond_error (p->link, c->attach, ENODATA, NULL);
    client_destroy (p, c);
}

void taskpty_show (struct taskptys *p, const char *data, size_t len)
{
    json_t *o = p->clients ? encode_data (data, len) : NULL;
    struct client *c;

    DL_FOREACH (p->clients, c)
    if (c->reads && o)
        link_respond (p->link, c->attach, json_incref (o));
    json_decref (o);
}

void taskpty_clients_exit (struct taskptys *p, int status)
{
    while (p->clients)
        client_exit (p, p->clients, "session exiting", status);
}

void taskpty_clients_clear (struct taskptys *p)
{
    while (p->clients)
        client_destroy (p, p->clients);
}

static struct pty *interactive_pty (struct taskptys *p)
{
    for (int i = 0; p->interactive && i < p->info->nlocal; i++)
        if (taskpty_is_interactive (&p->ptys[i]))
            return &p->ptys[i];
    return NULL;
}

static struct client *find_client (struct taskptys *p, const flux_msg_t *msg)
{
    struct client *c;

    DL_FOREACH (p->clients, c)
    if (flux_msg_route_match_first (c->attach, msg))
        return c;
    return NULL;
}

static int resize (struct pty *pty, const flux_msg_t *msg)
{
    int rows, cols;

    if (flux_msg_unpack (msg, "{s:{s:i s:i}}", "winsize", "rows", &rows, "cols", &cols) < 0 ||
        rows <= 0 || cols <= 0 || rows > WINSIZE_MAX || cols > WINSIZE_MAX) {
        errno = EINVAL;
        return -1;
    }
    struct winsize ws = {.ws_row = rows, .ws_col = cols};
    if (pty->open)
        ioctl (pty->readable.fd, TIOCSWINSZ, &ws); // the terminal's processes get SIGWINCH
    return 0;
}

static int attach (struct taskptys *p, struct pty *pty, const flux_msg_t *msg)
{
    const char *mode;
    struct client *c;

    if (find_client (p, msg) || p->nclients >= CLIENTS_MAX) {
        errno = p->nclients >= CLIENTS_MAX ? EMFILE : EEXIST;
        return -1;
    }
    if (!flux_msg_is_streaming (msg) || flux_msg_unpack (msg, "{s:s}", "mode", &mode) < 0 ||
        (strcmp (mode, "rw") != 0 && strcmp (mode, "ro") != 0 && strcmp (mode, "wo") != 0)) {
        errno = EPROTO;
        return -1;
    }
    if (!strcmp (mode, "rw") && resize (pty, msg) < 0)
        return -1;
    if (!(c = calloc (1, sizeof (*c))))
        return -1;
    c->attach = flux_msg_incref (msg);
    c->reads = mode[0] == 'r';
    c->writes = mode[0] == 'w' || mode[1] == 'w';
    DL_APPEND (p->clients, c);
    p->nclients++;
    link_respond (p->link, msg, json_pack ("{s:s}", "type", "attach"));
    if (c->reads && pty->wait_client) {
        pty->wait_client = false;
        if (pty->open)
            ev_io_start (p->loop, &pty->readable);
    }
    taskpty_check_over (pty);
    return 0;
}

static int write_data (struct pty *pty, const flux_msg_t *msg)
{
    json_t *o, *context;
    char *data;
    size_t len;

    if (flux_msg_unpack (msg, "o", &o) < 0 || !(context = json_copy (o)))
        return -1;
    json_object_set_new (context, "stream", json_string ("stdin"));
    json_object_set_new (context, "rank", json_string ("0"));
    int rc = ioencode_decode (context, NULL, NULL, &data, &len, NULL);
    json_decref (context);
    if (rc < 0 || !data)
        return -1;
    if (pty->out.len + len > WRITE_MAX) {
        errno = EAGAIN;
        rc = -1;
    } else if ((rc = buf_append (&pty->out, data, len)) == 0)
        taskpty_write (pty);
    free (data);
    return rc;
}

static int handle (struct taskptys *p, struct pty *pty, const char *type, const flux_msg_t *msg)
{
    struct client *c = find_client (p, msg);

    if (!c) {
        errno = ENOENT;
        return -1;
    }
    if (!strcmp (type, "data"))
        return c->writes ? write_data (pty, msg) : 0;
    if (!strcmp (type, "resize"))
        return resize (pty, msg);
    if (!strcmp (type, "detach")) {
        client_exit (p, c, "Client requested detach", 0);
        return 0;
    }
    errno = ENOSYS;
    return -1;
}

void taskptys_request (struct taskptys *p, const flux_msg_t *msg)
{
    struct pty *pty = interactive_pty (p);
    const char *type;
    int rc;

    if (!pty) {
        link_respond_error (p->link, msg, ENOSYS, "this job has no interactive pty");
        return;
    }
    if (flux_msg_unpack (msg, "{s:s}", "type", &type) < 0) {
        link_respond_error (p->link, msg, EPROTO, NULL);
        return;
    }
    bool attaching = !strcmp (type, "attach");
    rc = attaching ? attach (p, pty, msg) : handle (p, pty, type, msg);
    if (rc < 0)
        link_respond_error (p->link, msg, errno, NULL);
    else if (!attaching)
        link_respond (p->link, msg, NULL);
}

void taskptys_disconnect (struct taskptys *p, const flux_msg_t *msg)
{
    struct client *c = find_client (p, msg);

    if (c)
        client_destroy (p, c);
}
