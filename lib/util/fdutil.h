/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_FDUTIL_H
#define FLUX_UTIL_FDUTIL_H

#include <stddef.h>
#include <sys/types.h>

int fd_set_nonblocking (int fd);
int fd_set_blocking (int fd);
int fd_set_cloexec (int fd);

/* Write all of a buffer to a blocking fd, over EINTR and short writes. -1 with errno. */
int fd_write_all (int fd, const void *data, size_t len);

/* Read from a blocking fd until EOF. The caller frees *datap, which is NUL-terminated (the NUL is
 * not counted). More than max bytes: EFBIG. Returns the length, or -1 with errno. */
ssize_t fd_read_all (int fd, size_t max, char **datap);

/* The same for a file by name. */
ssize_t file_read_all (const char *path, size_t max, char **datap);

#endif /* !FLUX_UTIL_FDUTIL_H */
