/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_OPTIONS_H
#define FLUX_BROKER_OPTIONS_H

#include <flux/conf.h>

struct attrs;

/* The command line of flux-broker: attributes are set in attrs, *confp becomes the values of --conf
 * (NULL-ended; the caller frees the array), the rest is the initial program. Prints help or a
 * refusal and exits where that is due. */
char **options_parse (int argc, char **argv, struct attrs *attrs, char ***confp);

/* The configuration: the folder or file of config.path first, then the values in their order. To be
 * called when all attributes are known. NULL with a sentence. */
flux_conf_t *options_conf (struct attrs *attrs, char *const *values, flux_error_t *errp);

#endif /* !FLUX_BROKER_OPTIONS_H */
