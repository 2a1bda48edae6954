/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of a broker as a table: states, and which event leads from which state to which. Pure;
 * what is done in a state is the business of life.c.
 *
 *   none -> join -> init -> quorum -> run -> cleanup -> shutdown -> finalize -> goodbye -> exit
 */

#ifndef FLUX_BROKER_MACHINE_H
#define FLUX_BROKER_MACHINE_H

#include <stddef.h>

enum broker_state {
    STATE_NONE,
    STATE_JOIN,     // wait for the parent
    STATE_INIT,     // start the services
    STATE_QUORUM,   // wait for enough brokers
    STATE_RUN,      // rank 0: the initial program runs
    STATE_CLEANUP,  // rank 0: jobs are ended
    STATE_SHUTDOWN, // wait for the children to leave
    STATE_FINALIZE, // save what is to be saved
    STATE_GOODBYE,  // leave the parent
    STATE_EXIT,
};

/* The state after `event`, or the same state when the event has no meaning in it. */
enum broker_state machine_next (enum broker_state state, const char *event);

/* "join", "init", ...; NULL for what is no state. */
const char *machine_name (enum broker_state state);

#endif /* !FLUX_BROKER_MACHINE_H */
