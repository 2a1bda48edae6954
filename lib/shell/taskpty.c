/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Terminals of tasks. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/shell/taskpty_private.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

#define READ_SIZE 16384

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

bool taskpty_is_interactive (const struct pty *pty)
{
    return pty->all->interactive && pty->all->info->taskids[pty->localid] == 0;
}

void taskpty_check_over (struct pty *pty)
{
    struct taskptys *p = pty->all;

    if (pty->open || !pty->task_ended || pty->wait_client)
        return;
    if (taskpty_is_interactive (pty))
        taskpty_clients_exit (p, pty->status);
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
        taskpty_check_over (pty);
        return;
    }
    if (taskptys_captured (pty->all, pty->localid))
        pty->all->ops.capture (pty->all->arg, pty->localid, data, n);
    if (taskpty_is_interactive (pty))
        taskpty_show (pty->all, data, n);
}

void taskpty_write (struct pty *pty)
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
    taskpty_write (w->data);
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
        taskpty_clients_clear (p);
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
    pty->wait_client = taskpty_is_interactive (pty);
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
    taskpty_check_over (&p->ptys[localid]);
}

bool taskptys_ended (const struct taskptys *p)
{
    for (int i = 0; p->ptys && i < p->info->nlocal; i++)
        if (p->ptys[i].open || p->ptys[i].wait_client)
            return false;
    return true;
}
