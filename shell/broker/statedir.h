/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The folder in which rank 0 keeps what is to outlive the instance (attribute `statedir`). */

#ifndef FLUX_BROKER_STATEDIR_H
#define FLUX_BROKER_STATEDIR_H

#include <flux/types.h>

struct attrs;
struct statedir;

/* Make the folder (mode 0700) if it is not there, and take it for this instance alone; the
 * attribute becomes its absolute path. A folder with the sticky bit (/tmp) gets a new folder in it,
 * which statedir_destroy() removes again; any other is kept, unless the attribute statedir-cleanup
 * says otherwise. Without the attribute nothing happens. EBUSY: another instance has it; EPERM: it
 * is somebody else's, or others may write there. */
struct statedir *statedir_create (struct attrs *attrs, flux_error_t *errp);
void statedir_destroy (struct statedir *sd);

#endif /* !FLUX_BROKER_STATEDIR_H */
