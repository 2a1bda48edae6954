/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The environment and prompt of the initial program: it is in this instance, not in the job or step
 * that the broker itself was started as. */

#ifndef FLUX_BROKER_PROGRAM_ENV_H
#define FLUX_BROKER_PROGRAM_ENV_H

#include <stddef.h>
#include <flux/types.h>

struct attrs;

#define PROGRAM_ENV_MAX 32

/* Fill envv as program_start() wants it. -1 when the wrappers that broker.wrap asks for are
 * missing; free it then, too. */
int program_env_make (char *envv[PROGRAM_ENV_MAX + 1], const struct attrs *attrs,
                      flux_error_t *errp);
void program_env_free (char **envv);

/* `ƒ(s=SIZE,d=LEVEL) user@host:folder$ ` in bash's escapes */
void program_prompt (char *buf, size_t size, const struct attrs *attrs);

#endif /* !FLUX_BROKER_PROGRAM_ENV_H */
