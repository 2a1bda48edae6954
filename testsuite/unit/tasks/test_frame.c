/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The payload of group messages, and how contributions are joined. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tasks/combine.h"
#include "testsuite/unit/cmocka.h"

static void make (struct group_frame *f, int op, const char *have)
{
    memset (f, 0, sizeof (*f));
    f->op = op;
    f->uid = 1000;
    f->seq = 7;
    strcpy (f->name, "1/solver");
    f->have = idset_decode (have);
}

static void test_round_trip (void **state)
{
    struct group_frame f, g;
    struct group_part part;
    struct buf b = {0}, parts = {0};
    size_t pos = 0;

    make (&f, GROUP_GATHER, "0,2-3");
    f.need = idset_decode ("0-3");
    group_part_put (&parts, 2, "ab", 2);
    group_part_put (&parts, 3, "", 0);
    f.nparts = 2;
    f.parts = parts.data;
    f.parts_len = parts.len;
    group_frame_encode (&f, &b);
    assert_int_equal (b.err, 0);
    assert_int_equal (group_frame_decode (&g, b.data, b.len), 0);
    assert_int_equal (g.op, GROUP_GATHER);
    assert_int_equal (g.uid, 1000);
    assert_int_equal (g.seq, 7);
    assert_string_equal (g.name, "1/solver");
    assert_true (idset_equal (g.have, f.have));
    assert_true (idset_equal (g.need, f.need));
    assert_true (group_part_next (g.parts, g.parts_len, &pos, &part));
    assert_int_equal (part.rank, 2);
    assert_memory_equal (part.data, "ab", 2);
    assert_true (group_part_next (g.parts, g.parts_len, &pos, &part));
    assert_int_equal (part.rank, 3);
    assert_int_equal (part.len, 0);
    assert_false (group_part_next (g.parts, g.parts_len, &pos, &part));
    group_frame_clear (&g);

    /* every cut of it, and a byte too many, is refused */
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal (group_frame_decode (&g, b.data, n), -1);
    buf_putc (&b, 'x');
    assert_int_equal (group_frame_decode (&g, b.data, b.len), -1);
    assert_int_equal (errno, EPROTO);
    group_frame_clear (&f);
    buf_clear (&b);
    buf_clear (&parts);
}

static void add_value (struct combine *c, int op, const char *have, uint64_t value, int expect)
{
    struct group_frame f;
    struct buf parts = {0};
    unsigned char v[8];

    make (&f, op, have);
    group_put_u64 (v, value);
    group_part_put (&parts, 0, v, 8);
    f.nparts = 1;
    f.parts = parts.data;
    f.parts_len = parts.len;
    assert_int_equal (combine_add (c, &f), 0);
    assert_int_equal (c->errnum, expect);
    group_frame_clear (&f);
    buf_clear (&parts);
}

static uint64_t value_of (const struct combine *c)
{
    struct group_part part;
    size_t pos = 0;

    assert_true (group_part_next (c->parts.data, c->parts.len, &pos, &part));
    assert_int_equal (part.len, 8);
    return group_get_u64 (part.data);
}

static uint64_t real (double d)
{
    uint64_t v;

    memcpy (&v, &d, 8);
    return v;
}

static void test_numbers (void **state)
{
    static const struct {
        int op;
        uint64_t a, b, result;
    } table[] = {
        {GROUP_SUM_INT, 5, -7, -2}, {GROUP_MIN_INT, 5, -7, -7},
        {GROUP_MAX_INT, 5, -7, 5},  {GROUP_AND_INT, 12, 10, 8},
        {GROUP_OR_INT, 12, 10, 14}, {GROUP_SUM_INT, INT64_MAX, 1, INT64_MIN},
    };
    struct combine c;

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        combine_init (&c);
        add_value (&c, table[i].op, "0", table[i].a, 0);
        add_value (&c, table[i].op, "1", table[i].b, 0);
        assert_int_equal (value_of (&c), table[i].result);
        combine_clear (&c);
    }
    combine_init (&c);
    add_value (&c, GROUP_SUM_REAL, "0", real (.5), 0);
    add_value (&c, GROUP_SUM_REAL, "1", real (.25), 0);
    assert_int_equal (value_of (&c), real (.75));
    combine_clear (&c);
    combine_init (&c);
    add_value (&c, GROUP_MIN_REAL, "0", real (.5), 0);
    add_value (&c, GROUP_MIN_REAL, "1", real (-3.), 0);
    assert_int_equal (value_of (&c), real (-3.));
    combine_clear (&c);
}

static void add_part (struct combine *c, const char *have, uint32_t rank, const char *text)
{
    struct group_frame f;
    struct buf parts = {0};

    make (&f, GROUP_GATHER, have);
    group_part_put (&parts, rank, text, strlen (text));
    f.nparts = 1;
    f.parts = parts.data;
    f.parts_len = parts.len;
    assert_int_equal (combine_add (c, &f), 0);
    group_frame_clear (&f);
    buf_clear (&parts);
}

/* What comes twice counts once, and where that can't be told the operation fails. */
static void test_twice (void **state)
{
    struct combine c;

    combine_init (&c);
    add_part (&c, "0", 0, "a");
    add_part (&c, "0", 0, "a");
    add_part (&c, "1-2", 2, "c");
    assert_int_equal (c.nparts, 2);
    assert_int_equal (idset_count (c.have), 3);
    combine_clear (&c);

    combine_init (&c);
    add_value (&c, GROUP_SUM_INT, "0-1", 5, 0);
    add_value (&c, GROUP_SUM_INT, "1", 3, 0);
    assert_int_equal (value_of (&c), 5);
    add_value (&c, GROUP_SUM_INT, "1-2", 3, EAGAIN);
    assert_int_equal (c.nparts, 0);
    combine_clear (&c);
}

static void test_expected_failures (void **state)
{
    struct combine c;
    struct group_frame f;

    combine_init (&c);
    add_value (&c, GROUP_SUM_INT, "0", 5, 0);
    add_value (&c, GROUP_MAX_INT, "1", 5, EINVAL);
    add_value (&c, GROUP_SUM_INT, "2", 5, EINVAL);
    assert_int_equal (idset_count (c.have), 3); // failed, but who came is known
    combine_clear (&c);

    combine_init (&c);
    make (&f, GROUP_SUM_INT, "0"); // no value
    assert_int_equal (combine_add (&c, &f), 0);
    assert_int_equal (c.errnum, EINVAL);
    group_frame_clear (&f);
    combine_clear (&c);

    combine_init (&c);
    make (&f, GROUP_BARRIER, "0");
    f.errnum = EHOSTUNREACH;
    assert_int_equal (combine_add (&c, &f), 0);
    assert_int_equal (c.errnum, EHOSTUNREACH);
    group_frame_clear (&f);
    combine_clear (&c);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_round_trip),
        cmocka_unit_test (test_numbers),
        cmocka_unit_test (test_twice),
        cmocka_unit_test (test_expected_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
