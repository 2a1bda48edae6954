/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Broker modules (RFC 5): services that a broker loads at run time. A module is a shared object
 * that exports
 *
 *     int mod_main (flux_t *h, int argc, char **argv);
 *
 * argv[0] is the first argument. It runs in a thread of its own and returns when the reactor of h
 * was stopped, which the default handler of `NAME.shutdown` does: 0, or -1 with errno. Its name is
 * flux_aux_get (h, "flux::name"); requests whose topic begins with it are sent to h. */

#ifndef FLUX_MODULE_H
#define FLUX_MODULE_H

#include <stdbool.h>
#include <flux/conf.h>
#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The life of a module, in this order; states may be left out. */
enum {
    FLUX_MODSTATE_INIT = 0,
    FLUX_MODSTATE_RUNNING = 1,
    FLUX_MODSTATE_FINALIZING = 2,
    FLUX_MODSTATE_EXITED = 3,
};

/* A name other than that of the file. */
#define MOD_NAME(x) FLUX_EXPORT const char *mod_name = x

/* Whether a bit that `flux module debug` sets is set; with clear, it is not any more. */
FLUX_EXPORT bool flux_module_debug_test (flux_t *h, int flag, bool clear);

/* Say that the module is up: `flux module load` returns. Entering the reactor says so too. */
FLUX_EXPORT int flux_module_set_running (flux_t *h);

/* The configuration that a request "NAME.config-reload" of the broker proposes; the caller drops
 * its reference. -1 with errno. */
FLUX_EXPORT int flux_module_config_request_decode (const flux_msg_t *msg, flux_conf_t **conf);

/* For those who load modules (a program that the broker starts with FLUX_MODULE_URI). In order:
 * _initialize() takes the broker's welcome: name, uuid, attributes and arguments; *args (NULL: not
 * wanted) is these separated by blanks, to be freed, or NULL when there are none.
 * _register_handlers() adds the methods that every module has; handlers of the module's own for the
 * same topics come first. _finalize() is called after mod_main(): it answers the requests that are
 * still there and tells how it ended, 0 or an errno. */
FLUX_EXPORT int flux_module_initialize (flux_t *h, char **args, flux_error_t *errp);
FLUX_EXPORT int flux_module_register_handlers (flux_t *h, flux_error_t *errp);
FLUX_EXPORT int flux_module_finalize (flux_t *h, int errnum, flux_error_t *errp);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_MODULE_H */
