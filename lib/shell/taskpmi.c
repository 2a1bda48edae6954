/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/pmi/server.h"
#include "lib/pmi/wire.h"
#include "lib/shell/taskpmi.h"
#include "lib/tasks/frame.h"

struct client {
    struct taskpmi *pmi;
    ev_io readable; // its fd is -1 when closed
};

struct taskpmi {
    struct ev_loop *loop;
    const struct shell_info *info;
    struct peers *peers;
    const char *libpmi;
    void (*abort) (void *arg, int taskid, int code, const char *text);
    void *arg;
    struct pmi_server *server; // NULL: off, or not needed yet
    struct client *clients;
    bool off;
};

static void client_close (struct client *c)
{
    if (c->readable.fd >= 0) {
        ev_io_stop (c->pmi->loop, &c->readable);
        close (c->readable.fd);
        c->readable.fd = -1;
    }
}

/* Tasks wait for each answer before they ask again: the socket always has room for one. */
static void send_cb (void *arg, int localid, const void *data, size_t len)
{
    struct taskpmi *pmi = arg;
    struct client *c = &pmi->clients[localid];

    if (c->readable.fd >= 0 &&
        send (c->readable.fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
        client_close (c);
}

static void exchanged (void *arg, const void *parts, size_t len, bool ok)
{
    struct taskpmi *pmi = arg;
    struct group_part part;
    size_t pos = 0;

    while (ok && group_part_next (parts, len, &pos, &part)) {
        if (part.rank != pmi->info->broker_rank)
            ok = pmi_server_add (pmi->server, part.data, part.len) == 0;
    }
    pmi_server_exchanged (pmi->server, ok);
}

static void exchange_cb (void *arg, struct buf *pairs)
{
    struct taskpmi *pmi = arg;
    peers_collect (pmi->peers, pairs, exchanged, pmi);
}

static void abort_cb (void *arg, int localid, int code, const char *text)
{
    struct taskpmi *pmi = arg;
    pmi->abort (pmi->arg, pmi->info->taskids[localid], code, text);
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct client *c = w->data;
    struct taskpmi *pmi = c->pmi;
    int localid = c - pmi->clients;
    char buf[4096];

    ssize_t n = recv (w->fd, buf, sizeof (buf), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        pmi_server_closed (pmi->server, localid);
        client_close (c);
    } else if (pmi_server_input (pmi->server, localid, buf, n) < 0) {
        pmi->abort (pmi->arg, pmi->info->taskids[localid], 1, "PMI protocol error");
        client_close (c);
    }
}

static bool is_off (const struct shell_info *info)
{
    const char *s = json_string_value (shell_info_option (info, "pmi"));

    if (!s)
        return shell_info_option (info, "pmi") && !shell_info_flag (info, "pmi");
    return !strstr (s, "simple") && !strstr (s, "pmi1") && !strstr (s, "pmi2");
}

struct taskpmi *taskpmi_create (struct ev_loop *loop, const struct shell_info *info,
                                struct peers *peers, const char *libpmi,
                                void (*abort) (void *arg, int taskid, int code, const char *text),
                                void *arg)
{
    struct taskpmi *pmi = calloc (1, sizeof (*pmi));

    if (!pmi || !(pmi->clients = calloc (info->nlocal + 1, sizeof (*pmi->clients)))) {
        free (pmi);
        return NULL;
    }
    pmi->loop = loop;
    pmi->info = info;
    pmi->peers = peers;
    pmi->libpmi = libpmi;
    pmi->abort = abort;
    pmi->arg = arg;
    pmi->off = is_off (info);
    for (int i = 0; i < info->nlocal; i++) {
        pmi->clients[i].pmi = pmi;
        ev_io_init (&pmi->clients[i].readable, readable_cb, -1, EV_READ);
        pmi->clients[i].readable.data = &pmi->clients[i];
    }
    return pmi;
}

void taskpmi_destroy (struct taskpmi *pmi)
{
    if (!pmi)
        return;
    for (int i = 0; i < pmi->info->nlocal; i++)
        client_close (&pmi->clients[i]);
    pmi_server_destroy (pmi->server);
    free (pmi->clients);
    free (pmi);
}

/* What tasks may ask for before any of them has put something. */
static void preput (struct taskpmi *pmi)
{
    const char *level = shell_info_attr (pmi->info, "instance-level");

    pmi_server_preput (pmi->server, "flux.instance-level", level ? level : "0");
    if (shell_info_flag (pmi->info, "pmi-simple.nomap"))
        return;
    char *s = taskmap_encode (pmi->info->map, TASKMAP_ENCODE_PMI);
    if (s) // too long a mapping is told as one that is unknown (RFC 13)
        pmi_server_preput (pmi->server, "PMI_process_mapping", strlen (s) < PMI_VALUE_MAX ? s : "");
    free (s);
    s = taskmap_encode (pmi->info->map, 0);
    if (s && strlen (s) < PMI_VALUE_MAX)
        pmi_server_preput (pmi->server, "flux.taskmap", s);
    free (s);
}

static int start_server (struct taskpmi *pmi)
{
    static const struct pmi_server_ops ops = {send_cb, exchange_cb, abort_cb};
    const struct pmi_server_config config = {
        .kvsname = pmi->info->id_plain,
        .ntasks = pmi->info->ntasks,
        .nlocal = pmi->info->nlocal,
        .taskids = pmi->info->taskids,
        .universe_size = pmi->info->ntasks,
    };

    if (!(pmi->server = pmi_server_create (&config, &ops, pmi)))
        return -1;
    preput (pmi);
    return 0;
}

/* The broker's own libpmi.so, for programs that look for one. */
static int set_env (struct taskpmi *pmi, int localid, int fd, struct envlist *env)
{
    if (envlist_setf (env, "PMI_FD", "%d", fd) < 0 ||
        envlist_setf (env, "PMI_RANK", "%d", pmi->info->taskids[localid]) < 0 ||
        envlist_setf (env, "PMI_SIZE", "%d", pmi->info->ntasks) < 0)
        return -1;
    envlist_unset (env, "PMI_SPAWNED");
    if (envlist_get (env, "FLUX_PMI_LIBRARY_PATH"))
        return 0;
    return envlist_set (env, "FLUX_PMI_LIBRARY_PATH", pmi->libpmi);
}

int taskpmi_open_task (struct taskpmi *pmi, int localid, struct envlist *env)
{
    struct client *c = &pmi->clients[localid];
    int sv[2];

    errno = 0;
    if (pmi->off || (!pmi->server && start_server (pmi) < 0) ||
        socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return -1;
    if (set_env (pmi, localid, sv[1], env) < 0) {
        close (sv[0]);
        close (sv[1]);
        return -1;
    }
    ev_io_set (&c->readable, sv[0], EV_READ);
    ev_io_start (pmi->loop, &c->readable);
    return sv[1];
}

void taskpmi_task_started (struct taskpmi *pmi, int fd)
{
    if (fd >= 0)
        close (fd);
}
