/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* When this instance, and those before it in the same KVS, started and ended: admin.eventlog, which
 * flux startlog reads. A start without a finish behind it is a crash. */

#ifndef FLUX_SERVICE_STARTLOG_H
#define FLUX_SERVICE_STARTLOG_H

struct kvs;

/* -1 with errno */
int startlog_start (struct kvs *kvs);
int startlog_finish (struct kvs *kvs);

#endif /* !FLUX_SERVICE_STARTLOG_H */
