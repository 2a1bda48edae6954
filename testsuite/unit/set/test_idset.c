/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "testsuite/unit/cmocka.h"

#define RANGE IDSET_FLAG_RANGE
#define BRACKETS (IDSET_FLAG_RANGE | IDSET_FLAG_BRACKETS)

static struct idset *need (const char *s)
{
    struct idset *set = idset_decode (s);
    assert_non_null (set);
    return set;
}

static void check (const struct idset *set, int flags, const char *want)
{
    char *s = idset_encode (set, flags);
    assert_non_null (s);
    assert_string_equal (s, want);
    free (s);
}

static void test_codec (void **state)
{
    static const struct {
        const char *in, *ranges, *brackets, *plain;
        size_t count;
    } t[] = {
        {"", "", "", "", 0},
        {"[]", "", "", "", 0},
        {"0", "0", "0", "0", 1},
        {"[7]", "7", "7", "7", 1},
        {"1-3,5-6,42", "1-3,5-6,42", "[1-3,5-6,42]", "1,2,3,5,6,42", 6},
        {"[1,2,3]", "1-3", "[1-3]", "1,2,3", 3},
        {",1,,2,", "1-2", "[1-2]", "1,2", 2},
        {"62-65", "62-65", "[62-65]", "62,63,64,65", 4},
        {"4094-4097", "4094-4097", "[4094-4097]", "4094,4095,4096,4097", 4},
        {"0,2147483647", "0,2147483647", "[0,2147483647]", "0,2147483647", 2},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct idset *set = need (t[i].in);
        assert_int_equal (idset_count (set), t[i].count);
        check (set, RANGE, t[i].ranges);
        check (set, BRACKETS, t[i].brackets);
        check (set, 0, t[i].plain);
        size_t count;
        unsigned int maxid;
        assert_int_equal (idset_decode_info (t[i].in, -1, &count, &maxid, NULL), 0);
        assert_int_equal (count, t[i].count);
        assert_int_equal (maxid, idset_last (set));
        assert_int_equal (idset_decode_empty (t[i].in, -1), t[i].count == 0);
        idset_destroy (set);
    }
}

static void test_decode_failures (void **state)
{
    static const struct {
        const char *in;
        int errnum;
    } t[] = {
        {NULL, EINVAL},
        {"[", EINVAL},
        {"]", EINVAL},
        {"[1", EINVAL},
        {"1]", EINVAL},
        {"[[1]]", EINVAL},
        {"1-", EINVAL},
        {"-1", EINVAL},
        {"1--2", EINVAL},
        {"1-2-3", EINVAL},
        {"x", EINVAL},
        {"1x", EINVAL},
        {"1 2", EINVAL},
        {" 1", EINVAL},
        {"01", EINVAL},
        {"0-01", EINVAL},
        {"3-2", EINVAL},
        {"2-2", EINVAL},
        {"2,1", EINVAL},
        {"1,1", EINVAL},
        {"1-5,5", EINVAL},
        {"+1", EINVAL},
        {"1.5", EINVAL},
        {"2147483648", ERANGE},
        {"4294967295", ERANGE},
        {"4294967296", ERANGE},
        {"99999999999999999999", EINVAL},
        {"0-18446744073709551615", EINVAL},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        idset_error_t error = {0};
        errno = 0;
        assert_null (idset_decode (t[i].in));
        assert_int_equal (errno, t[i].errnum);
        assert_null (idset_decode_ex (t[i].in, -1, -1, 0, &error));
        assert_true (strlen (error.text) > 0);
        assert_int_equal (idset_decode_info (t[i].in, -1, NULL, NULL, NULL), -1);
        assert_false (idset_decode_empty (t[i].in, -1));
    }
    idset_error_t error;
    assert_null (idset_decode_ex ("", -1, -1, 0, &error));
    assert_int_equal (errno, EINVAL);
    struct idset *set = idset_decode_ex ("", -1, -1, IDSET_FLAG_AUTOGROW, &error);
    assert_int_equal (idset_universe_size (set), 1);
    idset_destroy (set);
    assert_null (idset_decode_ex ("0-8", -1, 8, 0, &error));
}

static void test_decode_parts (void **state)
{
    idset_error_t error;
    struct idset *set = idset_decode_ex ("1-3,x", 3, -1, 0, &error);

    assert_int_equal (idset_universe_size (set), 4);
    check (set, RANGE, "1-3");
    assert_int_equal (idset_decode_add (set, "0", -1, &error), 0);
    assert_int_equal (idset_decode_subtract (set, "2,9", -1, &error), 0);
    check (set, RANGE, "0-1,3");
    assert_int_equal (idset_decode_add (set, "9", -1, &error), -1);
    assert_int_equal (idset_decode_add (NULL, "9", -1, NULL), -1);
    assert_int_equal (idset_decode_subtract (set, "x", -1, &error), -1);
    idset_destroy (set);
}

