/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Many connections to a local socket over one transport, such as an ssh: `flux proxy` is at one end
 * and accepts them, `flux relay --mux` at the other and makes them. On the transport are frames,
 * numbers big-endian:
 *
 *     +----------------+----------------+-----------------+
 *     | stream (4)     | length (4)     | data            |
 *     +----------------+----------------+-----------------+
 *
 * The first frame of a number, which has no data, opens a stream; the next one without is its end.
 * The relay begins with a frame of stream 0 once it has found that somebody listens at its end.
 * Other frames of stream 0 name a stream that is not read, of which the other end is to send no
 * more for now, or again. */

#ifndef FLUX_CMD_MUX_H
#define FLUX_CMD_MUX_H

#include <signal.h>
#include <stdbool.h>

struct mux;

/* `in` and `out` are the transport (may be the same; made non-blocking, not closed). listen_fd:
 * where to accept, or -1 to connect to `path`. NULL with ENOMEM. */
struct mux *mux_create (int in, int out, int listen_fd, const char *path);
void mux_destroy (struct mux *m);

/* Streams outlive the transport: before the first one. After mux_lost() their clients' requests
 * have failed with ECONNRESET; those in the middle of a message are closed. With another transport,
 * and once that is ready, they go on, with the subscriptions and services that they had. */
void mux_follow (struct mux *m);
void mux_lost (struct mux *m);
void mux_renew (struct mux *m, int in, int out);

/* The relay's first frame. */
void mux_say_ready (struct mux *m);
bool mux_is_ready (const struct mux *m);

/* Wait for something to do, with these signals blocked, and do it. -1 when the transport has ended
 * (ECONNRESET) or sends nonsense (EPROTO); EINTR by a signal counts as done. */
int mux_turn (struct mux *m, const sigset_t *mask);

#endif /* !FLUX_CMD_MUX_H */
