/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The plugins of a job shell: those of the site, which the spawner has looked up, and those of the
 * job (option "plugins": paths with commas between). Of two with the same name the later one
 * counts. The calls that plugins make are in plugapi.c. */

#ifndef FLUX_SHELL_PLUGSTACK_H
#define FLUX_SHELL_PLUGSTACK_H

#include <flux/plugin.h>

struct shell;
struct plugstack;

/* Load all. *stackp stays NULL when there are none. -1 with errno and errp. */
int plugstack_load (struct plugstack **stackp, struct shell *sh, flux_error_t *errp);

/* Call the handlers for a topic, in the order in which plugins were loaded, up to the first that
 * fails: then -1. stack may be NULL, and so may args. */
int plugstack_call (struct plugstack *stack, const char *topic, flux_plugin_arg_t *args);

/* The shell that the public calls without a handle are about. A job shell is a process, so there is
 * one. */
void plugapi_set_shell (struct shell *sh);

#endif /* !FLUX_SHELL_PLUGSTACK_H */
