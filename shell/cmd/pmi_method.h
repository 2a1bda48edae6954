/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The ways to a PMI service that `flux pmi` knows: the wire protocol on PMI_FD, a libpmi.so or
 * libpmi2.so, or a program of one. */

#ifndef FLUX_CMD_PMI_METHOD_H
#define FLUX_CMD_PMI_METHOD_H

#include <flux/types.h>

#define PMI_METHOD_VALUE_MAX 1024

struct pmi_method;

enum {
    PMI_METHOD_NOFLUX = 1, // not with the library of Flux
    PMI_METHOD_CRAY = 2,   // treat a libpmi2 as Cray's, whatever it is
    PMI_METHOD_VERBOSE = 4,
};

/* uri is "simple", "libpmi[:PATH]", "libpmi2[:PATH]" or "single"; NULL tries them in this order,
 * the libraries only where Flux or Slurm tell of one. NULL with a sentence. */
struct pmi_method *pmi_method_open (const char *uri, int flags, flux_error_t *errp);
void pmi_method_close (struct pmi_method *m); // finalizes

int pmi_method_rank (const struct pmi_method *m);
int pmi_method_size (const struct pmi_method *m);

/* 0, or -1. */
int pmi_method_put (struct pmi_method *m, const char *key, const char *value);
int pmi_method_get (struct pmi_method *m, const char *key, int from,
                    char value[PMI_METHOD_VALUE_MAX]);
int pmi_method_barrier (struct pmi_method *m);
void pmi_method_abort (struct pmi_method *m, const char *text);

#endif /* !FLUX_CMD_PMI_METHOD_H */
