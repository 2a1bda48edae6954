/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_DISPATCH_H
#define FLUX_CLIENT_DISPATCH_H

#include <flux/handle.h>

struct dispatch;

/* Read messages of h in its reactor until let go. */
struct dispatch *dispatch_hold (flux_t *h);
void dispatch_let_go (struct dispatch *d);

#endif /* !FLUX_CLIENT_DISPATCH_H */
