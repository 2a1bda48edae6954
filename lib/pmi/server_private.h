/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the two protocols of the PMI server share. */

#ifndef FLUX_PMI_SERVER_PRIVATE_H
#define FLUX_PMI_SERVER_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lib/pmi/server.h"
#include "lib/util/buf.h"

struct pmi_client {
    int version;     // 0 until it has said so, then 1 or 2
    bool spawn;      // in the middle of a spawn request of many lines
    bool in_barrier; // waits for its end
    struct buf in;
};

struct pmi_server {
    struct pmi_server_config config;
    struct pmi_server_ops ops;
    void *arg;
    char *kvsname;
    json_t *kvs;      // all that is known; values are any bytes but NUL
    struct buf fresh; // put here since the last exchange
    json_t *node;     // PMI-2 attributes of this node
    struct pmi_client *clients;
    int in_barrier;
};

int pmi_server_put (struct pmi_server *s, const char *key, const char *value);
void pmi_server_enter_barrier (struct pmi_server *s, int localid);

/* A line without its newline; a message without its length. -1 for what is none. */
int pmi1_server_request (struct pmi_server *s, int localid, const char *line);
int pmi2_server_request (struct pmi_server *s, int localid, const char *msg, size_t len);

void pmi1_server_barrier_done (struct pmi_server *s, int localid, int rc);
void pmi2_server_fence_done (struct pmi_server *s, int localid, int rc);

#endif /* !FLUX_PMI_SERVER_PRIVATE_H */
