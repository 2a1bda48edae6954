/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `module` service: the modules of a broker (RFC 5). Its own services are in the list too. */

#ifndef FLUX_SERVICE_MODULE_MODULES_H
#define FLUX_SERVICE_MODULE_MODULES_H

struct attrs;
struct conf_service;
struct modules;
struct router;

struct modules *modules_create (struct router *rt, const struct attrs *attrs,
                                struct conf_service *conf);

/* Cuts off what still runs. */
void modules_destroy (struct modules *mods);

/* Ask all to end; cb comes when none is left, or after a time-out. It may come at once. */
typedef void (*modules_gone_f) (void *arg);
void modules_unload_all (struct modules *mods, modules_gone_f cb, void *arg);

#endif /* !FLUX_SERVICE_MODULE_MODULES_H */
