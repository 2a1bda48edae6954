/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The proof in a hello: that the broker at the other end of a connection belongs to the owner of
 * the instance.
 *
 * The parent gives a random challenge to each connection. The child answers with a credential over
 *
 *   slurm-flux-hello 1 | instance | rank | uuid | child's CURVE key | parent's rank |
 *   parent's CURVE key | challenge                                   (lines of text)
 *
 * which is a munge credential that only the owner's uid can decode, or an HMAC with the instance's
 * token. The parent compares with what it knows itself: the key is the one CURVE has proven for
 * this connection, the challenge is its own. So a credential is of no use on another connection,
 * with another key, for another rank, parent or instance, or a second time. */

#ifndef FLUX_OVERLAY_HELLO_H
#define FLUX_OVERLAY_HELLO_H

#include <stdint.h>
#include <sys/types.h>
#include <flux/types.h>

#include "lib/overlay/overlay.h"

struct hello_auth {
    enum overlay_auth method;
    unsigned char token[OVERLAY_TOKEN_SIZE];
    char *munge_socket; // or NULL
    uid_t owner;
};

struct hello {
    const char *instance;
    uint32_t rank;
    const char *uuid;
    const char *key; // "-" without CURVE
    uint32_t parent_rank;
    const char *parent_key;
    const char *challenge;
};

/* The caller frees the credential. NULL with errno. */
char *hello_prove (const struct hello_auth *auth, const struct hello *h, flux_error_t *errp);

/* 0, or -1 with EPERM when the credential does not prove this hello. */
int hello_verify (const struct hello_auth *auth, const struct hello *h, const char *cred,
                  flux_error_t *errp);

#endif /* !FLUX_OVERLAY_HELLO_H */
