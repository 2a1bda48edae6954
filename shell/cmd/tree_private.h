/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The parts of `flux tree`. */

#ifndef FLUX_CMD_TREE_PRIVATE_H
#define FLUX_CMD_TREE_PRIVATE_H

#include <jansson.h>
#include <flux/core.h>
#include <flux/job_client.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/tree_plan.h"

/* The job with the highest exit code. */
struct tree_worst {
    int code;     // 0: none failed
    json_t *tell; // {"code":i, "id":s, "index":i, "output":s}, or NULL
};

/* One instance of the tree. */
struct tree {
    struct cmd *c;
    flux_t *h;
    struct tree_plan plan;
    int level;
    const char *id;
    struct tree_part part;
    int failed; // jobs
    int leaves;
    double begin, end;
    json_t *rows; // of the instances below, as --perf-out tells them
    struct tree_worst worst;
};

/* tree_leaf.c: the jobs, in this instance. */
void tree_run_leaf (struct tree *t);
/* Submit, then wait for the end: a future of flux_job_wait(). Both end the program on failure. */
flux_future_t *tree_submit (struct tree *t, json_t *spec);
flux_future_t *tree_then_wait (struct tree *t, flux_future_t *f);

/* tree_children.c: instances that are jobs of this one. */
void tree_run_children (struct tree *t);

/* tree_report.c */
/* What this instance and those below it have done, for the one above. */
json_t *tree_report (const struct tree *t);
/* Take over what a child has reported; false when it is no report. */
bool tree_add_report (struct tree *t, const char *text);
/* Tell the user; the exit code. */
int tree_print_report (struct tree *t);
/* Check --perf-format before anything runs. */
void tree_check_format (const struct cmd *c);

#endif /* !FLUX_CMD_TREE_PRIVATE_H */
