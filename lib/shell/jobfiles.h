/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Files that ride in a job's jobspec (attributes.system.files; RFC 14, 37), a batch script among
 * them. */

#ifndef FLUX_SHELL_JOBFILES_H
#define FLUX_SHELL_JOBFILES_H

#include <jansson.h>
#include <flux/types.h>

/* Put all files of an archive, an object or an array, below dir. NULL is none. Paths that lead out
 * of it are refused, and so are contents that are not in the archive itself ("blobvec"). -1 with
 * errno and errp. */
int jobfiles_extract (json_t *files, const char *dir, flux_error_t *errp);

#endif /* !FLUX_SHELL_JOBFILES_H */
