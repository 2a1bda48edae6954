/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Every limit on what a peer of the wire-up, or a PMI server, may send. */

#ifndef FLUX_BOOTSTRAP_LIMITS_H
#define FLUX_BOOTSTRAP_LIMITS_H

#define WIREUP_MAX_SIZE (1u << 20)     // brokers
#define WIREUP_MAX_FRAME (1536u << 10) // a sealed record: munge's text is 4/3 of the record
#define WIREUP_MAX_HOSTLIST (768u << 10)
#define WIREUP_MAX_STRING 4096u // every other string of a record
#define WIREUP_MAX_STRANGERS 64 // connections that have not shown a credential yet, beyond size

#define PMI1_MAX_LINE 65536u
#define PMI1_MAX_SIZE (1u << 20)

#define BOOTSTRAP_MAX_ATTRS 1024
#define BOOTSTRAP_DEFAULT_TIMEOUT 60.

#endif /* !FLUX_BOOTSTRAP_LIMITS_H */