static void test_members (void **state)
{
    struct idset *set = idset_create (0, IDSET_FLAG_AUTOGROW);
    static const unsigned int ids[] = {0, 1, 63, 64, 4095, 4096, 5000, 262143, 262144, 9999999};
    size_t n = sizeof (ids) / sizeof (ids[0]);

    for (size_t i = n; i-- > 0;)
        assert_int_equal (idset_set (set, ids[i]), 0);
    assert_int_equal (idset_set (set, ids[0]), 0);
    assert_int_equal (idset_count (set), n);
    assert_int_equal (idset_first (set), ids[0]);
    assert_int_equal (idset_last (set), ids[n - 1]);
    for (size_t i = 0; i < n; i++) {
        assert_true (idset_test (set, ids[i]));
        assert_int_equal (idset_next (set, ids[i]), i + 1 < n ? ids[i + 1] : IDSET_INVALID_ID);
        assert_int_equal (idset_prev (set, ids[i]), i > 0 ? ids[i - 1] : IDSET_INVALID_ID);
    }
    assert_int_equal (idset_prev (set, IDSET_INVALID_ID), IDSET_INVALID_ID);
    assert_int_equal (idset_next (set, IDSET_INVALID_ID), IDSET_INVALID_ID);
    assert_false (idset_test (set, 2));
    assert_false (idset_test (set, UINT_MAX));
    for (size_t i = 0; i < n; i++)
        assert_int_equal (idset_clear (set, ids[i]), 0);
    assert_true (idset_empty (set));
    assert_int_equal (idset_first (set), IDSET_INVALID_ID);
    assert_int_equal (idset_last (set), IDSET_INVALID_ID);
    idset_destroy (set);
}

