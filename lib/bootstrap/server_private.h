/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Private to the files of the wire-up server: its state, and what they call of each other.
 * server.c is the life of it, server_in.c takes records, server_out.c answers. */

#ifndef FLUX_BOOTSTRAP_SERVER_PRIVATE_H
#define FLUX_BOOTSTRAP_SERVER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/bootstrap/conn.h"
#include "lib/bootstrap/seal.h"
#include "lib/bootstrap/server.h"

#define SERVER_EVENTS 64 // taken from epoll at once

/* What is known of a rank. */
struct peer {
    struct conn *conn;
    bool hello;
    uint32_t parent;
    char *host;
    char *uri;
    char *pubkey;
};

struct wireup_server {
    struct wireup_config config;
    char *munge_socket;
    struct sealer sealer;
    char nonce[33];
    char secret[32 + 1 + 2 * BOOTSTRAP_TOKEN_SIZE + 1]; // instance.token
    char *hostlist;
    int epfd;
    int listenfd;
    struct conn *conns;
    uint32_t nstrangers;
    uint32_t nhello;
    uint32_t nanswered; // of a failure
    struct peer *peers;
    bool failed;
    flux_error_t why;
};

/* The wire-up fails, for the first reason given. Returns -1 with errno. */
int server_fail (struct wireup_server *srv, int errnum, const flux_error_t *why);

/* What a person calls this rank. */
void server_name_of (const struct wireup_server *srv, uint32_t rank, char *buf, size_t size);

/* epoll_ctl(2); `ptr` is a connection, the server (stop_fd), or the address of its listenfd. */
int server_watch (struct wireup_server *srv, int fd, uint32_t events, void *ptr, int op);

/* Connections: fd is the server's from here on, also on failure. */
int server_add_conn (struct wireup_server *srv, int fd, bool given);
void server_drop_conn (struct wireup_server *srv, struct conn *c);
void server_accept (struct wireup_server *srv);

/* Handle every whole frame. -1: the connection is of no use, or the wire-up has failed. */
int server_take_frames (struct wireup_server *srv, struct conn *c);

/* Read and handle; c may be gone after. -1: the wire-up has failed. */
int server_conn_readable (struct wireup_server *srv, struct conn *c);

/* Tell all brokers how it ended, and stay for a while until they have read it. */
int server_answer_all (struct wireup_server *srv);

#endif /* !FLUX_BOOTSTRAP_SERVER_PRIVATE_H */
