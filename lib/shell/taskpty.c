/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/idset.h>

#include "lib/shell/ioencode.h"
#include "lib/shell/taskpty.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

#define READ_SIZE 16384
#define WRITE_MAX (1024 * 1024) // bytes that clients sent and the task has not read
#define CLIENTS_MAX 64
#define WINSIZE_MAX 32767

struct client {
    const flux_msg_t *attach;
    bool reads;
    bool writes;
    struct client *prev, *next;
};

struct pty {
    struct taskptys *all;
    int localid;
    bool open;
    bool wait_client; // nobody has attached yet
    bool task_ended;
    int status;
    ev_io readable;
    ev_io writable;
    struct buf out; // for the task
};

struct taskptys {
    struct ev_loop *loop;
    struct link *link;
    const struct shell_info *info;
    struct taskpty_ops ops;
    void *arg;
    struct idset *ranks; // NULL: all
    bool on;
    bool capture;
    bool interactive;
    struct pty *ptys;       // by local id
    struct client *clients; // of the interactive one
    int nclients;
};

static int read_option (struct taskptys *p, flux_error_t *errp)
{
    json_t *o = shell_info_option (p->info, "pty"), *ranks = NULL;
    int capture = -1, interactive = 0;
    char rank[24];

    if (!shell_info_flag (p->info, "pty"))
        return 0;
    if (json_is_object (o)) {
        json_t *c = json_object_get (o, "capture");
        ranks = json_object_get (o, "ranks");
        interactive = shell_info_flag (p->info, "pty.interactive");
        if (c)
            capture = shell_info_flag (p->info, "pty.capture");
    }
    p->on = true;
    p->interactive = interactive;
    p->capture = capture >= 0 ? capture : !interactive;
    const char *s = json_is_string (ranks) ? json_string_value (ranks)
                    : ranks                ? rank
                    : interactive          ? "0"
                                           : "all";
    snprintf (rank, sizeof (rank), "%d", (int)json_integer_value (ranks));
    if (strcmp (s, "all") != 0 && !(p->ranks = idset_decode (s))) {
        errno = EINVAL;
        return errprintf (errp, "invalid option pty.ranks");
    }
    if (p->ranks && p->interactive && idset_set (p->ranks, 0) < 0)
        return -1;
    return 0;
}

static bool is_interactive (const struct pty *pty)
{
    return pty->all->interactive && pty->all->info->taskids[pty->localid] == 0;
}

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

static void send_to_clients (struct taskptys *p, const char *data, size_t len)
{
    json_t *o = p->clients ? encode_data (data, len) : NULL;
    struct client *c;

    DL_FOREACH (p->clients, c)
    if (c->reads && o)
        link_respond (p->link, c->attach, json_incref (o));
    json_decref (o);
}

/* The session is over when the task has ended, its terminal is closed and somebody saw it. */
static void check_over (struct pty *pty)
{
    struct taskptys *p = pty->all;
    struct client *c, *tmp;

    if (pty->open || !pty->task_ended || pty->wait_client)
        return;
    if (is_interactive (pty))
        DL_FOREACH_SAFE (p->clients, c, tmp)
    client_exit (p, c, "session exiting", pty->status);
    p->ops.ended (p->arg);
}

static void pty_close (struct pty *pty)
{
    if (!pty->open)
        return;
    ev_io_stop (pty->all->loop, &pty->readable);
    ev_io_stop (pty->all->loop, &pty->writable);
    close (pty->readable.fd);
    buf_clear (&pty->out);
    pty->open = false;
    if (taskptys_captured (pty->all, pty->localid))
        pty->all->ops.capture (pty->all->arg, pty->localid, "", 0);
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct pty *pty = w->data;
    char data[READ_SIZE];

    ssize_t n = read (w->fd, data, sizeof (data));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { // EIO: no process has the terminal any more
        pty_close (pty);
        check_over (pty);
        return;
    }
    if (taskptys_captured (pty->all, pty->localid))
        pty->all->ops.capture (pty->all->arg, pty->localid, data, n);
    if (is_interactive (pty))
        send_to_clients (pty->all, data, n);
}

