/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of a broker as a table, see machine.h. */

#include <string.h>

#include "shell/broker/machine.h"

static const char *names[] = {"none",    "join",     "init",     "quorum",  "run",
                              "cleanup", "shutdown", "finalize", "goodbye", "exit"};

static const struct {
    enum broker_state from;
    const char *event;
    enum broker_state to;
} transitions[] = {
    {STATE_NONE, "start", STATE_JOIN},
    {STATE_JOIN, "parent-none", STATE_INIT}, // rank 0
    {STATE_JOIN, "parent-ready", STATE_INIT},
    {STATE_JOIN, "parent-fail", STATE_SHUTDOWN},
    {STATE_JOIN, "shutdown", STATE_SHUTDOWN},
    {STATE_INIT, "init-done", STATE_QUORUM},
    {STATE_INIT, "init-fail", STATE_SHUTDOWN},
    {STATE_INIT, "shutdown", STATE_CLEANUP},
    {STATE_QUORUM, "quorum-full", STATE_RUN},
    {STATE_QUORUM, "quorum-fail", STATE_SHUTDOWN},
    {STATE_QUORUM, "shutdown", STATE_SHUTDOWN},
    {STATE_QUORUM, "parent-fail", STATE_SHUTDOWN},
    {STATE_RUN, "program-done", STATE_CLEANUP},
    {STATE_RUN, "shutdown", STATE_CLEANUP},
    {STATE_RUN, "parent-fail", STATE_SHUTDOWN},
    {STATE_CLEANUP, "cleanup-done", STATE_SHUTDOWN},
    {STATE_CLEANUP, "parent-fail", STATE_SHUTDOWN},
    {STATE_SHUTDOWN, "children-gone", STATE_FINALIZE},
    {STATE_FINALIZE, "finalized", STATE_GOODBYE},
    {STATE_GOODBYE, "goodbye", STATE_EXIT},
};

enum broker_state machine_next (enum broker_state state, const char *event)
{
    for (size_t i = 0; i < sizeof (transitions) / sizeof (transitions[0]); i++) {
        if (transitions[i].from == state && strcmp (transitions[i].event, event) == 0)
            return transitions[i].to;
    }
    return state;
}

const char *machine_name (enum broker_state state)
{
    return (size_t)state < sizeof (names) / sizeof (names[0]) ? names[state] : NULL;
}
