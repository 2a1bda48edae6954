/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Runs the table of machine.h: takes events, enters states, tells children and clients. Provides
 * the `state-machine` service (get, wait, monitor). A broker below rank 0 follows its parent: the
 * parent's state comes by a `monitor` request and is turned into events. */

#ifndef FLUX_BROKER_LIFE_H
#define FLUX_BROKER_LIFE_H

#include <flux/types.h>

#include "shell/broker/machine.h"

struct life;
struct router;

/* Called on entering each state. It may post events; they are handled after it returned. */
typedef void (*life_enter_f) (enum broker_state state, void *arg);

struct life *life_create (struct router *rt, life_enter_f enter, void *arg);
void life_destroy (struct life *life);

void life_post (struct life *life, const char *event);
enum broker_state life_state (const struct life *life);

/* Seconds since the state was entered. */
double life_duration (const struct life *life);

/* Ask the parent to tell its states (rank > 0, once the parent is up; again after healing). */
void life_follow_parent (struct life *life);

#endif /* !FLUX_BROKER_LIFE_H */
