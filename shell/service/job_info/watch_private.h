/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between watch.c and catchup.c. */

#ifndef FLUX_SERVICE_JOB_INFO_WATCH_PRIVATE_H
#define FLUX_SERVICE_JOB_INFO_WATCH_PRIVATE_H

#include <ev.h>
#include <stdbool.h>
#include <uthash.h>

#include "shell/broker/router.h"
#include "shell/service/job_info/watch.h"
#include "shell/service/kvs/kvs.h"

#define WATCH_BIG (1u << 20)    // bytes that are sent at once
#define WATCH_SMALL (64u << 10) // bytes that are sent without asking whether the client reads

struct watch {
    struct watches *w;
    const flux_msg_t *msg;
    uint64_t id;
    bool main_log; // "eventlog": ends with the event `clean`
    bool ended;    // nothing more can come once what is there was sent
    bool sentinel; // to be sent after what is there
    char *key;
    struct kvs_local_watch *kw;
    size_t sent, skip; // bytes that were sent; of these, what the store will say once more
    char *data;        // catchup.c: the log as it was
    size_t len;
    bool behind;               // is not told of new data before it has caught up
    struct watch *prev, *next; // of all
    struct watch *ended_prev, *ended_next;
    struct membership {
        struct group *group;
        struct watch *prev, *next;
    } in[2];
};

/* Watches of the same job, or of the same matchtag. */
enum by { BY_JOB, BY_TAG };
struct group {
    uint64_t key;
    struct watch *list;
    UT_hash_handle hh;
};

struct watches {
    struct router *rt;
    struct kvs *kvs;
    struct job_manager *jm;
    struct watch *list;
    struct watch *ended; // to be answered for the last time
    struct group *jobs, *tags;
    size_t count;
    size_t held; // bytes of data of those that are behind
    ev_timer timer;
};

/* One response for each line. */
void logwatch_send_lines (struct watch *watch, const char *data, size_t len);

/* Be told of what is written from now on, after what was sent already. */
void logwatch_follow (struct watch *watch);
void logwatch_end (struct watch *watch, int errnum, const char *text);

/* catchup.c: send what is there from watch->sent on as fast as it is read, then logwatch_follow().
 */
bool catchup_is_due (const struct watch *watch, size_t len);
void catchup_begin (struct watch *watch);
void catchup_drop (struct watch *watch);
void catchup_init (struct watches *w);

#endif /* !FLUX_SERVICE_JOB_INFO_WATCH_PRIVATE_H */
