/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/set/hostlist_codec.h"
#include "testsuite/unit/cmocka.h"

static struct hostlist *need (const char *s)
{
    struct hostlist *hl = hostlist_decode (s);
    assert_non_null (hl);
    return hl;
}

static void check (struct hostlist *hl, const char *want)
{
    char *s = hostlist_encode (hl);
    assert_non_null (s);
    assert_string_equal (s, want);
    free (s);
}

/* The names of a list, joined by commas. */
static void check_names (struct hostlist *hl, const char *want)
{
    char buf[1024] = "";
    for (const char *s = hostlist_first (hl); s; s = hostlist_next (hl)) {
        if (buf[0])
            strcat (buf, ",");
        strcat (buf, s);
    }
    assert_string_equal (buf, want);
}

static void test_codec (void **state)
{
    static const struct {
        const char *in, *out, *names;
    } t[] = {
        {"", "", ""},
        {"foox,fooy,fooz", "foox,fooy,fooz", "foox,fooy,fooz"},
        {"[1-3,5-6]", "[1-3,5-6]", "1,2,3,5,6"},
        {"foo[1-5]", "foo[1-5]", "foo1,foo2,foo3,foo4,foo5"},
        {"foo[0-2]-eth2", "foo0-eth2,foo1-eth2,foo2-eth2", "foo0-eth2,foo1-eth2,foo2-eth2"},
        {"foo1,foo1,foo1", "foo[1,1,1]", "foo1,foo1,foo1"},
        {"h[096,096,096]", "h[096,096,096]", "h096,h096,h096"},
        {"[00-02]", "[00-02]", "00,01,02"},
        {"[00-2]", "[00-02]", "00,01,02"},
        {"h[005,4,11-13]", "h[005,004,011-013]", "h005,h004,h011,h012,h013"},
        {"foo[1,1,2,1]", "foo[1,1-2,1]", "foo1,foo1,foo2,foo1"},
        {"n9,n10,n11", "n[9-11]", "n9,n10,n11"},
        {"n09,n10,n11", "n[09-11]", "n09,n10,n11"},
        {"n099,n100,n101", "n[099-101]", "n099,n100,n101"},
        {"n99,n0100", "n[99,0100]", "n99,n0100"},
        {"n005,n4", "n005,n4", "n005,n4"},
        {"n4,n005", "n[4,005]", "n4,n005"},
        {"a,a1,b1,a2", "a,a1,b1,a2", "a,a1,b1,a2"},
        {",a,,b ,\tc,", "a,b,c", "a,b,c"},
        {"[1,3]p", "1p,3p", "1p,3p"},
        {"a[1-2]b[3-4]", NULL, NULL},
        {"f00[7-8,10]", "f00[7-8,10]", "f007,f008,f0010"},
        {"foo-1a-2,foo-1a-3", "foo-1a-[2-3]", "foo-1a-2,foo-1a-3"},
        {"x[1-2]3,y", "x[13,23],y", "x13,x23,y"},
        {"12345678901234567890,1", "12345678901234567890,1", "12345678901234567890,1"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        if (!t[i].out) {
            assert_null (hostlist_decode (t[i].in));
            assert_int_equal (errno, EINVAL);
            continue;
        }
        struct hostlist *hl = need (t[i].in), *cpy = hostlist_copy (hl), *again;
        check (hl, t[i].out);
        check_names (hl, t[i].names);
        check (cpy, t[i].out);
        check_names (again = need (t[i].out), t[i].names);
        hostlist_destroy (hl);
        hostlist_destroy (cpy);
        hostlist_destroy (again);
    }
}

static void test_decode_failures (void **state)
{
    static const struct {
        const char *in;
        int errnum;
    } t[] = {
        {NULL, EINVAL},
        {"[]", EINVAL},
        {"foo[]", EINVAL},
        {"foo[", EINVAL},
        {"foo[1,3", EINVAL},
        {"foo[[1,3]", EINVAL},
        {"foo]", EINVAL},
        {"foo[x-y]", EINVAL},
        {"foo[0-1,2--5]", EINVAL},
        {"foo[3-1]", EINVAL},
        {"foo[1]]", EINVAL},
        {"foo[1 2]", EINVAL},
        {"a\001b", EINVAL},
        {"h\303\266", EINVAL},
        {"foo[0-1048576]", ERANGE},
        {"foo[0-18446744073709551615]", EINVAL},
        {"a[0-65536]b", ERANGE},
        {"a[0-999999,0-999999,0-999999,0-999999,0-999999]", ERANGE},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        errno = 0;
        assert_null (hostlist_decode (t[i].in));
        assert_int_equal (errno, t[i].errnum);
    }
}

static void test_append (void **state)
{
    struct hostlist *hl = hostlist_create (), *hl2 = need ("bar[26-30]");

    assert_int_equal (hostlist_append (hl, ""), 0);
    assert_int_equal (hostlist_append (hl, NULL), 0);
    assert_int_equal (hostlist_append (hl, "foo12"), 1);
    assert_int_equal (hostlist_append (hl, "foo[4,1-2]"), 3);
    assert_int_equal (hostlist_append (hl, "foo[9,x]"), -1);
    check (hl, "foo[12,4,1-2]");
    assert_int_equal (hostlist_append_list (hl, hl2), 5);
    assert_int_equal (hostlist_count (hl), 9);
    check (hl, "foo[12,4,1-2],bar[26-30]");
    assert_int_equal (hostlist_append_list (hl2, hl2), 5);
    check (hl2, "bar[26-30,26-30]");
    hostlist_destroy (hl);
    hostlist_destroy (hl2);
}

static void test_cursor (void **state)
{
    struct hostlist *hl = need ("foo[1-2,4,5],bar");

    assert_string_equal (hostlist_nth (hl, 2), "foo4");
    assert_string_equal (hostlist_current (hl), "foo4");
    assert_string_equal (hostlist_next (hl), "foo5");
    assert_string_equal (hostlist_last (hl), "bar");
    assert_null (hostlist_next (hl));
    assert_null (hostlist_next (hl));
    assert_null (hostlist_current (hl));
    assert_string_equal (hostlist_first (hl), "foo1");
    assert_null (hostlist_nth (hl, 5));
    assert_int_equal (errno, ENOENT);
    assert_null (hostlist_nth (hl, -1));
    assert_int_equal (errno, EINVAL);
    assert_string_equal (hostlist_current (hl), "foo1");
    hostlist_destroy (hl);
}

static void test_find (void **state)
{
    static const struct {
        const char *list, *name;
        int index;
    } t[] = {
        {"tst0", "tst", -1},
        {"tst0,tst", "tst", 1},
        {"tst", "tst0", -1},
        {"foo[1-5]-eth0", "foo3-eth0", 2},
        {"foo[1-5]", "foo3-eth0", -1},
        {"[0-5]", "3", 3},
        {"[0-5]i", "0", -1},
        {"i[0-5]", "i00", -1},
        {"i[00-05]", "i04", 4},
        {"i[00-05]", "i4", -1},
        {"i[08-11]", "i10", 2},
        {"f00[7-8]", "f007", 0},
        {"f00[7-8,10]", "f0010", 2},
        {"f0010001[07-08]", "f001000108", 1},
        {"a,b,a", "a", 0},
        {"corn1-p2", "corn2", -1},
        {"n[1-3]", "", -1},
        {"12345678901234567890", "12345678901234567890", 0},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct hostlist *hl = need (t[i].list);
        for (int many = 0; many < 2; many++) {
            assert_int_equal (hostlist_find (hl, t[i].name), t[i].index);
            struct hostlist_hostname *hn = hostlist_hostname_create (t[i].name);
            assert_int_equal (hostlist_find_hostname (hl, hn), t[i].index);
            hostlist_hostname_destroy (hn);
            if (t[i].index >= 0)
                assert_string_equal (hostlist_current (hl), t[i].name);
            else
                assert_int_equal (errno, ENOENT);
            for (int k = 0; k < 20; k++) { // then the same through the index
                char name[32];
                snprintf (name, sizeof (name), "other%c-%d", 'a' + k, k);
                hostlist_append (hl, name);
            }
        }
        hostlist_destroy (hl);
    }
}

/* Every name of lists of many ranges, with duplicates, is found where it is first. */
static void test_find_many (void **state)
{
    static const int step[] = {1, 2, 3};
    for (size_t s = 0; s < sizeof (step) / sizeof (step[0]); s++) {
        struct hostlist *hl = hostlist_create ();
        char name[32];
        for (int i = 2000; i >= 0; i -= step[s]) {
            snprintf (name, sizeof (name), "r%d-n%d", i % 7, i);
            assert_int_equal (hostlist_append (hl, name), 1);
        }
        int count = hostlist_count (hl);
        if (s == 2)
            hostlist_append (hl, "r[0-6]-n[0-2000],r0-n5");
        for (int i = 0; i < count; i++) {
            snprintf (name, sizeof (name), "%s", hostlist_nth (hl, i));
            assert_int_equal (hostlist_find (hl, name), i);
        }
        assert_int_equal (hostlist_find (hl, "r9-n1"), -1);
        hostlist_destroy (hl);
    }
}

static void test_delete (void **state)
{
    static const struct {
        const char *list, *del;
        int rc;
        const char *out;
    } t[] = {
        {"foo[2-5]", "foo6", 0, "foo[2-5]"},
        {"foo[2-5]", "foo3", 1, "foo[2,4-5]"},
        {"foo[2-5]", "foo2", 1, "foo[3-5]"},
        {"foo[2-5]", "foo5", 1, "foo[2-4]"},
        {"foo[2-5],fooi", "fooi", 1, "foo[2-5]"},
        {"foo[2-5],fooi", "foo[1-2]", 1, "foo[3-5],fooi"},
        {"foo[0-7]", "foo[1,0,2-7]", 8, ""},
        {"a,a,b,a", "a", 1, "a,b,a"},
        {"a,a,b,a", "a,a", 2, "b,a"},
        {"a,a,b,a", "a,a,a,a", 3, "b"},
        {"n[0-9]", "n[9,0,2-3,5]", 5, "n[1,4,6-8]"},
        {"n[1-3,2-3,3]", "n[3,3]", 2, "n[1-2,2-3]"},
        {"foo[2-4]-eth2", "foo3-eth2", 1, "foo2-eth2,foo4-eth2"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct hostlist *hl = need (t[i].list);
        assert_int_equal (hostlist_delete (hl, t[i].del), t[i].rc);
        check (hl, t[i].out);
        hostlist_destroy (hl);
    }
}

/* Deleting ten thousand of twenty thousand names that share no range takes no time. */
static void test_delete_many (void **state)
{
    struct hostlist *hl = hostlist_create (), *del = hostlist_create ();
    char name[32];

    for (int i = 0; i < 40000; i += 2) {
        snprintf (name, sizeof (name), "n%d", i);
        assert_int_equal (hostlist_append (hl, name), 1);
        if (i % 4 == 0)
            assert_int_equal (hostlist_append (del, name), 1);
    }
    char *s = hostlist_encode (del);
    assert_int_equal (hostlist_delete (hl, s), 10000);
    assert_int_equal (hostlist_count (hl), 10000);
    assert_string_equal (hostlist_nth (hl, 9999), "n39998");
    assert_int_equal (hostlist_find (hl, "n4"), -1);
    free (s);
    hostlist_destroy (hl);
    hostlist_destroy (del);
}

static void test_delete_at_cursor (void **state)
{
    static const struct {
        const char *list;
        int at;
        const char *del, *next;
    } t[] = {
        {"foo[0-7]", 1, "foo1", "foo2"},          {"foo[0-7]", 4, "foo1", "foo5"},
        {"foo[0-7]", 4, "foo6", "foo5"},          {"foo[0,2,4-5]", 1, "foo2", "foo4"},
        {"foo[0,2,4-5]", 2, "foo2", "foo5"},      {"foo[0-15]", 0, NULL, "foo1"},
        {"foo[0-15]", 7, NULL, "foo8"},           {"foo[0-1,3,15]", 2, NULL, "foo15"},
        {"foo[0-100]", 50, "foo0", "foo51"},      {"foo[0-3]", 3, NULL, NULL},
        {"foo[0-100]", 50, "foo[0-49]", "foo51"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct hostlist *hl = need (t[i].list);
        assert_non_null (hostlist_nth (hl, t[i].at));
        if (t[i].del)
            assert_true (hostlist_delete (hl, t[i].del) > 0);
        else
            assert_int_equal (hostlist_remove_current (hl), 1);
        const char *next = hostlist_next (hl);
        if (t[i].next)
            assert_string_equal (next, t[i].next);
        else
            assert_null (next);
        hostlist_destroy (hl);
    }
}

static void test_sort (void **state)
{
    static const struct {
        const char *in, *sorted, *uniq;
    } t[] = {
        {"foo,f,bar,baz", "bar,baz,f,foo", "bar,baz,f,foo"},
        {"[5-6],[3-4],[1-2,0]", "[0-6]", "[0-6]"},
        {"[0-20],12,15", "[0-12,12-15,15-20]", "[0-20]"},
        {"0,1,2,3,4,5,1,5", "[0-1,1-5,5]", "[0-5]"},
        {"[0-20],45,12,015", "[0-12,12-20,45,015]", "[0-20,45,015]"},
        {"bar1,bar2,foo1,foo,foo", "bar[1-2],foo,foo,foo1", "bar[1-2],foo,foo1"},
        {"foo[5-6],foo[4-7]", "foo[4-5,5-6,6-7]", "foo[4-7]"},
        {"foo[0-2],foo[0-2],foo[0-2]", "foo[0,0,0-1,1,1-2,2,2]", "foo[0-2]"},
        {"n11,n9,n10", "n[9-11]", "n[9-11]"},
        {"n01,n9,n10,z,n10", "n[9,01,10,10],z", "n[9,01,10],z"},
        {"n[08-101],n099,n100", "n[08-99,099-100,100-101]", "n[08-99,099-101]"},
        {"n10,n09,n11,n08,n9", "n[9,08-11]", "n[9,08-11]"},
        {"n100,n099,n1000,n98", "n[98,099-100,1000]", "n[98,099-100,1000]"},
        {"n1[15-20],n[118-121]", "n[118-121],n1[15-20]", "n[115-121]"},
        {"n1[8-11],n[19,110]", "n[19,110],n1[8-11]", "n[18-19,110-111]"},
        {"[15-400],1[15-400],1", "[1,15-400],1[15-400]", "[1,15-400,1100-1400]"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct hostlist *hl = need (t[i].in);
        hostlist_last (hl);
        hostlist_sort (hl);
        check (hl, t[i].sorted);
        hostlist_uniq (hl);
        check (hl, t[i].uniq);
        hostlist_destroy (hl);
        hl = need (t[i].in);
        hostlist_uniq (hl);
        check (hl, t[i].uniq);
        hostlist_destroy (hl);
    }
}

static void test_failures (void **state)
{
    struct hostlist *hl = hostlist_create ();

    assert_null (hostlist_copy (NULL));
    assert_null (hostlist_encode (NULL));
    assert_int_equal (hostlist_append (NULL, "foo"), -1);
    assert_int_equal (hostlist_append_list (NULL, NULL), -1);
    assert_null (hostlist_nth (NULL, 0));
    assert_int_equal (hostlist_find (NULL, NULL), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (hostlist_find_hostname (hl, NULL), -1);
    assert_null (hostlist_hostname_create ("a b"));
    assert_null (hostlist_hostname_create (NULL));
    assert_int_equal (hostlist_delete (NULL, NULL), -1);
    assert_int_equal (hostlist_delete (hl, "a["), -1);
    assert_int_equal (hostlist_count (NULL), 0);
    hostlist_sort (NULL);
    hostlist_uniq (NULL);
    assert_null (hostlist_first (NULL));
    assert_null (hostlist_last (NULL));
    assert_null (hostlist_next (NULL));
    assert_null (hostlist_current (NULL));
    assert_int_equal (hostlist_remove_current (NULL), -1);
    assert_null (hostlist_first (hl));
    assert_null (hostlist_last (hl));
    assert_null (hostlist_next (hl));
    assert_null (hostlist_current (hl));
    assert_int_equal (hostlist_remove_current (hl), 0);
    hostlist_destroy (hl);
    hostlist_destroy (NULL);
}

static void test_append_host (void **state)
{
    struct hostlist *hl = hostlist_create ();

    assert_int_equal (hostlist_append_host (hl, "n1"), 0);
    assert_int_equal (hostlist_append_host (hl, "n2"), 0);
    check (hl, "n[1-2]");
    static const char *bad[] = {"", ",", "a,b", "a[1]", "a b", " a", "a]"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert_int_equal (hostlist_append_host (hl, bad[i]), -1);
    assert_int_equal (hostlist_append_host (hl, NULL), -1);
    assert_int_equal (hostlist_count (hl), 2);
    hostlist_destroy (hl);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_codec),
        cmocka_unit_test (test_decode_failures),
        cmocka_unit_test (test_append),
        cmocka_unit_test (test_cursor),
        cmocka_unit_test (test_find),
        cmocka_unit_test (test_find_many),
        cmocka_unit_test (test_delete),
        cmocka_unit_test (test_delete_many),
        cmocka_unit_test (test_delete_at_cursor),
        cmocka_unit_test (test_append_host),
        cmocka_unit_test (test_sort),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
