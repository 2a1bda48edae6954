/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The table of options. SPANK calls back for each, maybe more than once and in any order, and
 * passes only the last value of each to a remote side: all but --flux travels in our own variables
 * of the environment instead. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdlib.h>
#include <string.h>

#include "spank/options.h"

static int complain (int rc, const flux_error_t *e)
{
    if (rc < 0)
        slurm_error ("flux: %s", e->text);
    return rc;
}

static int on_flux (int val, const char *optarg, int remote)
{
    flux_error_t e;

    return complain (settings_mode (plugin_settings (), optarg, &e), &e);
}

static int on_fanout (int val, const char *optarg, int remote)
{
    flux_error_t e;
    char topo[32] = "kary:";
    char *end;
    unsigned long k = strtoul (optarg, &end, 10);

    if (*optarg < '0' || *optarg > '9' || *end || k > 65536 || strlen (optarg) > 5) {
        slurm_error ("flux: --flux-fanout=%s: not a number from 0 to 65536", optarg);
        return -1;
    }
    strcat (topo, optarg);
    return complain (settings_attr (plugin_settings (), "tbon.topo", topo, &e), &e);
}

static int on_statedir (int val, const char *optarg, int remote)
{
    flux_error_t e;

    return complain (settings_statedir (plugin_settings (), optarg, &e), &e);
}

static int on_attr (int val, const char *optarg, int remote)
{
    flux_error_t e;

    return complain (settings_attr_pair (plugin_settings (), optarg, &e), &e);
}

static const struct spank_option table[] = {
    {"flux", "on|off|tasks|wrap|state=DIR",
     "start a Flux instance in which the command runs (tasks: beside the command's tasks; wrap: "
     "with srun, sbatch... being Flux's; state: going on from what it left in DIR)",
     2, 0, on_flux},
    {"flux-fanout", "K", "children per broker in the tree of the instance", 1, 0, on_fanout},
    {"flux-statedir", "DIR", "folder in which the instance keeps its state", 1, 0, on_statedir},
    {"flux-attr", "NAME=VALUE", "set a broker attribute (can be repeated)", 1, 0, on_attr},
};

int options_register (spank_t sp)
{
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        struct spank_option copy = table[i];

        if (spank_option_register (sp, &copy) != ESPANK_SUCCESS) {
            slurm_error ("flux: cannot register the option --%s", table[i].name);
            return -1;
        }
    }
    return 0;
}
