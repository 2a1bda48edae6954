/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints on jobs (job-list.list) and on nodes (RFC 31): what is not {"not":[x]} is x. */

#include <flux/idset.h>
#include <jansson.h>

#include "lib/job/rconstraint.h"
#include "shell/service/job_list/constraint.h"
#include "shell/service/job_manager/job.h"
#include "testsuite/fuzz/fuzz.h"

static const char R[] = "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-3\","
                        "\"children\":{\"core\":\"0\"}}],\"nodelist\":[\"n[0-3]\"],"
                        "\"properties\":{\"a\":\"1\",\"b\":\"1-2\"}}}";

static void try_nodes (const json_t *o, const json_t * not )
{
    flux_error_t error;
    struct rv1 *rs = rv1_decode (R, strlen (R), &error);
    struct idset *yes = rconstraint_match (o, rs, &error), *no;
    int rc = rconstraint_check (o, &error);

    MUST (rs && (rc == 0 || !yes));
    no = rconstraint_match (not, rs, &error);
    if (yes && no) // not so where it would be nested too deep
        MUST (idset_count (yes) + idset_count (no) == 4 && !idset_has_intersection (yes, no));
    idset_destroy (yes);
    idset_destroy (no);
    rv1_destroy (rs);
}

static void try_jobs (const json_t *o, const json_t * not )
{
    flux_error_t error;
    struct job_constraint *yes = job_constraint_create (o, &error);
    struct job_constraint *no = job_constraint_create (not, &error);

    for (int i = 0; yes && i < 8; i++) {
        struct job job = {.id = i, .userid = 100 + i % 3, .state = 1 << (i % 7)};
        job.facts.name = i % 2 ? "a" : NULL;
        job.facts.queue = i % 3 ? "b" : NULL;
        job.ranks = i > 3 ? "0-1" : NULL;
        job.nodelist = i > 3 ? "n[0-1]" : NULL;
        job.result = 1 << (i % 4);
        job.t_submit = job.t_inactive = i;
        bool matches = job_constraint_match (yes, &job);
        MUST (!matches || (job_constraint_states (yes) & job.state));
        MUST (!no || job_constraint_match (no, &job) == !matches);
        MUST (!no || matches || (job_constraint_states (no) & job.state));
    }
    job_constraint_destroy (yes);
    job_constraint_destroy (no);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    json_t *o = json_loadb ((const char *)data, size, 0, NULL);

    if (o) {
        json_t *not = json_pack ("{s:[O]}", "not", o);
        try_nodes (o, not );
        try_jobs (o, not );
        json_decref (not );
    }
    json_decref (o);
    return 0;
}
