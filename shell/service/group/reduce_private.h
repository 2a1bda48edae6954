/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of collective operations share. */

#ifndef FLUX_SERVICE_GROUP_REDUCE_PRIVATE_H
#define FLUX_SERVICE_GROUP_REDUCE_PRIVATE_H

#include "lib/tasks/combine.h"
#include "shell/service/group/hold.h"
#include "shell/service/group/results.h"

/* Who waits for the result. */
struct waiter {
    const flux_msg_t *msg;
    int rank; // of a task or job shell here that contributed; -1: another broker
    struct waiter *next;
};

struct op {
    struct reduce *reduce;
    char key[OP_KEY_SIZE];
    uint32_t uid;
    uint32_t seq;
    char name[GROUP_NAME_MAX + 1];
    struct idset *need; // or NULL
    struct combine open;
    struct waiter *waiters; // for what is in open
    struct idset *sent;
    int nbatches;  // under way
    bool failed;   // nobody need be waited for
    bool again;    // something was sent again
    bool late;     // rank 0: it ended at another broker, but not for all
    bool unsure;   // one of those that may have its result was out of reach
    int questions; // under way, see reduce_recover.c
    UT_hash_handle hh;
};

/* Contributions on their way up. */
struct batch {
    struct op *op;
    struct buf data;
    struct waiter *waiters;
    double since;
    ev_timer again;
    uint32_t matchtag;
    struct batch *prev, *next;
};

struct reduce {
    struct group_service *gs;
    struct op *ops;
    struct batch *batches;
    struct results *results;
    struct idset *lost; // rank 0: brokers that were; some may be back
    ev_timer recheck;   // while there are operations: the tree may have changed
    struct {
        uint64_t ended, from_tasks, from_brokers, sent_up;
    } stats;
};

/* reduce_op.c */
void op_key (char key[OP_KEY_SIZE], const struct group_frame *f);
struct op *op_lookup (struct reduce *r, const struct group_frame *f);
struct op *op_get (struct reduce *r, struct group_frame *f); // takes f->need over
void op_free (struct op *op);
void op_encode (const struct op *op, struct buf *b);
void waiters_free (struct waiter *list);
void waiters_answer (struct router *rt, struct waiter **list, const struct buf *data);
void waiters_fail (struct router *rt, struct waiter **list, int errnum);
/* What an operation gave, which is over here; takes over data. Of a group the last one is enough,
 * as no member is further behind. */
void op_keep_result (struct op *op, struct buf *data);

/* reduce.c: what is complete goes up, or ends here. It may be gone then. */
void op_check (struct op *op);

/* reduce_recover.c */
void op_recover (struct op *op);

/* reduce_batch.c: send what is in op->open up. */
void op_forward (struct op *op);
void batch_free (struct batch *b);

#endif /* !FLUX_SERVICE_GROUP_REDUCE_PRIVATE_H */
