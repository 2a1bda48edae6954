/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What libpmi.so and libpmi2.so share: the one connection of a process, and calls that both have
 * under other names. They return the codes of both APIs, which are the same numbers. */

#ifndef FLUX_PMI_API_H
#define FLUX_PMI_API_H

#include "lib/pmi/client.h"

enum {
    PMI_API_SUCCESS = 0,
    PMI_API_FAIL = -1,
    PMI_API_ERR_INIT = 1,
    PMI_API_ERR_ARG = 3,
    PMI_API_ERR_KEY = 4,
    PMI_API_ERR_VAL = 6,
    PMI_API_ERR_LENGTH = 8,
};

struct pmi_api {
    bool initialized;
    struct pmi_task task;
};

/* A call before PMI_Init. */
#define PMI_API_CHECK(a)                                                                           \
    do {                                                                                           \
        if (!(a)->initialized)                                                                     \
            return PMI_API_ERR_INIT;                                                               \
    } while (0)

/* Calling it again does nothing. */
int pmi_api_init (struct pmi_api *a);
int pmi_api_finalize (struct pmi_api *a);
_Noreturn void pmi_api_abort (struct pmi_api *a, int code, const char *msg);

int pmi_api_int (const struct pmi_api *a, int *out, int value);
int pmi_api_name (const struct pmi_api *a, char *buf, int length);
int pmi_api_barrier (struct pmi_api *a);
int pmi_api_put (struct pmi_api *a, const char *key, const char *value);

#endif /* !FLUX_PMI_API_H */
