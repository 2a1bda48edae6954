/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Standard input of an attached job: read here, sent to the job shell in pieces. */

#ifndef FLUX_CMD_ATTACH_INPUT_H
#define FLUX_CMD_ATTACH_INPUT_H

#include <flux/core.h>
#include <stdbool.h>
#include <stddef.h>

struct attach_input;

/* Nothing is read before attach_input_start(). Requests go to <service>.stdin on `rank`. */
struct attach_input *attach_input_create (flux_t *h, const char *service, int rank,
                                          const char *ranks);
void attach_input_destroy (struct attach_input *in);
int attach_input_start (struct attach_input *in);
void attach_input_stop (struct attach_input *in);

/* Send data, or the end of file (data NULL), for some ranks. */
int attach_input_send (struct attach_input *in, const char *ranks, const void *data, size_t len,
                       bool eof);

#endif /* !FLUX_CMD_ATTACH_INPUT_H */
