/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/rconstraint.h"
#include "testsuite/unit/cmocka.h"

static struct rv1 *inventory (void)
{
    static const char R[] = "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-5\","
                            "\"children\":{\"core\":\"0\"}}],\"nodelist\":[\"host[0-5]\"],"
                            "\"properties\":{\"ssd\":\"0-2\",\"huge\":\"2-3\"}}}";
    return rv1_decode (R, strlen (R), NULL);
}

static void test_match (void **state)
{
    static const struct {
        const char *constraint, *ranks;
    } t[] = {
        {"{}", "0-5"},
        {"{\"and\":[]}", "0-5"},
        {"{\"or\":[]}", "0-5"},
        {"{\"not\":[]}", ""},
        {"{\"properties\":[]}", "0-5"},
        {"{\"properties\":[\"ssd\"]}", "0-2"},
        {"{\"properties\":[\"ssd\",\"huge\"]}", "2"},
        {"{\"properties\":[\"^ssd\"]}", "3-5"},
        {"{\"properties\":[\"nosuch\"]}", ""},
        {"{\"properties\":[\"^nosuch\"]}", "0-5"},
        {"{\"properties\":[\"host4\"]}", "4"},
        {"{\"not\":[{\"properties\":[\"ssd\"]}]}", "3-5"},
        {"{\"not\":[{\"properties\":[\"ssd\"]},{\"properties\":[\"huge\"]}]}", "0-1,3-5"},
        {"{\"or\":[{\"properties\":[\"ssd\"]},{\"properties\":[\"huge\"]}]}", "0-3"},
        {"{\"hostlist\":[\"host[0-1]\",\"host5,other\"]}", "0-1,5"},
        {"{\"hostlist\":[]}", ""},
        {"{\"not\":[{\"hostlist\":[\"host[0-1]\"]}]}", "2-5"},
        {"{\"and\":[{\"hostlist\":[\"host[1-4]\"]},{\"properties\":[\"ssd\"]}]}", "1-2"},
        {"{\"ranks\":[\"0\",\"2-9\"]}", "0,2-5"},
    };
    struct rv1 *rs = inventory ();
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        json_t *o = json_loads (t[i].constraint, 0, NULL);
        flux_error_t error = {""};
        struct idset *ids = rconstraint_match (o, rs, &error);
        if (!ids)
            fail_msg ("%s: %s", t[i].constraint, error.text);
        char *s = idset_encode (ids, IDSET_FLAG_RANGE);
        assert_string_equal (s, t[i].ranks);
        assert_int_equal (rconstraint_check (o, &error), 0);
        free (s);
        idset_destroy (ids);
        json_decref (o);
    }
    rv1_destroy (rs);
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "[]",
        "{\"x\":[]}",
        "{\"and\":{}}",
        "{\"and\":[1]}",
        "{\"and\":[],\"or\":[]}",
        "{\"properties\":\"a\"}",
        "{\"properties\":[1]}",
        "{\"properties\":[\"\"]}",
        "{\"properties\":[\"^\"]}",
        "{\"properties\":[\"a|b\"]}",
        "{\"hostlist\":[\"a[\"]}",
        "{\"hostlist\":[1]}",
        "{\"ranks\":[\"x\"]}",
        "{\"ranks\":[0]}",
        "{\"or\":[{\"and\":[{\"not\":[{\"x\":[]}]}]}]}",
    };
    struct rv1 *rs = inventory ();
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        json_t *o = json_loads (t[i], 0, NULL);
        flux_error_t error = {""};
        errno = 0;
        assert_non_null (o);
        assert_null (rconstraint_match (o, rs, &error));
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "constraint: ", 12);
        assert_int_equal (rconstraint_check (o, NULL), -1);
        json_decref (o);
    }
    json_t *deep = json_object ();
    for (int i = 0; i < 100; i++)
        deep = json_pack ("{s:[o]}", "not", deep);
    assert_int_equal (rconstraint_check (deep, NULL), -1);
    json_decref (deep);
    assert_int_equal (rconstraint_check (NULL, NULL), -1);
    rv1_destroy (rs);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_match),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
