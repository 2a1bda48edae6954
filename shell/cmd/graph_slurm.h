/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A JGF (RFC 40) of a Slurm's nodes and switches, from what scontrol prints of them. */

#ifndef FLUX_CMD_GRAPH_SLURM_H
#define FLUX_CMD_GRAPH_SLURM_H

#include <jansson.h>
#include <flux/types.h>

/* NODES is the output of `scontrol -o show node`, TOPOLOGY that of `scontrol -o show topology`
 * (NULL or empty: no switches): cluster / switches / node / socket / core, with memory and each
 * gres beside the sockets. Features become properties. NULL with EINVAL, and what can't be read. */
json_t *graph_from_slurm (const char *cluster, const char *nodes, const char *topology,
                          flux_error_t *errp);

/* The value of KEY= in one line of scontrol, up to the next blank; the caller frees it. NULL: none,
 * or "(null)". */
char *slurm_field (const char *line, const char *key);

#endif /* !FLUX_CMD_GRAPH_SLURM_H */
