/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `log` service of a broker: a ring of RFC 5424 lines, shown by flux-dmesg(1). Where
 * they go besides is up to log_sink.h. */

#ifndef FLUX_BROKER_LOG_H
#define FLUX_BROKER_LOG_H

#include <flux/types.h>

struct attrs;
struct log;
struct router;

struct log *log_create (struct router *rt, const struct attrs *attrs, flux_error_t *errp);
void log_destroy (struct log *log);

#endif /* !FLUX_BROKER_LOG_H */
