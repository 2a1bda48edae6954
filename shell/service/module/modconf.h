/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A new configuration comes to the loaded modules: each gets a request <name>.config-reload, one
 * after the other; when one refuses it, those before it get the old one again. */

#ifndef FLUX_SERVICE_MODULE_MODCONF_H
#define FLUX_SERVICE_MODULE_MODCONF_H

#include <jansson.h>

struct conf_service;
struct modconf;
struct router;

/* names gives the running modules, a new array of strings. */
typedef json_t *(*modconf_names_f) (void *arg);
struct modconf *modconf_create (struct router *rt, struct conf_service *conf, modconf_names_f names,
                                void *arg);
void modconf_destroy (struct modconf *mc);

#endif /* !FLUX_SERVICE_MODULE_MODCONF_H */
