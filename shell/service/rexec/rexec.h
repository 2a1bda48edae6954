/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The rexec service (RFC 42) of each rank: processes started by request, for flux-exec(1).
 * Auxiliary channels, message channels and attach are not there; they are refused by name. */

#ifndef FLUX_SERVICE_REXEC_REXEC_H
#define FLUX_SERVICE_REXEC_REXEC_H

struct attrs;
struct rexec;
struct router;

struct rexec *rexec_create (struct router *rt, const struct attrs *attrs);
void rexec_destroy (struct rexec *rx);

#endif /* !FLUX_SERVICE_REXEC_REXEC_H */
