/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The configuration table [kvs] (flux-config-kvs(5) of flux-core). */

#ifndef FLUX_SERVICE_KVSCONF_H
#define FLUX_SERVICE_KVSCONF_H

#include <flux/types.h>

struct conf_service;
struct kvs;

/* Take it now and whenever it changes; EINVAL with a sentence. conf may be NULL. */
int kvsconf_start (struct kvs *kvs, struct conf_service *conf, flux_error_t *errp);
void kvsconf_stop (struct kvs *kvs, struct conf_service *conf);

#endif /* !FLUX_SERVICE_KVSCONF_H */
