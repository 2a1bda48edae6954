/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The task's side of the PMI-1 wire protocol (RFC 13), under both libpmi.so and libpmi2.so. Without
 * PMI_FD in the environment the process is a program of one, with a KVS of its own. */

#ifndef FLUX_PMI_CLIENT_H
#define FLUX_PMI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/pmi/wire.h"

struct pmi_pair;

struct pmi_task {
    int fd; // -1: alone
    int rank;
    int size;
    int universe_size;
    int appnum;
    bool spawned;
    char kvsname[PMI_KVSNAME_MAX];
    struct pmi_pair *pairs; // of one who is alone
};

/* All of these return 0, or -1 when the server is gone or says no. */
int pmi_task_init (struct pmi_task *t);
int pmi_task_finalize (struct pmi_task *t);
int pmi_task_put (struct pmi_task *t, const char *key, const char *value);
int pmi_task_get (struct pmi_task *t, const char *key, char *value, size_t size);
int pmi_task_barrier (struct pmi_task *t);
void pmi_task_abort (struct pmi_task *t, int code, const char *msg);

/* Whether a string may be sent as a key or value: no control characters, in a key no blank or "=",
 * and shorter than max. */
bool pmi_task_valid_key (const char *key);
bool pmi_task_valid_value (const char *value);

#endif /* !FLUX_PMI_CLIENT_H */
