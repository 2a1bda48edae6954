/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `log` service of a broker: a ring of RFC 5424 lines, shown by flux-dmesg(1). Errors of other
 * ranks also go to rank 0, which writes errors to its stderr. */

#ifndef FLUX_BROKER_LOG_H
#define FLUX_BROKER_LOG_H

struct attrs;
struct log;
struct router;

struct log *log_create (struct router *rt, const struct attrs *attrs);
void log_destroy (struct log *log);

/* severity is one of syslog's. */
void log_msg (struct log *log, int severity, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

#endif /* !FLUX_BROKER_LOG_H */
