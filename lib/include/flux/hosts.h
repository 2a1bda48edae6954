/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which broker rank is on which host, by the attribute "hostlist", which is asked for once per
 * handle. With several brokers on a host, a host is its lowest rank. */

#ifndef FLUX_HOSTS_H
#define FLUX_HOSTS_H

#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Always something to print: "any" and "upstream" for these nodeids, "(null)" when not known. */
FLUX_EXPORT const char *flux_get_hostbyrank (flux_t *h, uint32_t rank);

/* -1 with errno when there is none. */
FLUX_EXPORT int flux_get_rankbyhost (flux_t *h, const char *host);

/* The hosts of an idset of ranks, or the ranks of a hostlist. The caller frees it. */
FLUX_EXPORT char *flux_hostmap_lookup (flux_t *h, const char *targets, flux_error_t *errp);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_HOSTS_H */
