/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From an event of a job's output (RFC 24) to what step.run sends of it. */

#ifndef FLUX_SERVICE_STEP_OUTPUT_H
#define FLUX_SERVICE_STEP_OUTPUT_H

#include <stddef.h>

#include "lib/util/buf.h"

/* Append the payload for one line of the eventlog, or nothing when there is nothing to show in it.
 * t0 is when the job was submitted: messages of the job shell tell the time since then. */
void step_output (struct buf *b, const char *line, size_t len, double t0);

/* The same for an exception of the job. */
void step_exception (struct buf *b, const char *entry, const char *idtext, double t0,
                     int *severity);

#endif /* !FLUX_SERVICE_STEP_OUTPUT_H */
