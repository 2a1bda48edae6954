/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What an instance says of itself, for the fields instance.* of the job that it is. */

#ifndef FLUX_CMD_JOBINSTANCE_H
#define FLUX_CMD_JOBINSTANCE_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/core.h>

/* True when the job is an instance that runs now. */
bool jobinstance_running (const json_t *job);

/* {"stats":{},"resources":{}}, see jobinfo_set_instance(). NULL when it does not answer. */
json_t *jobinstance_numbers (flux_t *h);

/* Connect to the instance that the job is, ask it and hang its numbers on the job. */
void jobinstance_ask (json_t *job);

/* A job object for the instance of `h` itself: its job in the parent where that can be asked, else
 * one made of its attributes, with the name ".", the size and the start time; the field id is then
 * missing. The caller frees it. NULL with errno. */
json_t *jobinstance_self (flux_t *h);

#endif /* !FLUX_CMD_JOBINSTANCE_H */
