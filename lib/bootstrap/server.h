/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The wire-up server: collects one record from each broker, then answers all of them. It runs in a
 * thread of srun (TCP, both directions sealed with munge for the user's uid), or in `flux start`
 * (socket pairs given to its children, no munge). One connection per broker; work and memory are
 * O(size). */

#ifndef FLUX_BOOTSTRAP_SERVER_H
#define FLUX_BOOTSTRAP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct wireup_server;

struct wireup_config {
    uint32_t size;
    uint32_t jobid; // bound into every credential; any numbers without Slurm
    uint32_t stepid;
    bool munge;               // records are munge credentials; needed when listening on TCP
    const char *munge_socket; // NULL: munge's default
    double timeout;           // seconds from wireup_server_run() until all must have answered
    uint32_t quorum;          // after which so many, rank 0 among them, are enough; 0: all
    uint32_t expected;        // so many are started at all, rank 0 among them; 0: all
    /* The rank'th name of a hostlist into buf, 0 or -1; optional, for the sentence that names the
     * missing nodes. Without it they are named by rank. */
    int (*host_of) (const char *hostlist, uint32_t rank, char *buf, size_t size);
};

struct wireup_server *wireup_server_create (const struct wireup_config *config, flux_error_t *errp);
void wireup_server_destroy (struct wireup_server *srv);

/* What the brokers must know besides where to connect; hex text. Not secret from the user. */
const char *wireup_server_nonce (const struct wireup_server *srv);

/* Listen on a free TCP port between low and high (0, 0: any). Returns the port, or -1. */
int wireup_server_listen (struct wireup_server *srv, uint16_t low, uint16_t high,
                          flux_error_t *errp);

/* Serve a connected socket, whose other end goes to a broker as FLUX_BOOTSTRAP_FD. The server
 * closes fd. When it ends without a record the wire-up has failed. */
int wireup_server_add (struct wireup_server *srv, int fd);

/* Put what a broker with the other end of an added socket needs into envz-like setters: calls
 * set (name, value, arg) for each FLUX_BOOTSTRAP_* variable. `fd` is the number which the broker
 * will see. Returns -1 when set() did. */
int wireup_server_env (const struct wireup_server *srv, uint32_t rank, int fd,
                       int (*set) (const char *name, const char *value, void *arg), void *arg);

/* Run until every broker has its answer: 0. Those that are missing then (see quorum) may come
 * later, by other ways; who should be below one of them gets rank 0 as its parent. -1 with a
 * sentence, which all brokers have got too (for two seconds those that come late are told): on
 * time-out (ETIMEDOUT), when a broker gave up (EPROTO), or when stop_fd (may be -1) became
 * readable (ECANCELED). */
int wireup_server_run (struct wireup_server *srv, int stop_fd, flux_error_t *errp);

#endif /* !FLUX_BOOTSTRAP_SERVER_H */
