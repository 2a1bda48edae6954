/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of each broker, see flux-group-protocol(7): named groups of tasks, and
 * operations of all members of a group or of all shells of a job, which are joined on their way up
 * the tree. Rank 0 says who is a member. */

#ifndef FLUX_SERVICE_GROUP_GROUP_H
#define FLUX_SERVICE_GROUP_GROUP_H

#include <stdint.h>

struct group_service;
struct router;

struct group_service *group_service_create (struct router *rt);
void group_service_destroy (struct group_service *gs);

/* Rank 0: a broker is gone for good, and so are the tasks on its node. */
void group_service_rank_lost (struct group_service *gs, uint32_t rank);

#endif /* !FLUX_SERVICE_GROUP_GROUP_H */
