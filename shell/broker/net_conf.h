/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the overlay takes from the configuration (flux-config-tbon in flux-config(5)). It is read
 * before the brokers have found each other, so that each must be given the same. */

#ifndef FLUX_BROKER_NET_CONF_H
#define FLUX_BROKER_NET_CONF_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;

/* The keys of the table [tbon] become attributes, but for those that are set; so does "custom" as
 * tbon.topo when the hosts of [bootstrap] have parents. EINVAL with a sentence. */
int net_conf_attrs (struct attrs *attrs, const json_t *conf, flux_error_t *errp);

/* For the topology "custom": the parent of each rank, -1 for rank 0, which the caller frees. That
 * is the host which [bootstrap] names as the parent of its host, or if that is not in this instance
 * the parent of that, and so on; and rank 0 where none is. hostlist has the hosts of all ranks (RFC
 * 29). NULL with EINVAL and a sentence. */
int *net_conf_parents (const json_t *conf, const char *hostlist, uint32_t size, flux_error_t *errp);

#endif /* !FLUX_BROKER_NET_CONF_H */
