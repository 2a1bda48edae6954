/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The eventlogs that a job shell writes (RFC 16, 18): guest.exec.eventlog, guest.output,
 * guest.input. Text gathers for a while before it is sent; what a job leaves unsent at its end goes
 * along with its result. From the leader it goes to the job manager's rank 0, from the other shells
 * to the leader.
 *
 * The way there may break and be healed. What was under way then is sent again, in order; a number
 * in each request lets the receiver drop what it has got already and refuse what comes too early:
 *
 *   {"id","path","data","seq":n from 1 on,"shell":rank} -> ok, also when it was known; EAGAIN */

#ifndef FLUX_SHELL_JOBLOG_H
#define FLUX_SHELL_JOBLOG_H

#include <ev.h>
#include <stdbool.h>

#include "lib/shell/link.h"
#include "lib/util/buf.h"

/* They are sent in this order: who learns from guest.exec.eventlog that the shell has started finds
 * the output log there. */
enum joblog_path {
    JOBLOG_OUTPUT, // guest.output
    JOBLOG_INPUT,  // guest.input
    JOBLOG_EXEC,   // guest.exec.eventlog
    JOBLOG_PATHS,
};

struct joblog;

struct joblog_config {
    uint64_t id;
    int shell_rank;
    const char *topic; // where appended text is sent
    uint32_t nodeid;
    double delay;             // seconds that text may wait to be sent,
    double first_delay;       // and that the very first of it may
    void (*idle) (void *arg); // called when joblog_busy() ceases to be true, and when all is sent
    void *arg;
};

#define JOBLOG_SEND_SIZE (256 * 1024)           // text that is sent without delay
#define JOBLOG_UNSENT_MAX (4 * 1024 * 1024)     // busy from here on
#define JOBLOG_RESEND_DELAY .1                  // seconds from a failure to the next try
#define JOBLOG_RESEND_TIME 60.                  // seconds to try, then text is given up
#define JOBLOG_IN_FLIGHT_MAX (16 * 1024 * 1024) // busy from here on, and nothing more is sent

/* The config's strings must outlive the log. */
struct joblog *joblog_create (struct ev_loop *loop, struct link *link,
                              const struct joblog_config *config);

void joblog_destroy (struct joblog *log);

/* Add one event. context is JSON text or NULL; a time of 0 means now. */
void joblog_event (struct joblog *log, enum joblog_path path, double timestamp, const char *name,
                   const char *context);

/* Add events as text: append to the buffer, then say so. */
struct buf *joblog_buf (struct joblog *log, enum joblog_path path);
void joblog_added (struct joblog *log);
/* The same, where it may wait another time than the config says; below 0: no other. */
void joblog_added_within (struct joblog *log, double seconds);

/* Add text of another shell. ENOENT for a path that is none of the above. */
int joblog_add_text (struct joblog *log, const char *path, const char *text, size_t len);

/* So much is unsent or unanswered that whoever produces text should stop for now. */
bool joblog_busy (const struct joblog *log);

/* Send what there is now. */
void joblog_flush (struct joblog *log);

/* For the receiver: *next is the number it waits for, 0 at first. Says what is to be done. */
enum joblog_gate { JOBLOG_TAKE, JOBLOG_KNOWN, JOBLOG_EARLY };
static inline enum joblog_gate joblog_gate (uint64_t *next, uint64_t seq)
{
    if (*next == 0)
        *next = 1;
    if (seq != *next)
        return seq < *next ? JOBLOG_KNOWN : JOBLOG_EARLY;
    ++*next;
    return JOBLOG_TAKE;
}

/* Nothing sent is unanswered. */
bool joblog_settled (const struct joblog *log);

/* Take out what is not sent, as JSON text: an array of [path, text]. */
void joblog_take (struct joblog *log, struct buf *b);
size_t joblog_unsent (const struct joblog *log);

#endif /* !FLUX_SHELL_JOBLOG_H */
