/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The ways in which output of jobs comes to rank 0: the request job-exec.append, and the last word
 * of a job shell. They are taken apart by hand: a JSON library would look at each byte of the
 * output several times. */

#ifndef FLUX_SERVICE_JOB_EXEC_APPEND_H
#define FLUX_SERVICE_JOB_EXEC_APPEND_H

#include <stdbool.h>
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

/* What the broker of another rank says of a job shell: {"type":s, "status"?:i, "result"?:s}. The
 * last of it, "exited", comes with ENODATA as the text of that. */
struct shell_report {
    char type[16];
    int status;
    struct buf result; // data is NULL when there is none
};
/* -1 with EPROTO, ENOMEM or the error of the response; to be cleared in any case. */
int shell_report_decode (struct shell_report *r, const flux_msg_t *msg);
void shell_report_clear (struct shell_report *r);

/* That result: {"status":i, "append"?:[[path, text], ...]}. take() is called for each text, which
 * is valid for the call. False when there is no status in it. */
typedef void (*append_f) (const char *path, const char *text, size_t len, void *arg);
bool shell_result_decode (const char *result, int *status, append_f take, void *arg);

#endif /* !FLUX_SERVICE_JOB_EXEC_APPEND_H */
