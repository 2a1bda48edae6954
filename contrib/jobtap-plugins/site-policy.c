/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An example of a plugin of the job manager: what a site may want to decide itself.
 *
 *     cc -shared -fPIC -o site-policy.so site-policy.c $(pkg-config --cflags flux-slurm)
 *     flux jobtap load $PWD/site-policy.so max-nodes=4
 *     flux submit -N5 true                          # refused, with the reason
 *     flux submit --dependency=approval:boss true   # waits for
 *     flux python ...rpc ("job-manager.site-policy.approve", {"name": "boss"})
 *
 * It refuses jobs of more than max-nodes nodes, lets small jobs go first, notes their class for
 * `flux jobs -o {annotations.site.class}`, and offers a dependency "approval" that a request ends.
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/jobtap.h>

#define PREFIX "approval="
#define JOBS_MAX 1024

struct policy {
    int max_nodes;
    flux_jobid_t waiting[JOBS_MAX];
    int nwaiting;
};

static int nodes_of (flux_plugin_arg_t *args)
{
    const char *type = "";
    int count = 0;

    if (flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:{s:[{s:s s?i}]}}", "jobspec",
                                "resources", "type", &type, "count", &count) < 0)
        return 0;
    return strcmp (type, "node") == 0 ? count : 0;
}

/* May this job be? A reason goes to the user. */
static int validate (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    struct policy *policy = data;
    int n = nodes_of (args);

    if (policy->max_nodes > 0 && n > policy->max_nodes)
        return flux_jobtap_reject_job (p, args, "%d nodes are more than the %d of this site", n,
                                       policy->max_nodes);
    return 0;
}

/* Small ones first. Held and expedited jobs stay so, whatever is returned here. */
static int priority (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    int n = nodes_of (args);

    return flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:i s:{s:{s:s}}}", "priority",
                                 n > 1 ? 100 : 200, "annotations", "site", "class",
                                 n > 1 ? "large" : "small");
}

/* --dependency=approval:NAME */
static int depend (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    struct policy *policy = data;
    const char *name;
    json_int_t id;
    char text[128];

    if (flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:I s:{s:s}}", "id", &id, "dependency",
                                "value", &name) < 0)
        return flux_jobtap_reject_job (p, args, "approval: whose?");
    if (policy->nwaiting == JOBS_MAX)
        return flux_jobtap_reject_job (p, args, "approval: too many jobs wait for one");
    snprintf (text, sizeof (text), PREFIX "%s", name);
    policy->waiting[policy->nwaiting++] = (flux_jobid_t)id;
    return flux_jobtap_dependency_add (p, FLUX_JOBTAP_CURRENT_JOB, text);
}

/* job-manager.site-policy.approve {"name"}: all that wait for this name go on. */
static void approve (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_plugin_t *p = arg;
    struct policy *policy = flux_plugin_aux_get (p, "policy");
    const char *name;
    char text[128];
    int kept = 0, count = 0;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0) {
        (void)flux_respond_error (h, msg, EPROTO, NULL);
        return;
    }
    snprintf (text, sizeof (text), PREFIX "%s", name);
    for (int i = 0; i < policy->nwaiting; i++) {
        if (flux_jobtap_dependency_remove (p, policy->waiting[i], text) == 0)
            count++;
        else if (errno == ENOENT) // it waits for another name
            policy->waiting[kept++] = policy->waiting[i];
    }
    policy->nwaiting = kept;
    (void)flux_respond_pack (h, msg, "{s:i}", "count", count);
}

static int query (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    struct policy *policy = data;

    return flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:i s:i}", "max-nodes",
                                 policy->max_nodes, "waiting", policy->nwaiting);
}

FLUX_EXPORT int flux_plugin_init (flux_plugin_t *p);

int flux_plugin_init (flux_plugin_t *p)
{
    struct policy *policy = calloc (1, sizeof (*policy));

    if (!policy || flux_plugin_aux_set (p, "policy", policy, free) < 0) {
        free (policy);
        return -1;
    }
    const struct flux_plugin_handler table[] = {
        {"job.validate", validate, policy},     {"job.state.priority", priority, policy},
        {"job.priority.get", priority, policy}, {"job.dependency.approval", depend, policy},
        {"plugin.query", query, policy},        {NULL, NULL, NULL},
    };
    if (flux_plugin_get_conf (p) &&
        flux_plugin_conf_unpack (p, "{s?i}", "max-nodes", &policy->max_nodes) < 0)
        return -1;
    if (flux_plugin_register (p, "site-policy", table) < 0)
        return -1;
    return flux_jobtap_service_register (p, "approve", approve, p);
}
