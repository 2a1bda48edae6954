/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A fuzz target is one function (libFuzzer's). It is linked with libFuzzer by `make fuzz`, and with
 * replay.c for `make check`, which feeds it the corpus. */

#ifndef FLUX_FUZZ_FUZZ_H
#define FLUX_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What must hold for every input. */
#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf (stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #cond);              \
            abort ();                                                                              \
        }                                                                                          \
    } while (0)

/* The input as a string; the caller frees it. */
static inline char *fuzz_string (const uint8_t *data, size_t size)
{
    char *s = malloc (size + 1);
    MUST (s);
    if (size > 0)
        memcpy (s, data, size);
    s[size] = '\0';
    return s;
}

#endif /* !FLUX_FUZZ_FUZZ_H */
