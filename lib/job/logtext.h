/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A message of a job shell, an event `log` in a job's output, as people read it. */

#ifndef FLUX_JOB_LOGTEXT_H
#define FLUX_JOB_LOGTEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/util/buf.h"

/* Append a line: t is in seconds since the job was submitted, verbose names the source, too. */
void logtext_message (struct buf *b, const json_t *context, bool verbose); // without the time
void logtext_append (struct buf *b, double t, const json_t *context, bool verbose);

#endif /* !FLUX_JOB_LOGTEXT_H */
