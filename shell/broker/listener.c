/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The local socket of a broker, see listener.h. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/codec/msgio.h"
#include "lib/util/errprintf.h"
#include "shell/broker/listener.h"
#include "shell/broker/router.h"
#include "shell/broker/router_client.h"

#define ACCEPT_PER_TURN 64
#define ACCEPT_PAUSE .1 // seconds, when there are no descriptors left

#define GROUPS_MAX 1024 // of one user

struct listener {
    struct router *rt;
    int fd;
    ev_io watcher;
    ev_timer pause;
    uint32_t owner;
    struct listener_access access;
    struct sockaddr_un addr;
};

static bool holds (const json_t *names, const char *name)
{
    json_t *o;
    size_t i;

    json_array_foreach ((json_t *)names, i, o)
    {
        if (strcmp (json_string_value (o), name) == 0)
            return true;
    }
    return false;
}

/* Names are looked up at each connection, so that accounts may change; unknown ones match nobody.
 */
static bool is_admin (const struct listener *l, uid_t uid)
{
    struct passwd *pw = l->access.admin_users || l->access.admin_groups ? getpwuid (uid) : NULL;
    gid_t gids[GROUPS_MAX];
    int n = GROUPS_MAX;
    struct group *gr;

    if (!pw)
        return false;
    if (holds (l->access.admin_users, pw->pw_name))
        return true;
    if (!l->access.admin_groups || getgrouplist (pw->pw_name, pw->pw_gid, gids, &n) < 0)
        return false;
    for (int i = 0; i < n; i++) {
        if ((gr = getgrgid (gids[i])) && holds (l->access.admin_groups, gr->gr_name))
            return true;
    }
    return false;
}

static int peer_role (struct listener *l, int fd, uint32_t *userid, uint32_t *rolemask)
{
    struct ucred ucred;
    socklen_t len = sizeof (ucred);

    if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) < 0)
        return errno;
    *userid = ucred.uid;
    if (ucred.uid == l->owner || (ucred.uid == 0 && l->access.root_owner)) {
        *rolemask = FLUX_ROLE_OWNER;
        return 0;
    }
    *rolemask = FLUX_ROLE_USER;
    if (!l->access.guests)
        return EPERM;
    if (is_admin (l, ucred.uid))
        *rolemask |= FLUX_ROLE_ADMIN;
    return 0;
}

static void accept_one (struct listener *l, int fd)
{
    uint32_t userid = FLUX_USERID_UNKNOWN, rolemask = FLUX_ROLE_NONE;
    struct msgio *io = msgio_create (fd);

    if (!io) {
        close (fd);
        return;
    }
    int errnum = peer_role (l, fd, &userid, &rolemask);
    if (msgio_greet (io, errnum) < 0)
        errnum = errno;
    if (errnum != 0) {
        msgio_flush (io);
        msgio_destroy (io);
    } else if (client_add_io (l->rt, io, userid, rolemask) < 0) {
        msgio_destroy (io);
    }
}

/* Who waits goes on waiting; the loop would do nothing but look at it. */
static void begin_pause (struct listener *l)
{
    ev_io_stop (router_loop (l->rt), &l->watcher);
    ev_timer_set (&l->pause, ACCEPT_PAUSE, 0.);
    ev_timer_start (router_loop (l->rt), &l->pause);
}

static void accept_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct listener *l = w->data;

    for (int i = 0; i < ACCEPT_PER_TURN; i++) {
        int fd = accept4 (l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                begin_pause (l);
            return;
        }
        accept_one (l, fd);
    }
}

static void pause_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct listener *l = w->data;

    ev_io_start (loop, &l->watcher);
}

/* A broker that was killed leaves its socket, to which nobody listens. */
static bool is_stale (const struct sockaddr_un *addr)
{
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool stale = fd >= 0 && connect (fd, (const struct sockaddr *)addr, sizeof (*addr)) < 0 &&
                 errno == ECONNREFUSED;

    if (fd >= 0)
        close (fd);
    return stale;
}

static int bind_socket (int fd, const struct sockaddr_un *addr)
{
    if (bind (fd, (const struct sockaddr *)addr, sizeof (*addr)) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -1;
    if (!is_stale (addr)) {
        errno = EADDRINUSE;
        return -1;
    }
    unlink (addr->sun_path);
    return bind (fd, (const struct sockaddr *)addr, sizeof (*addr));
}

/* To connect one must be able to write to a socket. Where it lies is the first barrier. */
void listener_set_access (struct listener *l, const struct listener_access *access)
{
    json_decref (l->access.admin_users);
    json_decref (l->access.admin_groups);
    l->access = *access;
    json_incref (l->access.admin_users);
    json_incref (l->access.admin_groups);
    (void)!chmod (l->addr.sun_path, access->guests || access->root_owner ? 0777 : 0700);
}

struct listener *listener_create (struct router *rt, const char *path, uint32_t owner,
                                  flux_error_t *errp)
{
    struct listener *l = calloc (1, sizeof (*l));

    if (!l) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    l->rt = rt;
    l->owner = owner;
    l->addr.sun_family = AF_UNIX;
    l->fd = -1;
    if (strlen (path) >= sizeof (l->addr.sun_path)) {
        errno = ENAMETOOLONG;
        goto error;
    }
    strcpy (l->addr.sun_path, path);
    l->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || bind_socket (l->fd, &l->addr) < 0)
        goto error;
    if (listen (l->fd, 1024) < 0)
        goto error_unlink;
    ev_io_init (&l->watcher, accept_cb, l->fd, EV_READ);
    ev_init (&l->pause, pause_cb);
    l->watcher.data = l->pause.data = l;
    ev_io_start (router_loop (rt), &l->watcher);
    return l;
error_unlink:
    unlink (path);
error:
    errprintf (errp, "the local socket: %s: %s", strerror (errno), path);
    if (l->fd >= 0)
        close (l->fd);
    free (l);
    return NULL;
}

void listener_destroy (struct listener *l)
{
    if (l) {
        int saved_errno = errno;
        ev_io_stop (router_loop (l->rt), &l->watcher);
        ev_timer_stop (router_loop (l->rt), &l->pause);
        close (l->fd);
        unlink (l->addr.sun_path);
        json_decref (l->access.admin_users);
        json_decref (l->access.admin_groups);
        free (l);
        errno = saved_errno;
    }
}
