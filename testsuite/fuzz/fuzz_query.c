/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/dependency.h"
#include "lib/job/query.h"
#include "lib/job/rconstraint.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const struct query_syntax any = {.default_op = "name"};
    static const char R[] = "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-3\","
                            "\"children\":{\"core\":\"0\"}}],\"nodelist\":[\"n[0-3]\"],"
                            "\"properties\":{\"a\":\"1\"}}}";
    char *s = fuzz_string (data, size);
    flux_error_t error;
    json_t *o = query_parse (s, &query_requires, &error);
    struct rv1 *rs = rv1_decode (R, strlen (R), &error);

    idset_destroy (rconstraint_match (o, rs, &error));
    rv1_destroy (rs);
    json_decref (o);
    json_decref (query_parse (s, &any, &error));
    json_decref (dependency_parse (s, &error));
    free (s);
    return 0;
}
