/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* {{tags}} in commands, output paths and the environment, replaced by what is known of the job. */

#ifndef FLUX_SHELL_MUSTACHE_H
#define FLUX_SHELL_MUSTACHE_H

#include <stdbool.h>

#include "lib/shell/info.h"

struct mustache {
    const struct shell_info *info;
    const char *tmpdir;
    int taskid;  // global rank; -1: in no task
    int localid; // -1: in no task
};

/* Tags that are not known stay as they are. The caller frees the text; NULL when out of memory. */
char *mustache_render (const struct mustache *m, const char *text);

enum mustache_scope {
    MUSTACHE_JOB,  // the text is the same everywhere in the job
    MUSTACHE_NODE, // it differs between nodes ({{node.*}}, {{tmpdir}})
    MUSTACHE_TASK, // and between tasks ({{task.*}}, {{taskid}})
};
enum mustache_scope mustache_scope (const char *text);

#endif /* !FLUX_SHELL_MUSTACHE_H */
