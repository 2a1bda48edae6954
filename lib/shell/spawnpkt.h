/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a broker, its spawner and the job shells tell each other: packets on one SOCK_SEQPACKET
 * pair, of which the spawner and all its job shells share one end.
 *
 *     0      4      8              16     20
 *     | type | value|      id      | len  | text, len bytes ...
 *
 * Text above SPAWNPKT_INLINE_MAX does not ride in the packet but in a memfd that is passed with it,
 * so that a packet is always sent whole.
 *
 * The spawner knows processes, by numbers that the broker gives them: an id of its packets is such
 * a number, but that of START. A job shell knows its job: the ids of its packets are those of jobs.
 * One that stays when its job has ended takes the next START packet over a socket of its own, which
 * the broker got with the result. */

#ifndef FLUX_SHELL_SPAWNPKT_H
#define FLUX_SHELL_SPAWNPKT_H

#include <stddef.h>
#include <stdint.h>

#define SPAWNPKT_INLINE_MAX (32 * 1024)
#define SPAWNPKT_TEXT_MAX (64 * 1024 * 1024)

enum {
    SPAWNPKT_START = 1, // to the spawner, or a shell that stays: text is the request, id the job,
                        // value the number of the process
    SPAWNPKT_KILL,      // to the spawner: value is a signal number
    SPAWNPKT_BYE,       // to the spawner: the broker lives on and cleans up itself
    SPAWNPKT_STARTED,   // to the broker: value is the job shell's pid
    SPAWNPKT_FAILED,    // to the broker: value is an errno, text says what failed
    SPAWNPKT_EXITED,    // to the broker: value is a wait status
    SPAWNPKT_CONNECT,   // a job shell to the broker: fd is a socket to serve
    SPAWNPKT_RESULT,    // a job shell to the broker: text is its result; value is SPAWNPKT_LEAVES,
                        // or of one that stays the wait status that it would have had, and the
                        // first time fd is for the next START
};

#define SPAWNPKT_LEAVES (-1)

struct spawnpkt {
    int type;
    int value;
    uint64_t id;
    int fd; // -1: none
    const char *text;
    size_t len;
};

/* Room for one received packet; all zero before the first. The text of a packet, NUL-terminated,
 * lies in here until the next spawnpkt_recv() or spawnpkt_clear(). */
struct spawnpkt_buf {
    char *data;
    char *large;
};

/* With a blocking socket waits until there is room. pkt->fd is not closed. -1 with errno. */
int spawnpkt_send (int sock, const struct spawnpkt *pkt);

/* Returns 1, or 0 when the other end is gone, or -1 with errno (EAGAIN; EPROTO for what is no
 * packet, which is skipped). The caller closes pkt->fd. */
int spawnpkt_recv (int sock, struct spawnpkt_buf *buf, struct spawnpkt *pkt);

void spawnpkt_clear (struct spawnpkt_buf *buf);

#endif /* !FLUX_SHELL_SPAWNPKT_H */
