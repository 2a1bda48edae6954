/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The options that the plugin adds to srun, sbatch and salloc. */

#ifndef FLUX_SPANK_OPTIONS_H
#define FLUX_SPANK_OPTIONS_H

#include <stdint.h>
#include <slurm/spank.h>

#include "spank/settings.h"

/* Register them; the callbacks fill the settings of plugin_settings(). */
int options_register (spank_t sp);

/* The settings of the plugin in this process: SPANK gives its callbacks no argument of ours. */
struct settings *plugin_settings (void);

#endif /* !FLUX_SPANK_OPTIONS_H */
