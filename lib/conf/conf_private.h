/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CONF_CONF_PRIVATE_H
#define FLUX_CONF_CONF_PRIVATE_H

#include <jansson.h>
#include <flux/conf.h>

struct flux_conf {
    json_t *obj; // an object
    int refcount;
};

#endif /* !FLUX_CONF_CONF_PRIVATE_H */
