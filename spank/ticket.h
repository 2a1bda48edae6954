/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the plugin in srun tells the plugin in each slurmstepd: a variable in the environment of the
 * step. Its name begins with SLURM_ so that it passes even with --export=NONE. */

#ifndef FLUX_SPANK_TICKET_H
#define FLUX_SPANK_TICKET_H

#include <stdint.h>
#include <flux/types.h>

#include "spank/settings.h"

#define TICKET_VARIABLE "SLURM_FLUX_TICKET"
#define ATTRS_VARIABLE "SLURM_FLUX_ATTRS" // lines of name=value, from sbatch or srun

struct ticket {
    enum flux_mode mode;
    uint32_t jobid;
    uint32_t stepid;
    uint32_t size;
    uint16_t port; // 0: one broker, no wire-up
    char nonce[33];
    char addresses[512]; // of srun's host, numeric, comma-separated; may be empty
};

/* Text form, for the environment. -1 when it does not fit. */
int ticket_encode (const struct ticket *t, char *buf, size_t size);

/* -1 with EINVAL when the text is not a ticket. */
int ticket_decode (struct ticket *t, const char *text);

#endif /* !FLUX_SPANK_TICKET_H */
