/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Names, files and states of modules. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/module.h>

#include "shell/service/module/modinfo.h"
#include "testsuite/unit/cmocka.h"

static void test_name (void **state)
{
    static const struct {
        const char *path, *name;
    } table[] = {
        {"/a/b/hello.so", "hello"},
        {"hello.so.1.2", "hello"},
        {"./x-y_2.so", "x-y_2"},
        {"plain", "plain"},
        {"/a.so/b.so", "b"},
        {"/a/.so", NULL},
        {"", NULL},
        {"/a/b/", NULL},
        {"a b.so", NULL},
        {"a.b.so", NULL},
        {"0123456789012345678901234567890123456789012345678901234567890123.so", NULL},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        char name[MODULE_NAME_MAX];
        errno = 0;
        int rc = modinfo_name (table[i].path, name);
        if (table[i].name) {
            assert_int_equal (rc, 0);
            assert_string_equal (name, table[i].name);
        } else {
            assert_int_equal (rc, -1);
            assert_int_equal (errno, EINVAL);
        }
    }
}

static void test_find (void **state)
{
    char dir[] = "/tmp/modinfo-XXXXXX", file[64], path[128];
    char *found;

    assert_non_null (mkdtemp (dir));
    snprintf (file, sizeof (file), "%s/mod.so", dir);
    FILE *f = fopen (file, "w");
    assert_non_null (f);
    fclose (f);
    snprintf (path, sizeof (path), "/nowhere::%s:/tmp", dir);

    assert_non_null (found = modinfo_find ("mod", path));
    assert_string_equal (found, file);
    free (found);
    assert_non_null (found = modinfo_find (file, NULL));
    assert_string_equal (found, file);
    free (found);
    static const char *const bad[] = {"other", "mod.so", "", "..", "/nowhere/mod.so"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        errno = 0;
        assert_null (modinfo_find (bad[i], path));
        assert_int_equal (errno, ENOENT);
    }
    assert_null (modinfo_find ("mod", NULL));
    assert_null (modinfo_find ("mod", ""));
    unlink (file);
    rmdir (dir);
}

static void test_states (void **state)
{
    for (int from = 0; from <= FLUX_MODSTATE_EXITED; from++) {
        for (int to = -1; to <= FLUX_MODSTATE_EXITED + 1; to++)
            assert_int_equal (modinfo_may_follow (from, to),
                              to > from && to <= FLUX_MODSTATE_EXITED);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_name),
        cmocka_unit_test (test_find),
        cmocka_unit_test (test_states),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
