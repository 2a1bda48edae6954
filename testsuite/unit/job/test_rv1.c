/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/rv1.h"
#include "testsuite/unit/cmocka.h"

/* "rank:host:cores:gpus" separated by spaces; a rank of "0-2" with hosts "h[0-2]". */
static struct rv1 *make (const char *text)
{
    struct rv1 *rs = rv1_create ();
    char *copy = strdup (text), *save = NULL;

    for (char *s = strtok_r (copy, " ", &save); s; s = strtok_r (NULL, " ", &save)) {
        char *field[4] = {NULL};
        for (int i = 0; i < 4; i++)
            field[i] = strsep (&s, ":");
        struct idset *ranks = idset_decode (field[0]);
        struct hostlist *hl = hostlist_decode (field[1]);
        struct idset *cores = field[2] ? idset_decode (field[2]) : NULL;
        struct idset *gpus = field[3] ? idset_decode (field[3]) : NULL;
        const char *host = hostlist_first (hl);
        for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID;
             r = idset_next (ranks, r)) {
            assert_int_equal (rv1_add_node (rs, r, host, cores, gpus), 0);
            host = hostlist_next (hl);
        }
        idset_destroy (ranks);
        idset_destroy (cores);
        idset_destroy (gpus);
        hostlist_destroy (hl);
    }
    free (copy);
    return rs;
}

static void check (const struct rv1 *rs, const char *want)
{
    struct buf b = {0};

    assert_non_null (rs);
    rv1_dump_buf (&b, rs);
    assert_string_equal (b.data, want);
    buf_clear (&b);
}

static struct rv1 *decode (const char *s)
{
    flux_error_t error = {""};
    struct rv1 *rs = rv1_decode (s, strlen (s), &error);
    if (!rs)
        fail_msg ("%s: %s", s, error.text);
    return rs;
}

#define NO_TIMES ",\"starttime\":0.0,\"expiration\":0.0"