static void test_universe (void **state)
{
    struct idset *set = idset_create (100, 0);

    assert_int_equal (idset_universe_size (set), 100);
    assert_int_equal (idset_set (set, 99), 0);
    assert_int_equal (idset_set (set, 100), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (idset_clear (set, 100), 0);
    assert_int_equal (idset_range_clear (set, 200, 99), 0);
    assert_true (idset_empty (set));
    idset_destroy (set);

    set = idset_create (100, IDSET_FLAG_INITFULL);
    check (set, RANGE, "0-99");
    assert_int_equal (idset_set (set, 200), 0);
    assert_int_equal (idset_clear (set, 200), -1);
    idset_destroy (set);

    set = idset_create (100, IDSET_FLAG_INITFULL | IDSET_FLAG_AUTOGROW);
    assert_int_equal (idset_clear (set, 5000), 0);
    assert_int_equal (idset_universe_size (set), 6400);
    check (set, RANGE, "0-4999,5001-6399");
    idset_destroy (set);

    assert_null (idset_create (IDSET_MAX_UNIVERSE + 1, 0));
    assert_int_equal (errno, ERANGE);
    assert_null (idset_create (0, IDSET_FLAG_RANGE));
    assert_int_equal (errno, EINVAL);
    set = idset_create (1, IDSET_FLAG_AUTOGROW);
    assert_int_equal (idset_set (set, INT_MAX), 0);
    assert_int_equal (idset_set (set, (unsigned int)INT_MAX + 1), -1);
    assert_int_equal (errno, ERANGE);
    assert_int_equal (idset_set (set, IDSET_INVALID_ID), -1);
    assert_int_equal (errno, EINVAL);
    idset_destroy (set);
}

/* The whole range of ids costs blocks, not ids. */
static void test_huge (void **state)
{
    struct idset *set = need ("0-2147483647");
    struct idset *hole = need ("1000000000");

    assert_int_equal (idset_count (set), IDSET_MAX_UNIVERSE);
    assert_int_equal (idset_subtract (set, hole), 0);
    check (set, RANGE, "0-999999999,1000000001-2147483647");
    assert_int_equal (idset_range_clear (set, 5, INT_MAX), 0);
    check (set, RANGE, "0-4");
    assert_int_equal (idset_next (set, 4), IDSET_INVALID_ID);
    idset_destroy (set);
    idset_destroy (hole);
}

static void test_algebra (void **state)
{
    static const struct {
        const char *a, *b, *sum, *minus, *both;
    } t[] = {
        {"", "", "", "", ""},
        {"1-5", "", "1-5", "1-5", ""},
        {"", "1-5", "1-5", "", ""},
        {"1-5", "3-9", "1-9", "1-2", "3-5"},
        {"0-9999", "5000", "0-9999", "0-4999,5001-9999", "5000"},
        {"5000", "0-9999", "0-9999", "", "5000"},
        {"0-8191", "4096-8191", "0-8191", "0-4095", "4096-8191"},
        {"1,100000", "2,200000", "1-2,100000,200000", "1,100000", ""},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct idset *a = need (t[i].a), *b = need (t[i].b), *x;
        check (x = idset_union (a, b), RANGE, t[i].sum);
        idset_destroy (x);
        check (x = idset_difference (a, b), RANGE, t[i].minus);
        assert_int_equal (idset_equal (a, x), strcmp (t[i].a, t[i].minus) == 0);
        idset_destroy (x);
        check (x = idset_intersect (a, b), RANGE, t[i].both);
        assert_int_equal (idset_has_intersection (a, b), idset_count (x) > 0);
        idset_destroy (x);
        x = idset_copy (a);
        assert_true (idset_equal (a, x));
        assert_int_equal (idset_add (x, x), 0);
        assert_true (idset_equal (a, x));
        assert_int_equal (idset_clear_all (x), 0);
        assert_true (idset_empty (x));
        idset_destroy (x);
        idset_destroy (a);
        idset_destroy (b);
    }
    assert_false (idset_equal (NULL, NULL));
    assert_false (idset_has_intersection (NULL, NULL));
}

/* What is added past the end of a full universe is there already. */
static void test_algebra_full (void **state)
{
    struct idset *set = idset_create (10, IDSET_FLAG_INITFULL), *b = need ("0-20");

    assert_int_equal (idset_subtract (set, b), -1);
    check (set, RANGE, "0-9");
    assert_int_equal (idset_add (set, b), 0);
    check (set, RANGE, "0-9");
    assert_int_equal (idset_count (set), 10);
    idset_destroy (set);
    idset_destroy (b);
}

/* Against a plain array, with runs and single ids at random places. */
static void test_model (void **state)
{
    enum { N = 20000 };
    static bool model[N];
    struct idset *set = idset_create (1, IDSET_FLAG_AUTOGROW);
    unsigned int seed = 1;

    memset (model, 0, sizeof (model));
    for (int round = 0; round < 2000; round++) {
        unsigned int lo = rand_r (&seed) % N, hi = lo, on = rand_r (&seed) % 2;
        if (rand_r (&seed) % 2)
            hi = lo + rand_r (&seed) % (N - lo);
        assert_int_equal ((on ? idset_range_set : idset_range_clear) (set, lo, hi), 0);
        memset (model + lo, on, hi - lo + 1);
    }
    size_t count = 0;
    unsigned int id = idset_first (set), back = IDSET_INVALID_ID;
    for (unsigned int i = 0; i < N; i++) {
        assert_int_equal (idset_test (set, i), model[i]);
        if (!model[i])
            continue;
        count++;
        assert_int_equal (id, i);
        assert_int_equal (idset_prev (set, i), back);
        back = i;
        id = idset_next (set, i);
    }
    assert_int_equal (id, IDSET_INVALID_ID);
    assert_int_equal (idset_count (set), count);
    char *s = idset_encode (set, RANGE);
    struct idset *again = need (s);
    assert_true (idset_equal (set, again));
    free (s);
    idset_destroy (again);
    idset_destroy (set);
}

static void test_alloc (void **state)
{
    struct idset *set = idset_create (4, IDSET_FLAG_INITFULL);
    unsigned int id;

    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal (idset_alloc (set, &id), 0);
        assert_int_equal (id, i);
    }
    assert_int_equal (idset_alloc (set, &id), -1);
    idset_free (set, 2);
    idset_free (set, 99);
    assert_int_equal (idset_free_check (set, 2), -1);
    assert_int_equal (errno, EEXIST);
    assert_int_equal (idset_free_check (set, 4), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (idset_alloc (set, &id), 0);
    assert_int_equal (id, 2);
    idset_destroy (set);

    set = idset_create (4, IDSET_FLAG_INITFULL | IDSET_FLAG_AUTOGROW | IDSET_FLAG_ALLOC_RR);
    assert_int_equal (idset_alloc (set, &id), 0);
    assert_int_equal (idset_free_check (set, 0), 0);
    assert_int_equal (idset_alloc (set, &id), 0);
    assert_int_equal (id, 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal (idset_alloc (set, &id), 0);
    assert_int_equal (idset_universe_size (set) - idset_count (set), 1001);
    idset_destroy (set);
}

static void test_failures (void **state)
{
    struct idset *set = idset_create (1, 0);
    unsigned int id;

    assert_int_equal (idset_set (NULL, 0), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (idset_clear (NULL, 0), -1);
    assert_int_equal (idset_range_set (set, UINT_MAX, 0), -1);
    assert_int_equal (idset_alloc (set, &id), -1);
    assert_int_equal (idset_add (NULL, set), -1);
    assert_int_equal (idset_subtract (NULL, set), -1);
    assert_null (idset_union (NULL, set));
    assert_null (idset_difference (NULL, set));
    assert_null (idset_intersect (set, NULL));
    assert_null (idset_copy (NULL));
    assert_null (idset_encode (NULL, 0));
    assert_null (idset_encode (set, IDSET_FLAG_AUTOGROW));
    assert_int_equal (idset_count (NULL), 0);
    assert_true (idset_empty (NULL));
    assert_int_equal (idset_first (NULL), IDSET_INVALID_ID);
    assert_int_equal (idset_universe_size (NULL), 0);
    errno = ENOENT;
    idset_destroy (NULL);
    idset_destroy (set);
    assert_int_equal (errno, ENOENT);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_codec),        cmocka_unit_test (test_decode_failures),
        cmocka_unit_test (test_decode_parts), cmocka_unit_test (test_members),
        cmocka_unit_test (test_universe),     cmocka_unit_test (test_huge),
        cmocka_unit_test (test_algebra),      cmocka_unit_test (test_algebra_full),
        cmocka_unit_test (test_model),        cmocka_unit_test (test_alloc),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
