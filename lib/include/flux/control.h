/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Control messages (RFC 3): two numbers between direct peers. */

#ifndef FLUX_CONTROL_H
#define FLUX_CONTROL_H

#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

FLUX_EXPORT flux_msg_t *flux_control_encode (int type, int status);
FLUX_EXPORT int flux_control_decode (const flux_msg_t *msg, int *type, int *status);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_CONTROL_H */
