/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_BOOT_ATTRS_H
#define FLUX_BROKER_BOOT_ATTRS_H

#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct bootstrap_info;

/* The attributes that say who this broker is: rank, size, where it came from. */
int boot_attrs_init (struct attrs *attrs, const struct bootstrap_info *info, flux_error_t *errp);

/* There are more ranks now. ENOMEM. */
int boot_attrs_grow (struct attrs *attrs, uint32_t size, const char *hostlist);

/* After the wire-up, when all hosts are known. ENOMEM. */
int boot_attrs_late (struct attrs *attrs, const struct bootstrap_info *info);

#endif /* !FLUX_BROKER_BOOT_ATTRS_H */
