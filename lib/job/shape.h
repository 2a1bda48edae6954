/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Shape strings (RFC 46): "slot=10/[memory=2+{unit:GB};core]" for the resources of a jobspec
 * (RFC 14). */

#ifndef FLUX_JOB_SHAPE_H
#define FLUX_JOB_SHAPE_H

#include <jansson.h>
#include <flux/types.h>

/* The resources array. A slot without a label gets the label "default". NULL with EINVAL and a
 * sentence that says where, or ENOMEM. */
json_t *shape_parse (const char *s, flux_error_t *errp);

/* The label of the first slot of a resources array, borrowed; NULL if there is none. */
const char *shape_slot_label (const json_t *resources);

#endif /* !FLUX_JOB_SHAPE_H */