static void test_codec (void **state)
{
    static const struct {
        const char *in, *out; // out NULL: the same
        size_t nodes, cores, gpus;
    } t[] = {
        {"{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"19-22\",\"children\":{"
         "\"core\":\"0-47\",\"gpu\":\"0-7\"}}],\"nodelist\":[\"node[186-189]\"],\"nslots\":32,"
         "\"starttime\":1676560542.0,\"expiration\":1676562342.5}}",
         NULL, 4, 192, 32},
        {"{\"version\":1,\"execution\":{\"R_lite\":[],\"nodelist\":[]" NO_TIMES "}}", NULL, 0, 0,
         0},
        {"{\"version\":1,\"execution\":{\"R_lite\":["
         "{\"rank\":\"2\",\"children\":{\"core\":\"0-1\"}},"
         "{\"rank\":\"0\",\"children\":{\"core\":\"3\"}},"
         "{\"rank\":\"1\",\"children\":{\"core\":\"0-1\"}}],"
         "\"nodelist\":[\"a\",\"c[1-2]\"],\"properties\":{\"x\":\"0-1\",\"y@gpu\":\"2\"},"
         "\"starttime\":0,\"expiration\":0.0},\"scheduling\":{\"graph\":[1]}}",
         "{\"version\":1,\"execution\":{\"R_lite\":["
         "{\"rank\":\"0\",\"children\":{\"core\":\"3\"}},"
         "{\"rank\":\"1-2\",\"children\":{\"core\":\"0-1\"}}],"
         "\"nodelist\":[\"a,c[1-2]\"],\"properties\":{\"x\":\"0-1\",\"y@gpu\":\"2\"}" NO_TIMES "},"
         "\"scheduling\":{\"graph\":[1]}}",
         3, 5, 0},
        // the same rank twice
        {"{\"version\":1,\"execution\":{\"R_lite\":["
         "{\"rank\":\"0-1\",\"children\":{\"core\":\"0-1\"}},"
         "{\"rank\":\"0\",\"children\":{\"core\":\"2\",\"gpu\":\"0\"}}],\"nodelist\":[\"h,h\"]}}",
         "{\"version\":1,\"execution\":{\"R_lite\":["
         "{\"rank\":\"0\",\"children\":{\"core\":\"0-2\",\"gpu\":\"0\"}},"
         "{\"rank\":\"1\",\"children\":{\"core\":\"0-1\"}}],\"nodelist\":[\"h,h\"]" NO_TIMES "}}",
         2, 5, 1},
        {"{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{"
         "\"core\":\"0\"}}],\"nodelist\":[\"a\\\"b\\\\c\"]" NO_TIMES "}}",
         NULL, 1, 1, 0},
        {"{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{}}]}}",
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{\"core\":\"\"}}],"
         "\"nodelist\":[]" NO_TIMES "}}",
         1, 0, 0},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct rv1 *rs = decode (t[i].in), *again;
        char *s = rv1_encode (rs);
        assert_string_equal (s, t[i].out ? t[i].out : t[i].in);
        again = decode (s);
        free (s);
        s = rv1_encode (again);
        assert_string_equal (s, t[i].out ? t[i].out : t[i].in);
        assert_int_equal (rs->nnodes, t[i].nodes);
        assert_int_equal (rv1_ncores (rs), t[i].cores);
        assert_int_equal (rv1_ngpus (rs), t[i].gpus);
        free (s);
        rv1_destroy (rs);
        rv1_destroy (again);
    }
}

static void test_members (void **state)
{
    struct rv1 *rs = make ("1-2:b[1-2]:0-3:0 0:a:1");
    const struct rv1_node *node = rv1_find (rs, 2);
    struct idset *ranks = rv1_ranks (rs);
    struct hostlist *hl = rv1_nodelist (rs);
    char *s;

    assert_string_equal (node->host, "b2");
    assert_int_equal (idset_count (rv1_node_cores (node)), 4);
    assert_int_equal (idset_count (rv1_node_gpus (node)), 1);
    assert_null (rv1_node_gpus (rv1_find (rs, 0)));
    assert_null (rv1_find (rs, 3));
    assert_true (rs->node[1].children == rs->node[2].children);
    s = idset_encode (ranks, IDSET_FLAG_RANGE);
    assert_string_equal (s, "0-2");
    free (s);
    s = hostlist_encode (hl);
    assert_string_equal (s, "a,b[1-2]");
    free (s);
    idset_destroy (ranks);
    hostlist_destroy (hl);
    check (rs, "rank0/core1 rank[1-2]/core[0-3],gpu0");
    rv1_destroy (rs);
    rs = make ("0:a:0 1::0");
    hl = rv1_nodelist (rs); // one host is not known
    assert_int_equal (hostlist_count (hl), 0);
    hostlist_destroy (hl);
    rv1_destroy (rs);
    rv1_destroy (NULL);
}

static void test_algebra (void **state)
{
    static const struct {
        const char *a, *b, *sum, *minus, *both;
    } t[] = {
        {"", "", "", "", ""},
        {"0:a:0-3", "", "rank0/core[0-3]", "rank0/core[0-3]", ""},
        {"0:a:0-3", "0:a:0-3", "rank0/core[0-3]", "", "rank0/core[0-3]"},
        {"0:a:0-3", "0:a:2-5", "rank0/core[0-5]", "rank0/core[0-1]", "rank0/core[2-3]"},
        {"0:a:0-3:0-1", "0:a:0-3:1", "rank0/core[0-3],gpu[0-1]", "rank0/gpu0",
         "rank0/core[0-3],gpu1"},
        {"0-3:a[0-3]:0-3", "1-2:a[1-2]:0-3", "rank[0-3]/core[0-3]", "rank[0,3]/core[0-3]",
         "rank[1-2]/core[0-3]"},
        {"0-3:a[0-3]:0-3", "1-2:a[1-2]:0", "rank[0-3]/core[0-3]",
         "rank[0,3]/core[0-3] rank[1-2]/core[1-3]", "rank[1-2]/core0"},
        {"1:b:0", "0:a:0 2:c:0:0", "rank[0-1]/core0 rank2/core0,gpu0", "rank1/core0", ""},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct rv1 *a = make (t[i].a), *b = make (t[i].b), *x;
        check (x = rv1_union (a, b), t[i].sum);
        rv1_destroy (x);
        check (x = rv1_diff (a, b), t[i].minus);
        rv1_destroy (x);
        check (x = rv1_intersect (a, b), t[i].both);
        rv1_destroy (x);
        x = rv1_copy (a);
        assert_int_equal (rv1_subtract (x, b), 0);
        check (x, t[i].minus);
        assert_int_equal (rv1_subtract (x, x), 0);
        check (x, "");
        assert_int_equal (rv1_add (x, b), 0);
        rv1_destroy (x);
        rv1_destroy (a);
        rv1_destroy (b);
    }
}

/* What goes along with nodes. */
static void test_algebra_extras (void **state)
{
    struct rv1 *a = decode ("{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-1\","
                            "\"children\":{\"core\":\"0\"}}],\"nodelist\":[\"a[0-1]\"],"
                            "\"properties\":{\"p\":\"0-1\",\"q\":\"1\"},\"expiration\":9},"
                            "\"scheduling\":{}}");
    struct rv1 *b = make ("1:a1:0"), *x = rv1_diff (a, b);
    char *s = rv1_encode (x);

    assert_string_equal (s, "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\","
                            "\"children\":{\"core\":\"0\"}}],\"nodelist\":[\"a0\"],"
                            "\"properties\":{\"p\":\"0\"},\"starttime\":0.0,\"expiration\":9.0},"
                            "\"scheduling\":{}}");
    free (s);
    assert_int_equal (rv1_add (x, a), 0);
    assert_int_equal (idset_count (rv1_property (x, "q")), 1);
    rv1_destroy (x);
    x = rv1_diff (a, a);
    assert_null (x->scheduling);
    assert_null (rv1_property (x, "p"));
    rv1_destroy (x);
    rv1_destroy (a);
    rv1_destroy (b);
}

static void test_ranks_and_hosts (void **state)
{
    struct rv1 *rs = make ("0-3:a,b,b,c:0-1 4::0-1"), *x;
    struct idset *some = idset_decode ("1,3,9"), *ranks;
    flux_error_t error;
    char *s;

    check (x = rv1_copy_ranks (rs, some), "rank[1,3]/core[0-1]");
    rv1_destroy (x);
    x = rv1_copy (rs);
    assert_int_equal (rv1_remove_ranks (x, some), 0);
    check (x, "rank[0,2,4]/core[0-1]");
    rv1_destroy (x);
    ranks = rv1_hosts_to_ranks (rs, "b,a,b", &error);
    s = idset_encode (ranks, IDSET_FLAG_RANGE);
    assert_string_equal (s, "0-2");
    free (s);
    idset_destroy (ranks);
    assert_null (rv1_hosts_to_ranks (rs, "a,x", &error));
    assert_int_equal (errno, ENOENT);
    assert_string_equal (error.text, "host x is not there");
    assert_null (rv1_hosts_to_ranks (rs, "[", &error));
    assert_int_equal (errno, EINVAL);
    idset_destroy (some);
    rv1_destroy (rs);
}

static void test_rerank (void **state)
{
    struct rv1 *rs = make ("3:a:0 5-6:b,b:1 9:c:2");
    struct idset *p = idset_decode ("9");
    flux_error_t error;
    struct hostlist *hl;
    char *s;

    assert_int_equal (rv1_set_property (rs, "last", p, &error), 0);
    assert_int_equal (rv1_rerank (rs, "c,b,b,a", &error), 0);
    check (rs, "rank0/core2 rank[1-2]/core1 rank3/core0");
    assert_true (idset_test (rv1_property (rs, "last"), 0));
    assert_int_equal (idset_count (rv1_property (rs, "last")), 1);
    hl = rv1_nodelist (rs);
    s = hostlist_encode (hl);
    assert_string_equal (s, "c,b,b,a");
    free (s);
    hostlist_destroy (hl);
    assert_int_equal (rv1_rerank (rs, "b,c,a,b", &error), 0); // places apart, taken in order
    check (rs, "rank[0,3]/core1 rank1/core2 rank2/core0");
    assert_int_equal (rv1_rerank (rs, "c,b,b,a", &error), 0);
    assert_int_equal (rv1_rerank (rs, "c,b,a", &error), -1);
    assert_int_equal (errno, ENOSPC);
    assert_int_equal (rv1_rerank (rs, "c,b,b,a,d", &error), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_int_equal (rv1_rerank (rs, "c,b,d,a", &error), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (rv1_rerank (rs, "[", &error), -1);
    assert_int_equal (rv1_assign_hosts (rs, "x[0-3]", &error), 0);
    assert_string_equal (rv1_find (rs, 3)->host, "x3");
    assert_int_equal (rv1_assign_hosts (rs, "x[0-1]", &error), -1);
    idset_destroy (p);
    rv1_destroy (rs);

    rs = make ("3:a:7-8:3 5-6:b,b:9-10");
    assert_int_equal (rv1_remap (rs), 0);
    check (rs, "rank0/core[0-1],gpu0 rank[1-2]/core[0-1]");
    rv1_destroy (rs);
}

static void test_properties (void **state)
{
    struct rv1 *rs = make ("0-3:a[0-3]:0");
    struct idset *ids = idset_decode ("1-2"), *more = idset_decode ("3"), *far = idset_decode ("4");
    flux_error_t error;

    assert_int_equal (rv1_set_property (rs, "x", ids, &error), 0);
    assert_int_equal (rv1_set_property (rs, "x", more, &error), 0);
    json_t *o = rv1_properties_to_json (rs);
    assert_string_equal (json_string_value (json_object_get (o, "x")), "1-3");
    json_decref (o);
    assert_null (rv1_property (rs, "y"));
    assert_int_equal (rv1_set_property (rs, "x", far, &error), -1);
    assert_int_equal (errno, ENOENT);
    static const char *bad[] = {"", "a!", "a&b", "'", "\"", "^a", "`", "a|b", "(", ")", NULL};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        assert_int_equal (rv1_set_property (rs, bad[i], ids, &error), -1);
        assert_int_equal (errno, EINVAL);
    }
    idset_destroy (ids);
    idset_destroy (more);
    idset_destroy (far);
    rv1_destroy (rs);
}

/* 10,000 equal nodes are one entry, also after an operation. */
static void test_large (void **state)
{
    struct rv1 *rs = decode ("{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-9999\","
                             "\"children\":{\"core\":\"0-127\",\"gpu\":\"0-3\"}}],"
                             "\"nodelist\":[\"n[00000-09999]\"]" NO_TIMES "}}");
    struct rv1 *built = rv1_create ();
    struct idset *cores = idset_decode ("0-3");
    for (uint32_t rank = 0; rank < 200000; rank++) // one by one, in time that grows evenly
        assert_int_equal (rv1_add_node (built, rank, NULL, cores, NULL), 0);
    check (built, "rank[0-199999]/core[0-3]");
    idset_destroy (cores);
    rv1_destroy (built);

    struct rv1 *half = make ("0-9999:n[00000-09999]:0-63"), *x;

    assert_int_equal (rv1_ncores (rs), 1280000);
    x = rv1_diff (rs, half);
    check (x, "rank[0-9999]/core[64-127],gpu[0-3]");
    char *s = rv1_encode (x);
    assert_string_equal (s, "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-9999\","
                            "\"children\":{\"core\":\"64-127\",\"gpu\":\"0-3\"}}],"
                            "\"nodelist\":[\"n[00000-09999]\"]" NO_TIMES "}}");
    free (s);
    rv1_destroy (x);
    rv1_destroy (rs);
    rv1_destroy (half);
}

static void test_failures (void **state)
{
#define LITE(rank, children) "{\"rank\":" rank ",\"children\":" children "}"
#define R(lite, more) "{\"version\":1,\"execution\":{\"R_lite\":[" lite "]" more "}}"
#define GOOD LITE ("\"0\"", "{\"core\":\"0\"}")
    static const char *t[] = {
        "",
        "{}",
        "[]",
        "{\"version\":2,\"execution\":{\"R_lite\":[]}}",
        "{\"version\":1}",
        "{\"version\":1,\"execution\":{}}",
        "{\"version\":1,\"execution\":{\"R_lite\":{}}}",
        R ("1", ""),
        R ("{}", ""),
        R (LITE ("\"\"", "{}"), ""),
        R (LITE ("\"x\"", "{}"), ""),
        R (LITE ("-1", "{}"), ""),
        R (LITE ("99999999999", "{}"), ""),
        R (LITE ("\"0-2000000\"", "{}"), ""),
        R (LITE ("\"2147483648\"", "{}"), ""),
        R ("{\"rank\":\"0\"}", ""),
        R (LITE ("\"0\"", "[]"), ""),
        R (LITE ("\"0\"", "{\"core\":0}"), ""),
        R (LITE ("\"0\"", "{\"core\":\"1-0\"}"), ""),
        R (LITE ("\"0\"", "{\"core\":\"0-2000000000\"}"), ""),
        R (LITE ("\"0\"", "{\"core\":\"0\",\"gpu\":\"x\"}"), ""),
        R (GOOD, ",\"nodelist\":\"a\""),
        R (GOOD, ",\"nodelist\":[1]"),
        R (GOOD, ",\"nodelist\":[\"a[\"]"),
        R (GOOD, ",\"nodelist\":[\"a,b\"]"),
        R (GOOD, ",\"nodelist\":[\"a[0-1048576]\"]"),
        R (GOOD, ",\"properties\":[]"),
        R (GOOD, ",\"properties\":{\"a\":1}"),
        R (GOOD, ",\"properties\":{\"a\":\"1\"}"),
        R (GOOD, ",\"properties\":{\"a|b\":\"0\"}"),
        R (GOOD, ",\"starttime\":\"x\""),
        R (GOOD, ",\"expiration\":-1"),
        R (GOOD, ",\"starttime\":5,\"expiration\":4"),
        R (GOOD, ",\"nslots\":0"),
        R (GOOD, ",\"nslots\":1.5"),
        "{\"version\":1,\"execution\":{\"R_lite\":[]},\"scheduling\":1}",
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        if (rv1_decode (t[i], strlen (t[i]), &error))
            fail_msg ("decoded %s", t[i]);
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "R: ", 3);
    }
    assert_null (rv1_decode (NULL, 0, NULL));
    assert_null (rv1_decode ("", 1 << 30, NULL));
    assert_int_equal (errno, EFBIG);
    // a million ranks again and again
    struct buf b = {0};
    buf_puts (&b, "{\"version\":1,\"execution\":{\"R_lite\":[");
    for (int i = 0; i < 3; i++)
        buf_printf (&b, "%s{\"rank\":\"0-999999\",\"children\":{}}", i ? "," : "");
    buf_puts (&b, "]}}");
    assert_null (rv1_decode (b.data, b.len, NULL));
    assert_int_equal (errno, EFBIG);
    buf_clear (&b);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_codec),           cmocka_unit_test (test_members),
        cmocka_unit_test (test_algebra),         cmocka_unit_test (test_algebra_extras),
        cmocka_unit_test (test_ranks_and_hosts), cmocka_unit_test (test_rerank),
        cmocka_unit_test (test_properties),      cmocka_unit_test (test_large),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
