/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* cmocka wants these before its own header. */

#ifndef FLUX_UNIT_CMOCKA_H
#define FLUX_UNIT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* !FLUX_UNIT_CMOCKA_H */
