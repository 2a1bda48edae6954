/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What became of the jobs of an instance, as notes on the job that it is in the one above: "jobs",
 * its own, and "below", those of instances in it at any depth. So results climb to the top, also
 * while all still run. Each is {"successful","failed","canceled","timeout"}. */

#ifndef FLUX_SERVICE_UPLINK_OUTCOMES_H
#define FLUX_SERVICE_UPLINK_OUTCOMES_H

struct job_manager;
struct outcomes;
struct router;
struct uplink;

struct outcomes *outcomes_create (struct router *rt, struct uplink *up, struct job_manager *jm);
void outcomes_destroy (struct outcomes *r);

/* The instance ends: leave it for good that it did, and with what. Waits for the answer. */
void outcomes_finish (struct outcomes *r);

#endif /* !FLUX_SERVICE_UPLINK_OUTCOMES_H */
