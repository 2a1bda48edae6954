/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `overlay` service of an instance of one broker, which has no overlay (net.h). */

#ifndef FLUX_BROKER_LONE_H
#define FLUX_BROKER_LONE_H

struct router;

/* *since is set to now, and must stay. */
int lone_overlay_service_add (struct router *rt, double *since);

#endif /* !FLUX_BROKER_LONE_H */
