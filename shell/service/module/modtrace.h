/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Those who watch the messages of modules (module.trace). */

#ifndef FLUX_SERVICE_MODULE_MODTRACE_H
#define FLUX_SERVICE_MODULE_MODTRACE_H

#include <flux/message.h>

struct modtrace;
struct router;

struct modtrace *modtrace_create (struct router *rt);
void modtrace_destroy (struct modtrace *t);

void modtrace_add (struct modtrace *t, const flux_msg_t *request);
void modtrace_disconnect (struct modtrace *t, const flux_msg_t *msg);
void modtrace_message (struct modtrace *t, const char *module, const char *prefix,
                       const flux_msg_t *msg);

#endif /* !FLUX_SERVICE_MODULE_MODTRACE_H */
