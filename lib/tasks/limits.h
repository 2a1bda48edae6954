/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Every limit of the groups of tasks, in one place. Sizes are in bytes. */

#ifndef FLUX_TASKS_LIMITS_H
#define FLUX_TASKS_LIMITS_H

#define GROUP_NAME_MAX 127  // of a group, with its scope
#define GROUP_TOPIC_MAX 255 // of what is published
#define GROUP_RANK_MAX ((1u << 20) - 1)
#define GROUP_SET_TEXT_MAX (1u << 20) // of a set of ranks
#define GROUP_PARTS_MAX (1u << 20)
#define GROUP_DATA_MAX (64u << 20)    // all parts of a collective operation
#define GROUP_MESSAGE_MAX (64u << 20) // from one member to another, or published
#define GROUP_GROUPS_MAX 65536        // in an instance
#define GROUP_JOINS_MAX 1024          // of one client of a broker
#define GROUP_ADDRESS_MAX 127         // name of a member's service

#define GROUP_RESULTS_TIME 60.        // seconds that a result is kept to be asked for again
#define GROUP_RESULTS_MAX (32u << 20) // and of all of them together
#define GROUP_RETRY_TIME 60.          // seconds to look for a way to rank 0
#define GROUP_RETRY_PAUSE .1
#define GROUP_RECHECK_TIME 1.
#define GROUP_HOLD_AFTER 3 // operations of the same members, before they end below rank 0

#endif /* !FLUX_TASKS_LIMITS_H */
