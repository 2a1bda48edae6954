/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Submission directives in batch scripts (RFC 36): comment lines like
 *
 *     # flux: -N4 --queue=batch
 *     #FLUX: --job-name "my job"  # comment
 *     # flux: --setattr=user.conf="""
 *     # x = 1
 *     # """
 */

#ifndef FLUX_CMD_DIRECTIVES_H
#define FLUX_CMD_DIRECTIVES_H

#include <flux/types.h>

struct directives {
    char **argv; // argv[0] is "directive"; NULL-ended
    int argc;
};

/* All options of all directives in order. -1 with a sentence that names the line. */
int directives_parse (struct directives *d, const char *script, flux_error_t *errp);
void directives_clear (struct directives *d);

#endif /* !FLUX_CMD_DIRECTIVES_H */
