/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A client of the PMI-1 wire protocol (RFC 13): what a bootstrap needs of it. */

#ifndef FLUX_BOOTSTRAP_PMI1_H
#define FLUX_BOOTSTRAP_PMI1_H

#include <stddef.h>
#include <flux/types.h>

struct pmi1;

/* Speak PMI-1 on fd: agree on the version, learn the limits and the name of the KVS. Each call
 * that waits for the server waits `timeout` seconds at most. fd is closed with the object. */
struct pmi1 *pmi1_create (int fd, double timeout, flux_error_t *errp);
void pmi1_destroy (struct pmi1 *pmi);

/* The longest value that pmi1_put() takes. */
size_t pmi1_value_max (const struct pmi1 *pmi);

int pmi1_put (struct pmi1 *pmi, const char *key, const char *value, flux_error_t *errp);
int pmi1_barrier (struct pmi1 *pmi, flux_error_t *errp);

/* The caller frees. NULL with ENOENT when the server has no such key. */
char *pmi1_get (struct pmi1 *pmi, const char *key, flux_error_t *errp);

/* End the whole program, without an answer. */
void pmi1_abort (struct pmi1 *pmi);

int pmi1_finalize (struct pmi1 *pmi, flux_error_t *errp);

/* The value of key in a line `cmd=x key=value key2=...`; a value that is last on its line may hold
 * spaces, as those of `get_result` do. The caller frees. Pure; EPROTO when it is not there. */
char *pmi1_line_value (const char *line, const char *key);

#endif /* !FLUX_BOOTSTRAP_PMI1_H */
