/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where the output of tasks is to go: options output.{stdout,stderr}.* of a job. */

#ifndef FLUX_SHELL_OUTCONF_H
#define FLUX_SHELL_OUTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/shell/info.h"
#include "lib/shell/mustache.h"

struct outconf_stream {
    const char *name;          // "stdout", "stderr"
    const char *path;          // template of a file; NULL: to the eventlog guest.output
    enum mustache_scope scope; // of path
    bool label;                // put the task's rank before each line in a file
    bool line_buffered;
};

struct outconf {
    struct outconf_stream stream[2]; // stdout, stderr
    bool append;                     // to files, rather than truncate them
    size_t limit;                    // bytes of each stream that go to the eventlog
    double batch_timeout;            // seconds that output may wait in the shell
    double first_timeout;            // and that the very first of it may: a job that ends before
                                     // that sends nothing
};

#define OUTCONF_LIMIT_DEFAULT (1024L * 1024 * 1024)
#define OUTCONF_BATCH_TIMEOUT 0.02
#define OUTCONF_FIRST_TIMEOUT 0.05

/* -1 with EINVAL and errp for an option that is wrong. Strings belong to info. */
int outconf_init (struct outconf *conf, const struct shell_info *info, flux_error_t *errp);

#endif /* !FLUX_SHELL_OUTCONF_H */
