/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/msgio.h"
#include "lib/codec/payload.h"
#include "lib/shell/link.h"
#include "lib/shell/spawnpkt.h"
#include "lib/util/monotime.h"

struct rpc {
    uint32_t matchtag;
    bool streaming;
    link_response_f cb;
    void *arg;
    UT_hash_handle hh;
};

struct link {
    struct ev_loop *loop;
    int sock;
    uint64_t id;
    char *service;
    const struct link_method *methods;
    void *arg;
    struct msgio *io; // NULL: not open
    bool lost;
    ev_io readable;
    ev_io writable;
    ev_prepare flush;
    uint32_t matchtag;
    struct rpc *rpcs;
    int pending;
};

static void rpc_free (struct link *link, struct rpc *rpc)
{
    HASH_DEL (link->rpcs, rpc);
    if (!rpc->streaming)
        link->pending--;
    free (rpc);
}

static void link_close (struct link *link)
{
    ev_io_stop (link->loop, &link->readable);
    ev_io_stop (link->loop, &link->writable);
    ev_prepare_stop (link->loop, &link->flush);
    msgio_destroy (link->io);
    link->io = NULL;
}

/* The broker is gone. Whoever waits is told, once. */
static void link_lost (struct link *link)
{
    struct rpc *rpc, *tmp;

    link_close (link);
    link->lost = true;
    HASH_ITER (hh, link->rpcs, rpc, tmp)
    {
        link_response_f cb = rpc->cb;
        void *arg = rpc->arg;
        rpc_free (link, rpc);
        cb (link, NULL, arg);
    }
}

static void handle_response (struct link *link, const flux_msg_t *msg)
{
    uint32_t matchtag;
    struct rpc *rpc = NULL;
    int errnum = 0;

    if (flux_msg_get_matchtag (msg, &matchtag) == 0)
        HASH_FIND (hh, link->rpcs, &matchtag, sizeof (matchtag), rpc);
    if (!rpc)
        return;
    link_response_f cb = rpc->cb;
    void *arg = rpc->arg;
    if (!rpc->streaming || flux_msg_get_errnum (msg, &errnum) < 0 || errnum != 0)
        rpc_free (link, rpc);
    cb (link, msg, arg);
}

static const struct link_method *find_method (struct link *link, const char *topic)
{
    size_t n = link->service ? strlen (link->service) : 0;

    if (n == 0 || strncmp (topic, link->service, n) != 0 || topic[n] != '.')
        return NULL;
    for (const struct link_method *m = link->methods; m->name; m++)
        if (!strcmp (m->name, topic + n + 1))
            return m;
    return NULL;
}

static void handle_request (struct link *link, const flux_msg_t *msg)
{
    const char *topic = "";

    flux_msg_get_topic (msg, &topic);
    const struct link_method *m = find_method (link, topic);
    if (!m)
        link_respond_error (link, msg, ENOSYS, NULL);
    else if (flux_msg_authorize (msg, getuid ()) < 0)
        link_respond_error (link, msg, EPERM, NULL);
    else
        m->handler (link, msg, link->arg);
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct link *link = w->data;
    flux_msg_t *msg;
    int type = 0;

    if (msgio_fill (link->io) < 0 && errno != EAGAIN) {
        link_lost (link);
        return;
    }
    while (link->io && (msg = msgio_next (link->io))) {
        flux_msg_get_type (msg, &type);
        if (type == FLUX_MSGTYPE_RESPONSE)
            handle_response (link, msg);
        else if (type == FLUX_MSGTYPE_REQUEST)
            handle_request (link, msg);
        flux_msg_decref (msg);
    }
    if (link->io && errno != EAGAIN)
        link_lost (link);
}

static void flush (struct link *link)
{
    int rc = link->io ? msgio_flush (link->io) : 0;

    if (rc < 0)
        link_lost (link);
    else if (rc > 0)
        ev_io_start (link->loop, &link->writable);
    else
        ev_io_stop (link->loop, &link->writable);
}

static void writable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    flush (w->data);
}

/* Before the loop waits: all that was queued in this turn goes out in one write. */
static void prepare_cb (struct ev_loop *loop, ev_prepare *w, int revents)
{
    ev_prepare_stop (loop, w);
    flush (w->data);
}

struct link *link_create (struct ev_loop *loop, int sock, uint64_t id)
{
    struct link *link = calloc (1, sizeof (*link));

    if (link) {
        link->loop = loop;
        link->sock = sock;
        link->id = id;
        ev_init (&link->readable, readable_cb);
        ev_init (&link->writable, writable_cb);
        ev_prepare_init (&link->flush, prepare_cb);
        link->readable.data = link->writable.data = link->flush.data = link;
    }
    return link;
}

void link_destroy (struct link *link)
{
    struct rpc *rpc, *tmp;

    if (!link)
        return;
    HASH_ITER (hh, link->rpcs, rpc, tmp)
    rpc_free (link, rpc);
    link_close (link);
    free (link->service);
    free (link);
}

void link_set_service (struct link *link, const char *service, const struct link_method *methods,
                       void *arg)
{
    free (link->service);
    link->service = strdup (service);
    link->methods = methods;
    link->arg = arg;
}

bool link_is_open (const struct link *link)
{
    return link->io != NULL;
}

