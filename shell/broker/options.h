/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_OPTIONS_H
#define FLUX_BROKER_OPTIONS_H

#include <flux/conf.h>

struct attrs;

/* The command line of flux-broker: attributes are set in attrs, the configuration is read (the
 * caller owns *confp), the rest is the initial program. Prints help or a refusal and exits where
 * that is what was asked for. Returns the program's argv, empty when none was given. */
char **options_parse (int argc, char **argv, struct attrs *attrs, flux_conf_t **confp);

#endif /* !FLUX_BROKER_OPTIONS_H */
