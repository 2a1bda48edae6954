/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The request job-exec.append, by which output of jobs comes to rank 0. It is taken apart by hand:
 * a JSON library would look at each byte of the output several times. */

#ifndef FLUX_SERVICE_JOB_EXEC_APPEND_H
#define FLUX_SERVICE_JOB_EXEC_APPEND_H

#include <stdint.h>
#include <flux/message.h>

#include "lib/util/buf.h"

struct append_request {
    uint64_t id, seq;
    char path[65];
    struct buf data; // UTF-8
};

/* -1 with EPROTO or ENOMEM. append_clear() is to be called in any case. */
int append_decode (struct append_request *req, const flux_msg_t *msg);
void append_clear (struct append_request *req);

#endif /* !FLUX_SERVICE_JOB_EXEC_APPEND_H */
