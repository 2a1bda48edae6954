/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_MODULE_METHODS_H
#define FLUX_CLIENT_MODULE_METHODS_H

#include <flux/msg_handler.h>

/* The methods that every module has (RFC 5): stats-get, stats-clear, rusage, ping, debug. */
int module_methods_add (flux_t *h, const char *service, flux_msg_handler_t ***handlers);

#endif /* !FLUX_CLIENT_MODULE_METHODS_H */
