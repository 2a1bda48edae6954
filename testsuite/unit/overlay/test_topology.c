/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/overlay/topology.h"
#include "lib/util/buf.h"
#include "testsuite/unit/cmocka.h"

#define COUNT(a) (sizeof (a) / sizeof ((a)[0]))

/* parents: the parent of each rank from 1 on. */
struct shape {
    const char *uri;
    uint32_t size;
    const char *parents;
    int maxlevel;
};

static const struct shape shapes[] = {
    {NULL, 1, "", 0},
    {NULL, 4, "0 0 0", 1},
    {"kary:0", 5, "0 0 0 0", 1},
    {"kary:1", 4, "0 1 2", 3},
    {"kary:2", 8, "0 0 1 1 2 2 3", 3},
    {"kary:3", 6, "0 0 0 1 1", 2},
    {"kary:32", 36, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1", 2},
    {"binomial", 1, "", 0},
    {"binomial", 8, "0 0 1 0 1 2 3", 3},
    {"binomial", 6, "0 0 1 0 1", 2},
    {"mincrit", 5, "0 0 0 0", 1},
    {"mincrit:0", 4, "0 0 0", 1},
    {"mincrit:2", 8, "0 0 1 2 1 2 1", 2},
    {"mincrit:9", 4, "0 0 0", 1},
};

static void test_shapes (void **state)
{
    for (size_t i = 0; i < COUNT (shapes); i++) {
        struct topology *t = topology_create (shapes[i].uri, shapes[i].size, NULL, NULL);
        struct buf b = {0};

        assert_non_null (t);
        assert_int_equal (topology_parent (t, 0), -1);
        buf_puts (&b, "");
        for (uint32_t r = 1; r < shapes[i].size; r++)
            buf_printf (&b, "%s%d", r > 1 ? " " : "", topology_parent (t, r));
        assert_string_equal (b.data, shapes[i].parents);
        assert_int_equal (topology_maxlevel (t), shapes[i].maxlevel);
        assert_int_equal (topology_descendants (t, 0), shapes[i].size - 1);
        buf_clear (&b);
        topology_destroy (t);
    }
}

/* For every pair of ranks the answers agree with the parents. */
static void test_queries_agree (void **state)
{
    const char *uris[] = {"kary:0", "kary:1", "kary:2", "kary:7", "binomial", "mincrit:3"};

    for (size_t i = 0; i < COUNT (uris); i++) {
        struct topology *t = topology_create (uris[i], 50, NULL, NULL);
        assert_non_null (t);
        for (uint32_t r = 0; r < 50; r++) {
            int below = 0, children = 0, last = -1;
            for (uint32_t d = 0; d < 50; d++) {
                int route = topology_child_route (t, r, d);
                assert_int_equal (topology_is_below (t, d, r), route >= 0);
                if (route >= 0) {
                    assert_int_equal (topology_parent (t, (uint32_t)route), r);
                    assert_true (route == (int)d || topology_is_below (t, d, (uint32_t)route));
                    assert_true (topology_level (t, d) > topology_level (t, r));
                    below++;
                }
            }
            for (int c = topology_child_first (t, r); c >= 0; c = topology_child_next (t, r, c)) {
                assert_int_equal (topology_parent (t, (uint32_t)c), r);
                assert_true (c > last);
                last = c;
                children++;
            }
            assert_int_equal (children, topology_child_count (t, r));
            assert_int_equal (below, topology_descendants (t, r));
        }
        topology_destroy (t);
    }
}

static void test_mincrit_large (void **state)
{
    struct topology *t = topology_create ("mincrit", 5000, NULL, NULL);

    assert_int_equal (topology_maxlevel (t), 2);
    assert_int_equal (topology_child_count (t, 0), 5);
    for (uint32_t r = 1; r <= 5; r++)
        assert_in_range (topology_child_count (t, r), 998, 1024);
    topology_destroy (t);
}

static void test_custom (void **state)
{
    const int parents[] = {-1, 3, 0, 0, 1};
    struct topology *t = topology_create ("custom", 5, parents, NULL);

    assert_int_equal (topology_level (t, 4), 3);
    assert_int_equal (topology_child_route (t, 0, 4), 3);
    assert_int_equal (topology_descendants (t, 3), 2);
    topology_destroy (t);
}

static void test_json (void **state)
{
    struct topology *t = topology_create ("kary:2", 4, NULL, NULL);
    json_t *o = topology_json (t, 0);
    char *s = json_dumps (o, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal (s,
                         "{\"children\":[{\"children\":[{\"children\":[],\"rank\":3,\"size\":1}],"
                         "\"rank\":1,\"size\":2},{\"children\":[],\"rank\":2,\"size\":1}],"
                         "\"rank\":0,\"size\":4}");
    free (s);
    json_decref (o);
    assert_null (topology_json (t, 4));
    topology_destroy (t);
}

static void test_expected_failures (void **state)
{
    const char *bad[] = {"",          "kary",       "kary:",    "kary:x",
                         "kary:-1",   "kary:1x",    "kary: 1",  "karyx:1",
                         "mincrit:x", "binomial:2", "custom:x", "kary:999999999999999999999"};
    const int cycle[] = {-1, 2, 1}, selfish[] = {-1, 1}, range[] = {-1, 2}, root[] = {1, 0};
    flux_error_t e;

    for (size_t i = 0; i < COUNT (bad); i++) {
        e.text[0] = '\0';
        errno = 0;
        assert_null (topology_create (bad[i], 4, NULL, &e));
        assert_int_equal (errno, EINVAL);
        assert_true (strlen (e.text) > 10);
    }
    assert_null (topology_create ("custom", 3, NULL, &e));
    assert_null (topology_create ("custom", 3, cycle, &e));
    assert_null (topology_create ("custom", 2, selfish, &e));
    assert_null (topology_create ("custom", 2, range, &e));
    assert_null (topology_create ("custom", 2, root, &e));
    assert_null (topology_create ("kary:1", 10000, NULL, &e));
    assert_null (topology_create (NULL, 0, NULL, &e));
    assert_null (topology_create (NULL, TOPOLOGY_SIZE_MAX + 1, NULL, &e));

    struct topology *t = topology_create (NULL, 4, NULL, NULL);
    assert_int_equal (topology_parent (t, 4), -1);
    assert_int_equal (topology_child_route (t, 0, 4), -1);
    assert_int_equal (topology_child_first (t, 9), -1);
    assert_int_equal (topology_child_next (t, 1, 2), -1);
    topology_destroy (t);
    topology_destroy (NULL);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_shapes),        cmocka_unit_test (test_queries_agree),
        cmocka_unit_test (test_mincrit_large), cmocka_unit_test (test_custom),
        cmocka_unit_test (test_json),          cmocka_unit_test (test_expected_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
