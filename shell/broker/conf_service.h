/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker's configuration and its service, `config` (flux-config(1)). Rank 0 has it from its
 * files and command line; the other ranks follow it, each its parent.
 *
 * A new configuration is taken by all or by none: every watcher checks it, then the stage (the
 * loaded modules) takes it, and only then is it applied. */

#ifndef FLUX_BROKER_CONF_SERVICE_H
#define FLUX_BROKER_CONF_SERVICE_H

#include <jansson.h>
#include <flux/conf.h>
#include <flux/types.h>

struct conf_service;
struct router;

/* `conf` is what the broker was started with; its reference is taken on success. `path` is where
 * `flux config reload` reads again, or NULL. */
struct conf_service *conf_service_create (struct router *rt, const flux_conf_t *conf,
                                          const char *path);
void conf_service_destroy (struct conf_service *cs);

/* The present configuration, an object. Borrowed, until the next apply. */
const json_t *conf_service_get (const struct conf_service *cs);

/* Hear of changes. check (may be NULL) refuses with -1, errno and a sentence which names the key,
 * and changes nothing; apply cannot fail. Neither is called for the present configuration: look at
 * it with conf_service_get(). unwatch ends all with this arg. */
typedef int (*conf_check_f) (const json_t *conf, void *arg, flux_error_t *errp);
typedef void (*conf_apply_f) (const json_t *conf, void *arg);
int conf_service_watch (struct conf_service *cs, conf_check_f check, conf_apply_f apply, void *arg);
void conf_service_unwatch (struct conf_service *cs, void *arg);

/* The one that takes its time: begin gets the new configuration as JSON text and must call
 * conf_service_stage_done() once, errnum 0 when all is well. */
typedef void (*conf_stage_f) (const char *json, void *arg);
void conf_service_set_stage (struct conf_service *cs, conf_stage_f begin, void *arg);
void conf_service_stage_done (struct conf_service *cs, int errnum, const char *errtext);

/* Follow the parent's configuration from now on, over changes of the parent too; cb comes once,
 * with the first answer (errnum 0) or when there is none to be had. */
typedef void (*conf_followed_f) (int errnum, void *arg);
void conf_service_follow (struct conf_service *cs, conf_followed_f cb, void *arg);

#endif /* !FLUX_BROKER_CONF_SERVICE_H */
