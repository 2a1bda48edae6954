/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_HANDLE_PRIVATE_H
#define FLUX_CLIENT_HANDLE_PRIVATE_H

#include <stdbool.h>
#include <flux/connector.h>
#include <flux/future.h>

#define HANDLE_O_LATER (1 << 30) // to a connector with a msgio: queue the message, don't write

struct msgio;

struct dispatch;

/* A handle over a stream socket, which it takes over on success. */
flux_t *stream_handle_create (int fd, int flags);
int stream_read_greeting (int fd);

/* Free a handle whose connector did not come to life. */
void handle_abandon (flux_t *h);

/* Call cb after the connection was closed. */
void handle_on_closed (flux_t *h, flux_free_f cb, void *arg);

/* The connectors. `path` is what follows "scheme://". */
flux_t *local_open (const char *path, int flags, flux_error_t *errp);
flux_t *fd_open (const char *path, int flags, flux_error_t *errp);
flux_t *exec_open (const char *uri, int flags, flux_error_t *errp); // the whole URI
flux_t *loop_open (const char *path, int flags, flux_error_t *errp);

/* A message can be had without reading from the connector. */
bool handle_has_message (flux_t *h);

/* Messages lie in memory that the connector could not send at once. */
bool handle_has_output (flux_t *h);

/* What to watch: a plain socket, or the fd of flux_pollfd(). */
int handle_watch_fd (flux_t *h);
bool handle_fd_is_plain (flux_t *h);

/* What the connector keeps of a handle. */
void *handle_impl (flux_t *h);

/* The msgio of a handle made by stream_handle_create(), or NULL. */
struct msgio *handle_msgio (flux_t *h);
void handle_set_msgio (flux_t *h, struct msgio *io);

/* A matchtag whose response belongs to this future; forget it when the future goes away before its
 * last response, the tag is free again when that comes. */
uint32_t handle_tag_bind (flux_t *h, flux_future_t *f);
void handle_tag_release (flux_t *h, uint32_t tag);
void handle_tag_forget (flux_t *h, uint32_t tag);

/* Give a response to the future it belongs to. False when it belongs to none. */
bool handle_take_response (flux_t *h, const flux_msg_t *msg);

/* Send a request whose answer is waited for. From within a row of continuations it may leave with
 * those that the others send, when the row ends (reactor_private.h). Takes msg on success. */
int handle_send_rpc (flux_t *h, flux_msg_t *msg);

/* Write what was put off so. */
void handle_send_now (flux_t *h);

/* Read messages until f is ready; others than responses to futures stay for later. `timeout` as in
 * flux_future_wait_for(). */
int handle_wait (flux_t *h, flux_future_t *f, double timeout);

/* The handle whose connection this one uses. */
flux_t *handle_root (flux_t *h);

struct dispatch *handle_dispatch (flux_t *h);
void handle_set_dispatch (flux_t *h, struct dispatch *d);

#endif /* !FLUX_CLIENT_HANDLE_PRIVATE_H */
