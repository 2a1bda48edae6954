/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Queue policies, by the names that Fluxion gives them: in which order waiting jobs get resources.
 *
 *   fcfs          the first that does not fit now holds up all behind it
 *   easy          the first that does not fit has a reservation; others may go first if they do not
 *                 delay it
 *   conservative  as easy, with a reservation for every job that is looked at
 *   hybrid        as easy, with a reservation for the first reservation-depth jobs
 *
 * Each queue (RFC 33) has its own policy and its own depths; the default is for jobs without a
 * queue and for queues that have none. */

#ifndef FLUX_SERVICE_SCHED_QPOLICY_H
#define FLUX_SERVICE_SCHED_QPOLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;

struct qpolicy {
    const char *name;           // static
    bool backfill;              // jobs behind one that waits may go first
    uint32_t queue_depth;       // waiting jobs that a pass looks at
    uint32_t reservation_depth; // of them, how many get a reservation
};

struct qpolicies {
    struct qpolicy dflt;
    struct qpolicy_entry {
        char *queue;
        struct qpolicy policy;
    } * entries;
    size_t count;
};

/* From the tables [sched-fluxion-qmanager] and [queues] of a configuration (NULL: none), and
 * attributes (NULL: none), which go before the table's own keys but not before those of a queue.
 * EINVAL: the sentence names the key. */
int qpolicies_parse (struct qpolicies *qp, const json_t *conf, const struct attrs *attrs,
                     flux_error_t *errp);
void qpolicies_clear (struct qpolicies *qp);

/* queue NULL: jobs without one. */
const struct qpolicy *qpolicies_find (const struct qpolicies *qp, const char *queue);

#endif /* !FLUX_SERVICE_SCHED_QPOLICY_H */
