/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Every limit of the overlay on what a peer may make us keep, in one place. The size of messages is
 * limited in lib/codec/limits.h. */

#ifndef FLUX_OVERLAY_LIMITS_H
#define FLUX_OVERLAY_LIMITS_H

#define OVERLAY_VERSION 3 // of the hello; brokers of different versions don't mix

#define OVERLAY_HELLO_MAX (1u << 20) // bytes of a message before admission
#define OVERLAY_UUID_MAX 63          // characters
#define OVERLAY_HOSTNAME_MAX 255
#define OVERLAY_URI_MAX 255
#define OVERLAY_CRED_MAX 65536
#define OVERLAY_ANCESTORS_MAX 4096

#define OVERLAY_PENDING_MAX 1024 // connections that spoke but are not admitted
#define OVERLAY_PENDING_TIME 30. // seconds they have for their hello
#define OVERLAY_MUNGE_TIME 15.   // seconds munge has to make or check a credential
#define OVERLAY_KICK_DELAY 1.    // seconds to read why they were refused
#define OVERLAY_GOODBYE_TIME 2.  // seconds to wait for the answer to a goodbye
#define OVERLAY_LINGER_MS 100    // for last messages at destroy

#define OVERLAY_RETRY_TIME .01 // seconds to the next try for a peer that had no room

#define OVERLAY_TURN_MESSAGES 256 // taken from one socket before others get their turn

#define OVERLAY_BUNDLE 32768 // bytes that go to a peer at once, before the turn has ended

/* ZeroMQ counts messages, not bytes, and would keep any number of them. Here it keeps few, and what
 * a slow peer has not taken waits in our own queue, where bytes are counted (conf.queue_max). */
#define OVERLAY_HWM 1000
#define OVERLAY_QUEUE_MAX (256u << 20)

#define OVERLAY_REPLAY_EVENTS 4096 // kept for brokers that change their parent
#define OVERLAY_REPLAY_BYTES (8u << 20)

#define OVERLAY_HEAL_ATTEMPT 2. // seconds for a try in the first rounds
#define OVERLAY_HEAL_PAUSE .1   // seconds after the first round; doubles
#define OVERLAY_HEAL_PAUSE_MAX 2.
#define OVERLAY_HEAL_MIN 6. // seconds, also when time was used up by a parent that looked in vain
#define OVERLAY_ROOT_REFUSED 4 // refused connects in a row that say that rank 0 is dead

#endif /* !FLUX_OVERLAY_LIMITS_H */
