/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>

#include "shell/broker/machine.h"
#include "testsuite/unit/cmocka.h"

/* A life is a list of events and of the states they lead to. */
struct step {
    const char *event;
    enum broker_state state;
};

static void live (const struct step *steps)
{
    enum broker_state state = STATE_NONE;

    for (; steps->event; steps++) {
        state = machine_next (state, steps->event);
        if (state != steps->state)
            fail_msg ("after %s the state is %s, not %s", steps->event, machine_name (state),
                      machine_name (steps->state));
    }
}

static void test_lives (void **state)
{
    static const struct step leader[] = {
        {"start", STATE_JOIN},
        {"parent-none", STATE_INIT},
        {"init-done", STATE_QUORUM},
        {"quorum-full", STATE_RUN},
        {"program-done", STATE_CLEANUP},
        {"cleanup-done", STATE_SHUTDOWN},
        {"children-gone", STATE_FINALIZE},
        {"finalized", STATE_GOODBYE},
        {"goodbye", STATE_EXIT},
        {NULL, 0},
    };
    static const struct step no_quorum[] = {
        {"start", STATE_JOIN},
        {"parent-none", STATE_INIT},
        {"init-done", STATE_QUORUM},
        {"quorum-fail", STATE_SHUTDOWN},
        {"children-gone", STATE_FINALIZE},
        {NULL, 0},
    };
    static const struct step orphan[] = {
        {"start", STATE_JOIN},      {"parent-ready", STATE_INIT},    {"init-done", STATE_QUORUM},
        {"quorum-full", STATE_RUN}, {"parent-fail", STATE_SHUTDOWN}, {NULL, 0},
    };
    static const struct step never_joined[] = {
        {"start", STATE_JOIN},
        {"parent-fail", STATE_SHUTDOWN},
        {NULL, 0},
    };

    live (leader);
    live (no_quorum);
    live (orphan);
    live (never_joined);
}

static void test_meaningless (void **state)
{
    for (int s = STATE_NONE; s <= STATE_EXIT; s++) {
        assert_int_equal (machine_next (s, "no-such-event"), s);
        assert_non_null (machine_name (s));
    }
    assert_int_equal (machine_next (STATE_EXIT, "start"), STATE_EXIT);
    assert_int_equal (machine_next (STATE_CLEANUP, "shutdown"), STATE_CLEANUP);
    assert_null (machine_name (STATE_EXIT + 1));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_lives),
        cmocka_unit_test (test_meaningless),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
