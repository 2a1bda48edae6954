/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One loaded module: a thread or a process, and its connection to the router. */

#ifndef FLUX_SERVICE_MODULE_MODULE_H
#define FLUX_SERVICE_MODULE_MODULE_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/message.h>
#include <flux/types.h>

struct module;
struct router;

struct module_ops {
    /* It reached another state, or ended for good: then state is EXITED, and the owner answers who
     * waits and destroys it. Not called from within a function of this header. */
    void (*state) (struct module *m, void *arg);
    void (*ended) (struct module *m, void *arg);
    /* A message passed. `prefix` is "tx" when the module sent it, else "rx". */
    void (*passed) (struct module *m, const char *prefix, const flux_msg_t *msg, void *arg);
};

struct module_spec {
    const char *path;
    const char *name;   // NULL: the module's own
    json_t *args;       // array of strings
    bool exec;          // as a process
    const char *loader; // made by this program; NULL: flux-module-exec
    json_t *attrs;      // object, for the welcome
    const json_t *conf; // the same
};

/* Load and start it. NULL with errno and a sentence. */
struct module *module_create (struct router *rt, const struct module_spec *spec,
                              const struct module_ops *ops, void *arg, flux_error_t *errp);

/* A module that still runs gets its connection cut and is waited for, shortly. */
void module_destroy (struct module *m);

const char *module_name (const struct module *m);
const char *module_path (const struct module *m);
const char *module_uuid (const struct module *m);
int module_state (const struct module *m);

/* Whether it got as far as RUNNING. */
bool module_was_running (const struct module *m);

/* How it ended: 0, or an errno with its sentence. */
int module_errnum (const struct module *m);
const char *module_strerror (const struct module *m);

/* What it says of itself (module.status). EINVAL for a state that can't follow. */
int module_set_state (struct module *m, int state, int errnum);

/* Ask it to end; kill: end it by force. */
int module_shutdown (struct module *m);
int module_kill (struct module *m);

/* Hold the messages that it sends, or let them go. */
void module_defer (struct module *m, bool defer);

/* Its object in module.list. */
json_t *module_describe (const struct module *m);

#endif /* !FLUX_SERVICE_MODULE_MODULE_H */
