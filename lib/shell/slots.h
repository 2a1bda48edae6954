/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The number of slots that the resources of a jobspec (RFC 14) came to. Where it is a range, or
 * there are alternatives (xor_slot), what R has of their cores or nodes tells. */

#ifndef FLUX_SHELL_SLOTS_H
#define FLUX_SHELL_SLOTS_H

#include <jansson.h>

/* What R has of what slots are made of. */
struct slots_held {
    int cores, nodes;
};

/* 0 when there is no slot. */
int slots_count (const json_t *resources, const struct slots_held *held);

#endif /* !FLUX_SHELL_SLOTS_H */
