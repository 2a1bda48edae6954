/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_PEERS_H
#define FLUX_UTIL_PEERS_H

/* The path of a program of this suite ("flux-broker" with dir "broker"): on FLUX_EXEC_PATH, else
 * beside this program in the build tree (shell/<dir>/<name>) or in its own folder, else where it
 * was installed. The caller frees it. NULL with errno. */
char *peer_find (const char *name, const char *dir);

/* The path of this very program. The caller frees it. NULL with errno. */
char *peer_self (void);

/* The program flux-<verb> on FLUX_EXEC_PATH or in the installed libexec. The caller frees it. */
char *peer_find_on_exec_path (const char *verb);

#endif /* !FLUX_UTIL_PEERS_H */
