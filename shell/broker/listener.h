/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The local socket of a broker (RFC 3, local connector). Peers are told apart by SO_PEERCRED: the
 * owner gets the owner's role; all others are refused with EPERM, unless guests are allowed
 * (RFC 12), who then get the user role. */

#ifndef FLUX_BROKER_LISTENER_H
#define FLUX_BROKER_LISTENER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct listener;
struct router;

/* Who may connect beside the owner: nobody, until it is set. */
struct listener_access {
    bool guests;                        // any user, as a guest
    bool root_owner;                    // root, with the owner's role
    json_t *admin_users, *admin_groups; // names of guests who get the admin role, too; or NULL
};

/* A socket at that path to which nobody listens is replaced; it is removed by listener_destroy().
 */
struct listener *listener_create (struct router *rt, const char *path, uint32_t owner,
                                  flux_error_t *errp);
void listener_set_access (struct listener *l, const struct listener_access *access);
void listener_destroy (struct listener *l);

#endif /* !FLUX_BROKER_LISTENER_H */
