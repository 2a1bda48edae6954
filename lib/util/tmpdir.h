/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_TMPDIR_H
#define FLUX_UTIL_TMPDIR_H

#include <flux/types.h>

/* Make a folder for sockets, "<prefix>XXXXXX" in TMPDIR or /tmp, which only its owner can enter.
 * The path of a socket has little room: where that of TMPDIR leaves too little, the folder is in
 * /tmp. The path, which the caller frees, or NULL with errno and a sentence. */
char *tmpdir_make (const char *prefix, flux_error_t *errp);

#endif /* !FLUX_UTIL_TMPDIR_H */
