/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Proofs of a hello that do not stop the loop. Munge may have to be waited for, so a thread, which
 * is there only while there is something to do, asks it; a token needs no thread. */

#ifndef FLUX_OVERLAY_PROVER_H
#define FLUX_OVERLAY_PROVER_H

#include <ev.h>

#include "lib/overlay/hello.h"

struct prover;

/* auth is not copied but for what the thread needs, and must outlive the prover. */
struct prover *prover_create (struct ev_loop *loop, const struct hello_auth *auth);

/* A thread that still waits for munge ends by itself. */
void prover_destroy (struct prover *p);

/* The end of a job. rc is 0, or -1 with errnum and a sentence. cred (of prove) is the callee's only
 * during the call. With a token it comes from within the call that began it, else from the loop. */
typedef void (*prover_f) (int rc, const char *cred, int errnum, const char *text, void *arg);

/* Make a credential, or check `cred`. What does not end within `timeout` seconds ends with
 * ETIMEDOUT. ENOMEM, EAGAIN (no thread). */
int prover_prove (struct prover *p, const struct hello *h, double timeout, prover_f cb, void *arg);
int prover_verify (struct prover *p, const struct hello *h, const char *cred, double timeout,
                   prover_f cb, void *arg);

/* Call back no more for the jobs with this arg. */
void prover_cancel (struct prover *p, const void *arg);

#endif /* !FLUX_OVERLAY_PROVER_H */
