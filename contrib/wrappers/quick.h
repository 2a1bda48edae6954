/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The program that srun is for a plain step: scripts start it by the hundred, so it does nothing
 * that takes time. It asks the instance in one request (shell/service/step/step.h), and leaves all
 * that is not plain to the wrapper that knows all options.
 *
 * Its sources use no library but libc's, and none of the build's config.h, so that any C compiler
 * that makes small static programs will do. */

#ifndef FLUX_WRAPPERS_QUICK_H
#define FLUX_WRAPPERS_QUICK_H

#include <stdbool.h>

#include "lib/util/buf.h"

struct quick {
    int nodes, tasks, cores; // 0: not given
    double duration;         // seconds, 0: not given
    const char *name;
    const char *cwd;
    bool label;
    bool exit_on_error;
    bool no_affinity;
    char **argv; // of the tasks
};

/* False when this is a case for the other program. */
bool quick_parse (struct quick *q, int argc, char **argv);

/* The jobspec, as `flux run` makes it for the same options (RFC 25). */
void quick_jobspec (struct buf *b, const struct quick *q);

/* Submit it, pass on what it prints, and return its exit code. */
int quick_run (const struct quick *q, const char *path);

#endif /* !FLUX_WRAPPERS_QUICK_H */
