/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of one broker for its tests: its network is a list. */

#ifndef FLUX_TEST_GROUP_RIG_H
#define FLUX_TEST_GROUP_RIG_H

#include <flux/message.h>

#include "lib/tasks/combine.h"
#include "shell/broker/router.h"
#include "shell/service/group/group.h"
#include "testsuite/unit/cmocka.h"

#define SENT_MAX 64

struct fixture {
    struct ev_loop *loop;
    struct router *rt;
    struct group_service *groups;
    const flux_msg_t *up[SENT_MAX];
    int nup;
    const flux_msg_t *responses[SENT_MAX];
    int nresponses;
};

/* Rank 0, alone or of 8; or rank 1 of 8 in a binary tree: 3 and 4 are its children, 7 is below 3.
 */
int rig_setup_root (void **state);
int rig_setup_tree_root (void **state);
int rig_setup_inner (void **state);
int rig_teardown (void **state);

void rig_turn (struct fixture *f);

/* A request group.reduce of the group "g", with one value; need may be NULL. */
flux_msg_t *rig_reduce (int op, uint32_t seq, const char *have, const char *need, int64_t value);

/* The result in a message: errnum, and who has contributed. */
int rig_result (const flux_msg_t *msg, const char *have);

#endif /* !FLUX_TEST_GROUP_RIG_H */
