/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Lines of prolog and epilog that are not worth to be logged: job-manager.perilog.log-ignore, a
 * list of extended regular expressions (flux-config-job-manager(5)). */

#ifndef FLUX_SERVICE_JOB_MANAGER_LOGIGNORE_H
#define FLUX_SERVICE_JOB_MANAGER_LOGIGNORE_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/types.h>

struct logignore;

/* From the table job-manager.perilog, or NULL. *ip is NULL when nothing is ignored. EINVAL with a
 * sentence that names the key. */
int logignore_parse (struct logignore **ip, const json_t *table, flux_error_t *errp);
void logignore_destroy (struct logignore *ignore);

bool logignore_match (const struct logignore *ignore, const char *line);

#endif /* !FLUX_SERVICE_JOB_MANAGER_LOGIGNORE_H */
