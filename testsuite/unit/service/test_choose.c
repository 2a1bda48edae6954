/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "shell/service/uplink/choose.h"
#include "testsuite/unit/cmocka.h"

#define COUNT(a) (sizeof (a) / sizeof ((a)[0]))

/* Three nodes of four cores and two GPUs; `busy` as R_lite of what jobs hold. */
struct choice {
    const char *busy;
    const char *ranks; // NULL: none named
    struct choose_wish wish;
    const char *less; // NULL: refused
    const char *why;
};

static const struct choice choices[] = {
    {"", "1", {0}, "rank1/core[0-3],gpu[0-1]", NULL},
    {"", "1-2", {0}, "rank[1-2]/core[0-3],gpu[0-1]", NULL},
    {"", NULL, {.nodes = 1}, "rank2/core[0-3],gpu[0-1]", NULL},
    {"", NULL, {.nodes = 2}, "rank[1-2]/core[0-3],gpu[0-1]", NULL},
    {"", NULL, {.cores = 2}, "rank2/core[2-3]", NULL},
    {"", NULL, {.cores = 5}, "rank1/core3 rank2/core[0-3],gpu[0-1]", NULL},
    {"", NULL, {.gpus = 3}, "rank1/gpu1 rank2/gpu[0-1]", NULL},
    {"", NULL, {.cores = 1, .gpus = 1}, "rank2/core3,gpu1", NULL},
    {"", NULL, {.all = true}, "rank0/core[1-3],gpu[0-1] rank[1-2]/core[0-3],gpu[0-1]", NULL},
    {"rank2/core0", NULL, {.nodes = 1}, "rank1/core[0-3],gpu[0-1]", NULL},
    {"rank2/core0", NULL, {.cores = 3}, "rank2/core[1-3]", NULL},
    {"rank0/core0", NULL, {.cores = 11}, "rank0/core[1-3] rank[1-2]/core[0-3],gpu[0-1]", NULL},
    {"", "0", {0}, NULL, "rank 0 cannot be given back"},
    {"", "3", {0}, NULL, "the instance has nothing on rank 3"},
    {"rank1/core0", "1", {0}, NULL, "jobs run on rank 1"},
    {"rank1/core0",
     NULL,
     {.nodes = 2},
     NULL,
     "1 of the nodes besides that of rank 0 is idle, not 2"},
    {"", NULL, {.nodes = 3}, NULL, "2 of the nodes besides that of rank 0 are idle, not 3"},
    {"", NULL, {.cores = 12}, NULL, "only 11 cores"},
    {"", NULL, {.gpus = 7}, NULL, "and 6 GPUs"},
};

static struct rv1 *make (const char *lite)
{
    char text[512];

    snprintf (text, sizeof (text),
              "{\"version\":1,\"execution\":{\"R_lite\":[%s],\"starttime\":0,\"expiration\":0,"
              "\"nodelist\":[\"n[0-2]\"]}}",
              lite);
    struct rv1 *rs = rv1_decode (text, strlen (text), NULL);
    assert_non_null (rs);
    return rs;
}

static struct rv1 *whole (void)
{
    return make ("{\"rank\":\"0-2\",\"children\":{\"core\":\"0-3\",\"gpu\":\"0-1\"}}");
}

/* "rankN/core0" or nothing */
static struct rv1 *idle_but (const char *busy)
{
    struct rv1 *all = whole ();
    unsigned int rank;

    if (sscanf (busy, "rank%u/core0", &rank) == 1) {
        struct rv1 *held = rv1_create ();
        struct idset *cores = idset_decode ("0");
        assert_int_equal (rv1_add_node (held, rank, NULL, cores, NULL), 0);
        assert_int_equal (rv1_subtract (all, held), 0);
        idset_destroy (cores);
        rv1_destroy (held);
    }
    return all;
}

static void check (const struct choice *c)
{
    struct rv1 *all = whole (), *idle = idle_but (c->busy), *less;
    struct choose_wish wish = c->wish;
    struct idset *ranks = c->ranks ? idset_decode (c->ranks) : NULL;
    flux_error_t error = {""};
    struct buf b = {0};

    wish.ranks = ranks;
    less = choose_less (all, idle, &wish, &error);
    if (c->less) {
        assert_non_null (less);
        rv1_dump_buf (&b, less);
        assert_string_equal (b.data, c->less);
    } else {
        assert_null (less);
        assert_true (errno == EBUSY || errno == EINVAL);
        if (!strstr (error.text, c->why))
            fail_msg ("'%s' is not in '%s'", c->why, error.text);
    }
    buf_clear (&b);
    idset_destroy (ranks);
    rv1_destroy (less);
    rv1_destroy (idle);
    rv1_destroy (all);
}

static void test_choices (void **state)
{
    for (size_t i = 0; i < COUNT (choices); i++)
        check (&choices[i]);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_choices),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
