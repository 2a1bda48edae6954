/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* --graph-policy and --graph-request for srun, sbatch and salloc: the values are checked here, in
 * the command, and travel with the job to slurmctld, where select/graph reads them. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <slurm/spank.h>

#include "spank/graph_options.h"

#define PUBLIC __attribute__ ((visibility ("default")))

PUBLIC extern const char plugin_name[];
PUBLIC extern const char plugin_type[];
PUBLIC extern const unsigned int plugin_version;
PUBLIC extern const unsigned int spank_plugin_version;
PUBLIC spank_f slurm_spank_init;
PUBLIC spank_f slurm_spank_init_post_opt;
PUBLIC spank_f slurm_spank_exit;

SPANK_PLUGIN (graph, 1)

/* SPANK hands nothing of ours from hook to hook: the one variable of the plugin. */
static struct values {
    char *policy, *request;
} plugin;

static bool is_client (void)
{
    return spank_context () == S_CTX_LOCAL || spank_context () == S_CTX_ALLOCATOR;
}

/* The last value counts; on the nodes it was checked already. */
static int take (char **where, const char *option, const char *arg, int remote,
                 char *(*check) (const char *, flux_error_t *))
{
    flux_error_t why;
    char *value;

    if (remote)
        return 0;
    if (!(value = check (arg, &why))) {
        slurm_error ("graph: --%s=%s: %s", option, arg, why.text);
        return -1;
    }
    free (*where);
    *where = value;
    return 0;
}

static int on_policy (int val, const char *arg, int remote)
{
    return take (&plugin.policy, "graph-policy", arg, remote, graph_policy_value);
}

static int on_request (int val, const char *arg, int remote)
{
    return take (&plugin.request, "graph-request", arg, remote, graph_request_value);
}

static const struct spank_option table[] = {
    {"graph-policy", "NAME[,OPTION=VALUE...]", "policy by which the job's nodes are chosen", 1, 0,
     on_policy},
    {"graph-request", "SHAPE|@FILE",
     "resources of the graph that the job needs: a shape, or a file with one or with a jobspec", 1,
     0, on_request},
};

int slurm_spank_init (spank_t sp, int ac, char **av)
{
    if (!is_client () && spank_context () != S_CTX_REMOTE)
        return 0;
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        struct spank_option copy = table[i];

        if (spank_option_register (sp, &copy) != ESPANK_SUCCESS) {
            slurm_error ("graph: cannot register the option --%s", table[i].name);
            return -1;
        }
    }
    return 0;
}

static int hand_on (spank_t sp, const char *name, const char *value)
{
    if (!value || spank_job_control_setenv (sp, name, value, 1) == ESPANK_SUCCESS)
        return 0;
    slurm_error ("graph: cannot hand %s on to slurmctld", name);
    return -1;
}

int slurm_spank_init_post_opt (spank_t sp, int ac, char **av)
{
    if (!is_client ())
        return 0;
    return hand_on (sp, "GRAPH_POLICY", plugin.policy) < 0 ||
                   hand_on (sp, "GRAPH_REQUEST", plugin.request) < 0
               ? -1
               : 0;
}

int slurm_spank_exit (spank_t sp, int ac, char **av)
{
    free (plugin.policy);
    free (plugin.request);
    memset (&plugin, 0, sizeof (plugin));
    return 0;
}
