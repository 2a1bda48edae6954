/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* ZeroMQ sockets on a libev loop.
 *
 * ZMQ_FD is edge-triggered: it tells that ZeroMQ has news, and any call on the socket, also a send,
 * may take the news without telling. Hence a socket is "dirty" from each of our calls until a
 * receive found it empty; a prepare watcher asks dirty sockets for ZMQ_EVENTS before the loop may
 * sleep, and a check watcher serves those which have some. */

#ifndef FLUX_OVERLAY_ZLOOP_H
#define FLUX_OVERLAY_ZLOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <ev.h>
#include <zmq.h>

struct zloop;
struct zsock;

/* Called when there may be messages: receive until zsock_recv() fails, or OVERLAY_TURN_MESSAGES.
 * The socket may be destroyed in it. */
typedef void (*zsock_f) (struct zsock *zs, void *arg);
typedef void (*zmon_f) (uint16_t event, uint32_t value, void *arg);
typedef void (*zturn_f) (void *arg);

/* Makes a ZeroMQ context. `turn` is called from the check phase after zloop_defer(), `flush` before
 * the loop may sleep, when all others have prepared for that. */
struct zloop *zloop_create (struct ev_loop *loop, int io_threads, zturn_f turn, zturn_f flush,
                            void *arg);

/* All sockets must be destroyed before. Waits for lingering messages, OVERLAY_LINGER_MS at most. */
void zloop_destroy (struct zloop *zl);

/* Have `turn` called soon, from the loop. */
void zloop_defer (struct zloop *zl);

struct zsock *zsock_create (struct zloop *zl, int type, zsock_f cb, void *arg);
void zsock_destroy (struct zsock *zs);
int zsock_set_int (struct zsock *zs, int option, int value);
int zsock_set_str (struct zsock *zs, int option, const char *value);
void *zsock_zmq (struct zsock *zs);

/* Start to receive. */
int zsock_watch (struct zsock *zs);

/* Call `cb` with events of this socket's monitor. A second socket does the listening; it goes with
 * zs. zsock_monitor_drain delivers what is there now. */
int zsock_monitor (struct zsock *zs, int events, zmon_f cb, void *arg);
void zsock_monitor_drain (struct zsock *zs);

/* Receive a whole multipart message; parts[] is filled and the caller closes it. Returns the count,
 * which is above max when there were more (they are dropped). -1 with EAGAIN when there is none. */
int zsock_recv (struct zsock *zs, zmq_msg_t *parts, int max);

/* Send parts, which are not consumed on failure (EAGAIN, EHOSTUNREACH). After EAGAIN the socket's
 * callback is called before long, to try again. */
int zsock_send (struct zsock *zs, zmq_msg_t *parts, int count);

#endif /* !FLUX_OVERLAY_ZLOOP_H */
