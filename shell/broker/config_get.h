/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `config` service. An instance under Slurm is configured by options and attributes and has no
 * configuration file; commands that ask for one get an empty object. */

#ifndef FLUX_BROKER_CONFIG_GET_H
#define FLUX_BROKER_CONFIG_GET_H

struct router;

int config_service_add (struct router *rt);

#endif /* !FLUX_BROKER_CONFIG_GET_H */
