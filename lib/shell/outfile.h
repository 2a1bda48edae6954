/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Output files by path, each opened once, so that streams with the same path share one. */

#ifndef FLUX_SHELL_OUTFILE_H
#define FLUX_SHELL_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

struct outfile {
    char *path;
    int fd;
    bool at_line_start;
    struct outfile *next;
};

/* Find or open; *files is the list. NULL with errno. */
struct outfile *outfile_open (struct outfile **files, const char *path, bool append);

void outfile_close_all (struct outfile **files);

/* With a label, it is put in front of each line. -1 with errno. */
int outfile_write (struct outfile *f, const char *label, const char *data, size_t len);

#endif /* !FLUX_SHELL_OUTFILE_H */
