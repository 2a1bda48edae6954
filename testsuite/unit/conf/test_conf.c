/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>
#include <flux/conf.h>

#include "testsuite/unit/cmocka.h"

static char dir[] = "/tmp/test_conf.XXXXXX";

static const char *path_of (const char *name)
{
    static char path[128];

    snprintf (path, sizeof (path), "%s/%s", dir, name);
    return path;
}

static void write_file (const char *name, const char *text)
{
    FILE *f = fopen (path_of (name), "w");

    assert_non_null (f);
    assert_true (fputs (text, f) >= 0);
    assert_int_equal (fclose (f), 0);
}

static char *text_of (const flux_conf_t *conf)
{
    json_t *o;

    assert_int_equal (flux_conf_unpack (conf, NULL, "o", &o), 0);
    return json_dumps (o, JSON_COMPACT | JSON_SORT_KEYS);
}

static void expect (const flux_conf_t *conf, const char *want)
{
    char *text = text_of (conf);

    assert_string_equal (text, want);
    free (text);
}

static void test_update (void **state)
{
    static const struct {
        const char *value;
        const char *want; // {"a":{"b":1},"s":"x"} updated, or NULL: it is refused
    } t[] = {
        {"a.b=2", "{\"a\":{\"b\":2},\"s\":\"x\"}"},
        {"a.c=word with = in it", "{\"a\":{\"b\":1,\"c\":\"word with = in it\"},\"s\":\"x\"}"},
        {"l=[1,2]", "{\"a\":{\"b\":1},\"l\":[1,2],\"s\":\"x\"}"},
        {"s=", "{\"a\":{\"b\":1},\"s\":\"\"}"},
        {"{\"a\":{\"d\":true}}", "{\"a\":{\"b\":1,\"d\":true},\"s\":\"x\"}"},
        {"[a]\nd = 1.5\n", "{\"a\":{\"b\":1,\"d\":1.5},\"s\":\"x\"}"},
        {"t = 2026-01-02T03:04:05Z\n",
         "{\"a\":{\"b\":1},\"s\":\"x\",\"t\":{\"iso-8601-ts\":\"2026-01-02T03:04:05Z\"}}"},
        {"[[q]]\nn = 0x10\n[[q]]\n", "{\"a\":{\"b\":1},\"q\":[{\"n\":16},{}],\"s\":\"x\"}"},
        {"", NULL},
        {"=1", NULL},
        {"a..b=1", NULL},
        {"s.b=1", "{\"a\":{\"b\":1},\"s\":{\"b\":1}}"},
        {"{\"a\":", NULL},
        {"[1]\n=", NULL},
        {"x = inf\n", NULL},
        {"x = 1\nx = 2\n", NULL},
        {"{\"x\":1,\"x\":2}", NULL},
        {"/nowhere/at/all", NULL},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_conf_t *conf = flux_conf_pack ("{s:{s:i} s:s}", "a", "b", 1, "s", "x");
        flux_error_t error = {""};
        int rc = flux_conf_update (conf, t[i].value, &error);
        assert_int_equal (rc, t[i].want ? 0 : -1);
        expect (conf, t[i].want ? t[i].want : "{\"a\":{\"b\":1},\"s\":\"x\"}");
        assert_int_equal (*error.text != '\0', t[i].want == NULL);
        flux_conf_decref (conf);
    }
}

static void test_folder (void **state)
{
    flux_error_t error;
    flux_conf_t *conf;

    write_file ("b.toml", "[q.two]\nn = 2\n[q.one]\nn = 3\n");
    write_file ("a.toml", "[q.one]\nn = 1\nm = 1\n");
    write_file ("c.json", "{\"j\": 1}");
    write_file ("d.txt", "not read");
    assert_non_null ((conf = flux_conf_parse (dir, &error)));
    expect (conf, "{\"q\":{\"one\":{\"m\":1,\"n\":3},\"two\":{\"n\":2}}}");
    flux_conf_decref (conf);
    assert_non_null ((conf = flux_conf_parse (path_of ("c.json"), &error)));
    expect (conf, "{\"j\":1}");
    flux_conf_decref (conf);
}

static void test_where_it_is_wrong (void **state)
{
    flux_error_t error;

    write_file ("bad.toml", "ok = 1\n\n[broken\n");
    assert_null (flux_conf_parse (dir, &error));
    assert_non_null (strstr (error.text, "/bad.toml:3: "));
    write_file ("bad.json", "{\n\"a\": }");
    assert_null (flux_conf_parse (path_of ("bad.json"), &error));
    assert_non_null (strstr (error.text, "/bad.json:2: "));
    write_file ("bad.json", "[]");
    assert_null (flux_conf_parse (path_of ("bad.json"), &error));
    assert_non_null (strstr (error.text, "not a JSON object"));
    assert_null (flux_conf_parse (path_of ("none"), &error));
    assert_int_equal (errno, ENOENT);
    assert_null (flux_conf_parse (NULL, &error));
    assert_int_equal (errno, EINVAL);
}

static void test_object (void **state)
{
    flux_conf_t *conf = flux_conf_pack ("{s:i}", "a", 1), *copy = flux_conf_copy (conf);
    flux_error_t error = {""};
    int a = 0;

    assert_ptr_equal (flux_conf_incref (conf), conf);
    flux_conf_decref (conf);
    assert_int_equal (flux_conf_update (copy, "a=2", NULL), 0);
    assert_int_equal (flux_conf_unpack (conf, NULL, "{s:i}", "a", &a), 0);
    assert_int_equal (a, 1);
    assert_int_equal (flux_conf_unpack (conf, &error, "{s:s}", "a", &a), -1);
    assert_true (*error.text != '\0');
    assert_null (flux_conf_pack ("[i]", 1));
    assert_null (flux_conf_copy (NULL));
    flux_conf_decref (NULL);
    flux_conf_decref (copy);
    flux_conf_decref (conf);
}

static int setup (void **state)
{
    setenv ("FLUX_EXEC_PATH", TOML_DIR, 1);
    return mkdtemp (dir) ? 0 : -1;
}

static int teardown (void **state)
{
    static const char *const names[] = {"a.toml", "b.toml",   "c.json",
                                        "d.txt",  "bad.toml", "bad.json"};

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        unlink (path_of (names[i]));
    return rmdir (dir);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_update),
        cmocka_unit_test (test_folder),
        cmocka_unit_test (test_where_it_is_wrong),
        cmocka_unit_test (test_object),
    };

    return cmocka_run_group_tests (tests, setup, teardown);
}
