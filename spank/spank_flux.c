/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What Slurm looks up. Every entry point only sees which process this is and passes on; the work is
 * in the file of that context. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdint.h>
#include <stdlib.h>
#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "spank/context.h"
#include "spank/options.h"

#define PUBLIC __attribute__ ((visibility ("default")))

PUBLIC extern const char plugin_name[];
PUBLIC extern const char plugin_type[];
PUBLIC extern const unsigned int plugin_version;
PUBLIC extern const unsigned int spank_plugin_version;
PUBLIC spank_f slurm_spank_init;
PUBLIC spank_f slurm_spank_init_post_opt;
PUBLIC spank_f slurm_spank_local_user_init;
PUBLIC spank_f slurm_spank_user_init;
PUBLIC spank_f slurm_spank_task_init;
PUBLIC spank_f slurm_spank_task_post_fork;
PUBLIC spank_f slurm_spank_task_exit;
PUBLIC spank_f slurm_spank_exit;

SPANK_PLUGIN (flux, 1)

/* SPANK hands nothing of ours from hook to hook: the one variable of the plugin. */
static struct context plugin;

struct settings *plugin_settings (void)
{
    return plugin.set;
}

enum process { SRUN, ALLOCATOR, BATCH, STEP, OTHER };

/* The extern and the interactive step run nothing for us; nor do slurmd and the prologs. */
static enum process which (spank_t sp)
{
    uint32_t stepid;

    switch (spank_context ()) {
    case S_CTX_LOCAL:
        return SRUN;
    case S_CTX_ALLOCATOR:
        return ALLOCATOR;
    case S_CTX_REMOTE:
        if (spank_get_item (sp, S_JOB_STEPID, &stepid) != ESPANK_SUCCESS)
            return OTHER;
        return stepid == SLURM_BATCH_SCRIPT         ? BATCH
               : stepid <= SLURM_MAX_NORMAL_STEP_ID ? STEP
                                                    : OTHER;
    default:
        return OTHER;
    }
}

int slurm_spank_init (spank_t sp, int ac, char **av)
{
    flux_error_t e;
    spank_context_t c = spank_context ();

    if (c != S_CTX_LOCAL && c != S_CTX_ALLOCATOR && c != S_CTX_REMOTE)
        return 0;
    if (!plugin.set && !(plugin.set = settings_create ())) {
        slurm_error ("flux: out of memory");
        return -1;
    }
    for (int i = 0; i < ac; i++) {
        if (settings_argument (plugin.set, av[i], &e) < 0) {
            slurm_error ("flux: %s", e.text);
            return -1;
        }
    }
    return options_register (sp);
}

int slurm_spank_init_post_opt (spank_t sp, int ac, char **av)
{
    switch (which (sp)) {
    case SRUN:
        return local_init_post_opt (sp, &plugin);
    case ALLOCATOR:
        return allocator_init_post_opt (sp, &plugin);
    default:
        return 0;
    }
}

int slurm_spank_local_user_init (spank_t sp, int ac, char **av)
{
    return local_user_init (sp, &plugin);
}

int slurm_spank_user_init (spank_t sp, int ac, char **av)
{
    return which (sp) == STEP ? step_user_init (sp, &plugin) : 0;
}

int slurm_spank_task_init (spank_t sp, int ac, char **av)
{
    switch (which (sp)) {
    case BATCH:
        return batch_task_init (sp, &plugin);
    case STEP:
        return step_task_init (sp, &plugin);
    default:
        return 0;
    }
}

int slurm_spank_task_post_fork (spank_t sp, int ac, char **av)
{
    return step_task_post_fork (sp, &plugin);
}

int slurm_spank_task_exit (spank_t sp, int ac, char **av)
{
    return step_task_exit (sp, &plugin);
}

int slurm_spank_exit (spank_t sp, int ac, char **av)
{
    local_exit (sp, &plugin);
    step_exit (sp, &plugin);
    settings_destroy (plugin.set);
    plugin.set = NULL;
    return 0;
}
