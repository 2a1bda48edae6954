/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages over a local stream socket. On the wire each is
 *
 *   0xffee0012 in host order (4) | size (4, big endian) | flat message of `size` bytes
 *
 * which is what flux-core sends and expects; RFC 3 says that size counts the 8 bytes before the
 * message too, but its implementation does not, and interoperation decides.
 *
 * The fd is non-blocking. Nothing here waits, so that it can be driven from an event loop:
 *
 *   readable:  if (msgio_fill (io) < 0 && errno != EAGAIN) ... gone;
 *              while ((msg = msgio_next (io))) ...;   then errno is EAGAIN, or the peer misbehaved
 *   writable:  rc = msgio_flush (io);                 1: keep watching, 0: all is out
 */

#ifndef FLUX_CODEC_MSGIO_H
#define FLUX_CODEC_MSGIO_H

#include <stdbool.h>
#include <flux/message.h>

struct msgio;

/* Takes over fd and sets it non-blocking; msgio_destroy() closes it. */
struct msgio *msgio_create (int fd);
void msgio_destroy (struct msgio *io);
int msgio_fd (const struct msgio *io);

/* Read once what the socket has, as far as there is room. 0 when bytes came in; -1 with EAGAIN,
 * ECONNRESET at the end of the stream, or the errno of read(2). */
int msgio_fill (struct msgio *io);

/* The next whole message, which the caller owns. NULL with EAGAIN when there is none, EPROTO when
 * the peer sent what is no message, EMSGSIZE when it announced one above CODEC_MESSAGE_MAX; after
 * these two the stream is lost. */
flux_msg_t *msgio_next (struct msgio *io);

/* Whether msgio_next() has something to say (a message, or an error) without more bytes. */
bool msgio_ready (const struct msgio *io);

/* Queue a message to be written. ENOBUFS when the peer reads too slowly and MSGIO_OUT_MAX would be
 * passed. The message may be changed or freed after. */
int msgio_send (struct msgio *io, const flux_msg_t *msg);

/* Queue the greeting byte of a server: 0 to let the client in, or an errno. */
int msgio_greet (struct msgio *io, int errnum);

/* Write what is queued in one writev(2), or a few when there is very much. 0 when all is out, 1
 * when some is left, -1 with errno when the peer is gone (no SIGPIPE). */
int msgio_flush (struct msgio *io);

/* Queued bytes that are not written yet. */
size_t msgio_pending (const struct msgio *io);

#endif /* !FLUX_CODEC_MSGIO_H */
