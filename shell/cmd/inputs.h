/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The lists of inputs of `flux bulksubmit`. */

#ifndef FLUX_CMD_INPUTS_H
#define FLUX_CMD_INPUTS_H

#include <stdbool.h>
#include <flux/types.h>

#define INPUTS_LISTS_MAX 16
#define INPUTS_JOBS_MAX 100000000

struct input_list {
    char **items;
    int count;
    bool linked; // goes along with the lists before instead of being combined with them
};

struct inputs {
    int ncommand; // words of argv in front of the first :::
    struct input_list lists[INPUTS_LISTS_MAX];
    int nlists;
};

/* Split the operands at ::: and its likes. Without any, one list is read from standard input. */
int inputs_parse (struct inputs *in, int argc, char *const *argv, const char *sep,
                  flux_error_t *errp);

/* \n, \t, \0 and \\ as people type them; returns how long it is. */
size_t inputs_unescape (const char *s, char *out, size_t size);

void inputs_clear (struct inputs *in);

/* How many rows there are: the product of the lists that are not linked. */
int inputs_count (const struct inputs *in);

/* The i'th row: one input of each list, the last list changing fastest. row has nlists places. */
void inputs_row (const struct inputs *in, int i, char **row);

#endif /* !FLUX_CMD_INPUTS_H */
