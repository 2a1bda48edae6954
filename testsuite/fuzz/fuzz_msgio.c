/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The stream of a local socket, fed in pieces whose sizes the first byte gives. */

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/codec/msgio.h"
#include "testsuite/fuzz/fuzz.h"

static bool take_all (struct msgio *io)
{
    flux_msg_t *msg;

    while ((msg = msgio_next (io)))
        flux_msg_destroy (msg);
    MUST (errno == EAGAIN || errno == EPROTO || errno == EMSGSIZE || errno == ENOMEM);
    MUST (msgio_ready (io) == (errno != EAGAIN));
    return errno == EAGAIN;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    int fd[2];
    size_t step = size > 0 ? (data[0] + 1) * 7 : 1;

    if (socketpair (AF_UNIX, SOCK_STREAM, 0, fd) < 0)
        return 0;
    struct msgio *io = msgio_create (fd[0]);
    for (size_t pos = 1; pos < size; pos += step) {
        size_t n = size - pos < step ? size - pos : step;
        MUST (write (fd[1], data + pos, n) == (ssize_t)n);
        if (msgio_fill (io) < 0 || !take_all (io))
            break;
    }
    close (fd[1]);
    msgio_destroy (io);
    return 0;
}
