/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where log lines go besides the ring: rank 0, a file, syslog, stderr, as the attributes log-* say
 * (flux-broker-attributes(7)). */

#ifndef FLUX_BROKER_LOG_SINK_H
#define FLUX_BROKER_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

struct attrs;
struct log_sink;
struct router;

/* A bad value, or a file that cannot be written, is refused by its name. */
struct log_sink *log_sink_create (struct router *rt, const struct attrs *attrs, flux_error_t *errp);
void log_sink_destroy (struct log_sink *sink);

/* Whether the ring takes lines of this severity (syslog's number). */
bool log_sink_keeps (const struct log_sink *sink, int severity);

/* An RFC 5424 line, NUL-terminated, with or without a line break at its end. */
void log_sink_put (struct log_sink *sink, int severity, const char *line, size_t len);

#endif /* !FLUX_BROKER_LOG_SINK_H */
