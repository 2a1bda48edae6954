/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The socket that children connect to. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"

/* Without CURVE the folder of the socket must keep others out. */
static int check_ipc_folder (const char *uri, flux_error_t *errp)
{
    char dir[OVERLAY_URI_MAX + 1], *slash;
    struct stat sb;

    snprintf (dir, sizeof (dir), "%s", uri + strlen ("ipc://"));
    if (dir[0] != '/' || !(slash = strrchr (dir, '/')) || slash == dir) {
        errno = EINVAL;
        return errprintf (errp, "%s: an absolute path in a folder is needed", uri);
    }
    *slash = '\0';
    if (stat (dir, &sb) < 0)
        return errprintf (errp, "%s: %s", dir, strerror (errno));
    if (!S_ISDIR (sb.st_mode) || sb.st_uid != geteuid () || (sb.st_mode & 077)) {
        errno = EPERM;
        return errprintf (errp, "%s must be a folder of yours with mode 0700", dir);
    }
    return 0;
}

static int router_options (struct overlay *ov, const char *uri)
{
    struct zsock *zs = ov->children.zs;

    if (ov_socket_options (ov, zs, uri) < 0 || zsock_set_int (zs, ZMQ_ROUTER_MANDATORY, 1) < 0 ||
        zsock_set_int (zs, ZMQ_RCVHWM, ov->child_rcvhwm) < 0)
        return -1;
    if (!ov->children.curve)
        return 0;
    return zsock_set_int (zs, ZMQ_CURVE_SERVER, 1) < 0 ||
                   zsock_set_str (zs, ZMQ_ZAP_DOMAIN, "flux") < 0
               ? -1
               : 0;
}

static char *last_endpoint (struct zsock *zs)
{
    char uri[OVERLAY_URI_MAX + 1] = "";
    size_t size = sizeof (uri);

    if (zmq_getsockopt (zsock_zmq (zs), ZMQ_LAST_ENDPOINT, uri, &size) < 0)
        return NULL;
    return strdup (uri);
}

static int open_router (struct overlay *ov, const char *uri)
{
    struct children *ch = &ov->children;

    if (!(ch->reach = reach_create (ov->size, ov->rank)) ||
        !(ch->replay = replay_create (OVERLAY_REPLAY_EVENTS, OVERLAY_REPLAY_BYTES)) ||
        (ch->curve && !(ch->zap = zap_create (ov->zl))) ||
        !(ch->zs = zsock_create (ov->zl, ZMQ_ROUTER, children_ready, ov)) ||
        router_options (ov, uri) < 0 ||
        zsock_monitor (ch->zs, ov->zmqdebug ? ZMQ_EVENT_ALL : ZMQ_EVENT_DISCONNECTED,
                       children_monitor, ov) < 0 ||
        zmq_bind (zsock_zmq (ch->zs), uri) < 0 || zsock_watch (ch->zs) < 0 ||
        !(ch->endpoint = last_endpoint (ch->zs)))
        return -1;
    return 0;
}

int children_bind (struct overlay *ov, const char *uri, flux_error_t *errp)
{
    struct children *ch = &ov->children;
    bool ipc = ov_uri_is_ipc (uri);

    if (strlen (uri) > OVERLAY_URI_MAX || (!ipc && strncmp (uri, "tcp://", 6) != 0)) {
        errno = EINVAL;
        return errprintf (errp, "%s: neither tcp:// nor ipc://", uri);
    }
    if (ipc && check_ipc_folder (uri, errp) < 0)
        return -1;
    ch->curve = !ipc;
    if (open_router (ov, uri) < 0) {
        errprintf (errp, "bind %s: %s", uri, zmq_strerror (errno));
        zsock_destroy (ch->zs);
        zsock_destroy (ch->zap);
        reach_destroy (ch->reach);
        replay_destroy (ch->replay);
        ch->zs = ch->zap = NULL;
        ch->reach = NULL;
        ch->replay = NULL;
        return -1;
    }
    return 0;
}
