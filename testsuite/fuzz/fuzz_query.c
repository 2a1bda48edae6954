/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/dependency.h"
#include "lib/job/query.h"
#include "lib/job/rconstraint.h"
#include "testsuite/fuzz/fuzz.h"

/* A term in brackets is the term, and can be negated. */
static void check_term (const char *s, json_t *o)
{
    flux_error_t error;
    char *text = malloc (strlen (s) + 16);

    MUST (text);
    sprintf (text, "(%s)", s);
    json_t *same = query_parse (text, &query_requires, &error);
    sprintf (text, "not (%s)", s);
    json_t *not = query_parse (text, &query_requires, &error);
    MUST (!same || json_equal (same, o)); // not where that is too deep
    MUST (!not || json_equal (json_array_get (json_object_get (not, "not"), 0), o));
    json_decref (same);
    json_decref (not );
    free (text);
}

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

    if (o && strspn (s, " \t\r\n\v\f") < strlen (s))
        check_term (s, o);
    idset_destroy (rconstraint_match (o, rs, &error));
    rv1_destroy (rs);
    json_decref (o);
    json_decref (query_parse (s, &any, &error));
    json_decref (dependency_parse (s, &error));
    free (s);
    return 0;
}
