/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBTEXT_H
#define FLUX_SERVICE_JOB_MANAGER_JOBTEXT_H

#include <stddef.h>

/* A jobspec's text without the member "environment" whose value is env, a part of the text
 * (jobspec_decode_lean()); malloc'd. Nothing is decoded for it. NULL when it is not plain how: then
 * encode the jobspec again. */
char *jobtext_cut_environment (const char *text, size_t len, const char *env, size_t env_len);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBTEXT_H */
