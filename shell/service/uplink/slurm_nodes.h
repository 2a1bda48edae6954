/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Nodes that the job of Slurm gets while an instance runs in it: the instance gets ranks there, and
 * brokers are started as by `flux overlay grow`. The attribute slurm.grow set to 0 turns it off. */

#ifndef FLUX_SERVICE_UPLINK_SLURM_NODES_H
#define FLUX_SERVICE_UPLINK_SLURM_NODES_H

#include <ev.h>

struct attrs;
struct slurm_nodes;

/* NULL when there is nothing to be done, or no memory. Nodes that the job has already, whether the
 * instance uses them or not, are not touched. */
struct slurm_nodes *slurm_nodes_create (struct ev_loop *loop, const struct attrs *attrs);
void slurm_nodes_destroy (struct slurm_nodes *n);

/* The job has these nodes now, as a hostlist (RFC 29). */
void slurm_nodes_see (struct slurm_nodes *n, const char *nodelist);

#endif /* !FLUX_SERVICE_UPLINK_SLURM_NODES_H */