/* Make a socket pair and have the broker serve the other end. */
static int make_connection (struct link *link)
{
    int sv[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return -1;
    struct spawnpkt pkt = {SPAWNPKT_CONNECT, 0, link->id, sv[1], NULL, 0};
    int rc = spawnpkt_send (link->sock, &pkt);
    int saved_errno = errno;
    close (sv[1]);
    if (rc < 0 || !(link->io = msgio_create (sv[0]))) {
        if (rc < 0)
            errno = saved_errno;
        close (sv[0]);
        return -1;
    }
    return 0;
}

static void ignore_response (struct link *link, const flux_msg_t *response, void *arg)
{
}

int link_open (struct link *link)
{
    if (link->io)
        return 0;
    if (link->lost) {
        errno = ECONNRESET;
        return -1;
    }
    if (make_connection (link) < 0)
        return -1;
    ev_io_set (&link->readable, msgio_fd (link->io), EV_READ);
    ev_io_set (&link->writable, msgio_fd (link->io), EV_WRITE);
    ev_io_start (link->loop, &link->readable);
    if (link->service)
        return link_rpc (link, "service.add", FLUX_NODEID_ANY, 0,
                         json_pack ("{s:s}", "service", link->service), ignore_response, NULL);
    return 0;
}

static int queue (struct link *link, const flux_msg_t *msg)
{
    if (msgio_send (link->io, msg) < 0)
        return -1;
    ev_prepare_start (link->loop, &link->flush);
    return 0;
}

static flux_msg_t *make_request (struct link *link, const char *topic, uint32_t nodeid, int flags)
{
    flux_msg_t *msg = flux_request_encode (topic, NULL);

    if (!msg)
        return NULL;
    flux_msg_route_enable (msg);
    if (flux_msg_set_nodeid (msg, nodeid) < 0 || (flags && flux_msg_set_flag (msg, flags) < 0) ||
        (!(flags & FLUX_MSGFLAG_NORESPONSE) && flux_msg_set_matchtag (msg, ++link->matchtag) < 0)) {
        flux_msg_decref (msg);
        return NULL;
    }
    return msg;
}

static int add_rpc (struct link *link, int flags, link_response_f cb, void *arg)
{
    struct rpc *rpc = calloc (1, sizeof (*rpc));

    if (!rpc)
        return -1;
    rpc->matchtag = link->matchtag;
    rpc->streaming = flags & FLUX_MSGFLAG_STREAMING;
    rpc->cb = cb;
    rpc->arg = arg;
    HASH_ADD (hh, link->rpcs, matchtag, sizeof (rpc->matchtag), rpc);
    if (!rpc->streaming)
        link->pending++;
    return 0;
}

/* Takes over msg, which may be NULL. */
static int send_rpc (struct link *link, flux_msg_t *msg, int flags, link_response_f cb, void *arg)
{
    int rc = msg ? queue (link, msg) : -1;

    if (rc == 0 && !(flags & FLUX_MSGFLAG_NORESPONSE))
        rc = add_rpc (link, flags, cb, arg);
    flux_msg_decref (msg);
    return rc;
}

int link_rpc (struct link *link, const char *topic, uint32_t nodeid, int flags, json_t *o,
              link_response_f cb, void *arg)
{
    flux_msg_t *msg = link_open (link) < 0 ? NULL : make_request (link, topic, nodeid, flags);

    if (!msg) {
        json_decref (o);
        return -1;
    }
    if (o && msg_set_json_new (msg, o) < 0) {
        flux_msg_decref (msg);
        return -1;
    }
    return send_rpc (link, msg, flags, cb, arg);
}

/* `extra` bytes behind what is counted: the NUL of a text. */
static int rpc_buf (struct link *link, const char *topic, uint32_t nodeid, struct buf *b,
                    size_t extra, link_response_f cb, void *arg)
{
    flux_msg_t *msg = link_open (link) < 0 ? NULL : make_request (link, topic, nodeid, 0);
    size_t len = 0;
    char *s = msg ? buf_steal (b, &len) : NULL;

    buf_clear (b);
    if (!s || msg_set_payload_take (msg, s, len + extra) < 0) {
        free (s);
        flux_msg_decref (msg);
        return -1;
    }
    return send_rpc (link, msg, 0, cb, arg);
}

int link_rpc_data (struct link *link, const char *topic, uint32_t nodeid, struct buf *b,
                   link_response_f cb, void *arg)
{
    return rpc_buf (link, topic, nodeid, b, 0, cb, arg);
}

int link_rpc_text (struct link *link, const char *topic, uint32_t nodeid, struct buf *text,
                   link_response_f cb, void *arg)
{
    return rpc_buf (link, topic, nodeid, text, 1, cb, arg);
}

void link_forget (struct link *link, void *arg)
{
    struct rpc *rpc, *tmp;

    HASH_ITER (hh, link->rpcs, rpc, tmp)
    if (rpc->arg == arg) {
        rpc->cb = ignore_response;
        rpc->arg = NULL;
    }
}

static void send_response (struct link *link, flux_msg_t *msg)
{
    if (msg && link->io)
        queue (link, msg);
    flux_msg_decref (msg);
}

void link_respond (struct link *link, const flux_msg_t *request, json_t *o)
{
    flux_msg_t *msg = NULL;

    if (!flux_msg_is_noresponse (request) && (msg = flux_response_derive (request, 0)) && o &&
        msg_set_json_new (msg, json_incref (o)) < 0) {
        flux_msg_decref (msg);
        msg = NULL;
    }
    json_decref (o);
    send_response (link, msg);
}

void link_respond_error (struct link *link, const flux_msg_t *request, int errnum, const char *text)
{
    flux_msg_t *msg = NULL;

    if (!flux_msg_is_noresponse (request) && (msg = flux_response_derive (request, errnum)) && text)
        flux_msg_set_string (msg, text);
    send_response (link, msg);
}

void link_drain (struct link *link, double timeout)
{
    double deadline = monotime_now () + timeout;

    while (link->io && msgio_flush (link->io) > 0 && monotime_now () < deadline) {
        struct pollfd pfd = {.fd = msgio_fd (link->io), .events = POLLOUT};
        poll (&pfd, 1, 100);
    }
}

int link_pending (const struct link *link)
{
    return link->pending;
}
