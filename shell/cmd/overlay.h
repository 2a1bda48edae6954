/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sub-verbs of flux overlay that have files of their own, and what they share. */

#ifndef FLUX_CMD_OVERLAY_H
#define FLUX_CMD_OVERLAY_H

#include <jansson.h>
#include <flux/core.h>

#include "shell/cmd/cmd.h"

struct hostlist;
struct idset;

#define OVERLAY_DEPTH_MAX 64
#define OVERLAY_TIMEOUT 0.5 // seconds that each broker has for its answer

extern const struct cmd_verb overlay_status_verb;
extern const struct cmd_verb overlay_errors_verb;
extern const struct cmd_verb overlay_trace_verb;
extern const struct cmd_verb overlay_rejoin_verb;
extern const struct cmd_verb overlay_grow_verb;

/* An instance as these verbs look at it. */
struct overlay_view {
    struct cmd *c;
    flux_t *h;
    struct hostlist *hosts; // of its ranks; NULL: not known
    double timeout;         // for each broker; below 0: for ever
    double rpc_time;        // of the last overlay_health()
};

/* Set c (and timeout) before. Ends the program when there is no instance. */
void overlay_open (struct overlay_view *v);
void overlay_close (struct overlay_view *v);

/* What a broker says of its subtree; the caller frees it. NULL when it does not answer. */
json_t *overlay_health (struct overlay_view *v, uint32_t rank, flux_error_t *errp);

/* Is a broker with this status there to be asked? */
bool overlay_is_up (const char *status);

/* Rank of the parent in a topology, -1 when the rank is not in there or is its top. */
int overlay_parent_of (const json_t *topology, int rank);

/* The hosts of ranks as a hostlist, which the caller frees; NULL when out of memory. */
char *overlay_hosts_of (struct overlay_view *v, const struct idset *ranks);

/* All ranks of the hosts, of which one may have several; the caller frees it. When there is no such
 * host it is named in *bad. */
struct idset *overlay_ranks_of (struct overlay_view *v, const char *hosts, const char **bad);

/* The rank that an operand names by number, or by a host which has just one. Ends the program when
 * there is none. The latter for who has a handle only. */
int overlay_view_rank (struct overlay_view *v, const char *target);
int overlay_target_rank (struct cmd *c, flux_t *h, const char *target);

/* The tree as it was planned, which the caller frees. Ends the program when it can't be had. */
json_t *overlay_topology_rpc (struct cmd *c, flux_t *h);

/* --launch and --setattr, for verbs that start brokers. */
extern const struct cmd_opt overlay_launch_opts[];

/* For verbs that show messages as they pass: their common options, the mask of --type, and what the
 * streaming RPC f tells until it fails. */
extern const struct cmd_opt trace_show_opts[];
int trace_typemask (struct cmd *c);
int trace_show (struct cmd *c, flux_future_t *f);

#endif /* !FLUX_CMD_OVERLAY_H */
