/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_REMOVETREE_H
#define FLUX_UTIL_REMOVETREE_H

/* Remove a folder with all that is in it, as far as that can be done. Links are not followed, and
 * nothing is removed below a mount point. */
void remove_tree (const char *path);

#endif /* !FLUX_UTIL_REMOVETREE_H */
