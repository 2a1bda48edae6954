/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Operations of a group end at the lowest broker that has all members below it: it holds them for
 * rank 0, as long as nobody comes or goes. Rank 0 takes them back before anything changes, so there
 * is one order of operations, joins and deaths all the same. */

#ifndef FLUX_SERVICE_GROUP_HOLD_H
#define FLUX_SERVICE_GROUP_HOLD_H

#include "shell/service/group/private.h"

/* ---- the lowest broker ---- */

/* An operation of all members was put together here, and went up: when there were some, ask rank 0
 * for those to come. */
void group_hold_consider (struct group *g, uint32_t seq);
/* The answer is not there yet: this operation waits for it. */
bool group_hold_waits (const struct group *g, uint32_t seq);
void group_recall_cb (struct router *rt, const flux_msg_t *msg, void *arg);
/* A view that was made without this broker's consent: rank 0 gave it up. */
void group_hold_drop (struct group *g);

/* ---- rank 0 ---- */

void group_hold_cb (struct router *rt, const flux_msg_t *msg, void *arg);
/* Another broker holds the operations: they are taken back, and then `again` is called. False when
 * rank 0 has them. */
bool group_hold_defer (struct group *g, const flux_msg_t *msg, handler_f again);
/* The same for a node that is lost. */
bool group_hold_lost (struct group *g, uint32_t node);
/* Try again what found a rank out of reach. */
void group_hold_again (struct group_service *gs);
void group_hold_free (struct group *g);
/* This one, which is over, ended at another broker. */
bool group_hold_had (const struct group *g, uint32_t seq);

/* ---- brokers of members ---- */

void group_where_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_GROUP_HOLD_H */