static void pty_write (struct pty *pty)
{
    ssize_t n;

    while (pty->open && pty->out.len > 0) {
        n = write (pty->readable.fd, pty->out.data, pty->out.len);
        if (n < 0)
            break;
        buf_consume (&pty->out, n);
    }
    if (pty->open && pty->out.len > 0)
        ev_io_start (pty->all->loop, &pty->writable);
    else
        ev_io_stop (pty->all->loop, &pty->writable);
}

static void writable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    pty_write (w->data);
}

struct taskptys *taskptys_create (struct ev_loop *loop, struct link *link,
                                  const struct shell_info *info, const struct taskpty_ops *ops,
                                  void *arg, flux_error_t *errp)
{
    struct taskptys *p = calloc (1, sizeof (*p));

    if (!p)
        return NULL;
    p->loop = loop;
    p->link = link;
    p->info = info;
    p->ops = *ops;
    p->arg = arg;
    if (read_option (p, errp) < 0 ||
        (p->on && !(p->ptys = calloc (info->nlocal + 1, sizeof (*p->ptys))))) {
        taskptys_destroy (p);
        return NULL;
    }
    for (int i = 0; p->on && i < info->nlocal; i++) {
        struct pty *pty = &p->ptys[i];
        pty->all = p;
        pty->localid = i;
        ev_init (&pty->readable, readable_cb);
        ev_init (&pty->writable, writable_cb);
        pty->readable.data = pty->writable.data = pty;
    }
    return p;
}

void taskptys_destroy (struct taskptys *p)
{
    if (p) {
        int saved_errno = errno;
        while (p->clients)
            client_destroy (p, p->clients);
        for (int i = 0; p->ptys && i < p->info->nlocal; i++) {
            if (p->ptys[i].open) {
                ev_io_stop (p->loop, &p->ptys[i].readable);
                ev_io_stop (p->loop, &p->ptys[i].writable);
                close (p->ptys[i].readable.fd);
                buf_clear (&p->ptys[i].out);
            }
        }
        free (p->ptys);
        idset_destroy (p->ranks);
        free (p);
        errno = saved_errno;
    }
}

bool taskptys_wanted (const struct taskptys *p, int localid)
{
    return p->on && (!p->ranks || idset_test (p->ranks, p->info->taskids[localid]));
}

/* Only task 0 can be attached to: what others write goes nowhere but here. */
bool taskptys_captured (const struct taskptys *p, int localid)
{
    return p->capture || p->info->taskids[localid] != 0;
}

bool taskptys_interactive (const struct taskptys *p, bool *capture)
{
    *capture = p->capture;
    return p->interactive;
}

static int open_terminal (int *leader)
{
    char name[128];

    if ((*leader = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
        return -1;
    int fd = -1;
    if (grantpt (*leader) == 0 && unlockpt (*leader) == 0 &&
        ptsname_r (*leader, name, sizeof (name)) == 0)
        fd = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        int saved_errno = errno;
        close (*leader);
        errno = saved_errno;
    }
    return fd;
}

int taskptys_open (struct taskptys *p, int localid)
{
    struct pty *pty = &p->ptys[localid];
    int leader, fd = open_terminal (&leader);

    if (fd < 0)
        return -1;
    fd_set_nonblocking (leader);
    ev_io_set (&pty->readable, leader, EV_READ);
    ev_io_set (&pty->writable, leader, EV_WRITE);
    pty->open = true;
    pty->wait_client = is_interactive (pty);
    if (!pty->wait_client)
        ev_io_start (p->loop, &pty->readable);
    return fd;
}

void taskptys_task_ended (struct taskptys *p, int localid, int status)
{
    if (!taskptys_wanted (p, localid))
        return;
    p->ptys[localid].task_ended = true;
    p->ptys[localid].status = status;
    check_over (&p->ptys[localid]);
}

bool taskptys_ended (const struct taskptys *p)
{
    for (int i = 0; p->ptys && i < p->info->nlocal; i++)
        if (p->ptys[i].open || p->ptys[i].wait_client)
            return false;
    return true;
}

static struct pty *interactive_pty (struct taskptys *p)
{
    for (int i = 0; p->interactive && i < p->info->nlocal; i++)
        if (is_interactive (&p->ptys[i]))
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
    check_over (pty);
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
        pty_write (pty);
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
