/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job taskmap: which task of a job is on which of its nodes (RFC 34). */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <flux/taskmap.h>

#include "shell/cmd/client.h"
#include "shell/cmd/job.h"

static struct taskmap *decode_json (struct cmd *c, const json_t *o)
{
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;
    flux_error_t error = {0};
    struct taskmap *map = taskmap_decode (s ? s : "", &error);

    if (!map)
        cmd_die (c, "%s: %s", c->argv[0], error.text);
    free (s);
    return map;
}

/* From the job shell's event; waits until the job has started. */
static struct taskmap *map_of_job (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    flux_future_t *f = flux_job_event_watch (h, id, "guest.exec.eventlog", 0);
    struct taskmap *map = NULL;
    const char *text, *name;

    while (f && !map) {
        if (flux_job_event_watch_get (f, &text) < 0) {
            if (errno == ENODATA || errno == ENOENT)
                cmd_die (c, "%s: there is no such job, or it has no task map", c->argv[0]);
            cmd_die (c, "%s: %s", c->argv[0], cmd_why (f));
        }
        json_t *o = json_loads (text, 0, NULL), *context = json_object_get (o, "context");
        name = json_string_value (json_object_get (o, "name"));
        if (name && strcmp (name, "shell.start") == 0)
            map = decode_json (c, json_object_get (context, "taskmap"));
        json_decref (o);
        flux_future_reset (f);
    }
    flux_future_destroy (f);
    return map;
}

static struct hostlist *hosts_of_job (struct cmd *c, flux_t *h, flux_jobid_t id)
{
    json_t *in = cmd_pack (c, "{s:I s:[s]}", "id", id, "attrs", "nodelist");
    json_t *out = cmd_rpc (c, h, "job-list.list-id", FLUX_NODEID_ANY, in, c->argv[0]);
    const char *s = json_string_value (json_object_get (json_object_get (out, "job"), "nodelist"));
    struct hostlist *hl = s ? hostlist_decode (s) : NULL;

    json_decref (out);
    if (!hl)
        cmd_die (c, "%s: its hosts are not known", c->argv[0]);
    return hl;
}

/* Tasks of one node; the caller frees it. */
static char *tasks_of_node (const struct taskmap *map, int node)
{
    const struct idset *ids = taskmap_taskids (map, node);
    char *s = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;

    return s ? s : strdup ("");
}

static int node_of (struct cmd *c, const struct taskmap *map, const char *option)
{
    long task = cmd_int (c, option, 0, 0, INT32_MAX);

    if (task >= taskmap_total_ntasks (map))
        cmd_die (c, "--%s=%ld: there are only %d tasks", option, task, taskmap_total_ntasks (map));
    return taskmap_nodeid (map, task);
}

static int check_node (struct cmd *c, const struct taskmap *map, const char *option)
{
    long node = cmd_int (c, option, 0, 0, INT32_MAX);

    if (node >= taskmap_nnodes (map))
        cmd_die (c, "--%s=%ld: there are only %d nodes", option, node, taskmap_nnodes (map));
    return node;
}

static void print_hosts (const struct taskmap *map, struct hostlist *hl)
{
    for (int i = 0; i < taskmap_nnodes (map); i++) {
        char *ids = tasks_of_node (map, i);
        const char *host = hostlist_nth (hl, i);
        printf ("%s: %s\n", host ? host : "", ids);
        free (ids);
    }
}

static void print_map (struct cmd *c, const struct taskmap *map, int flags)
{
    char *s = taskmap_encode (map, flags);

    if (!s)
        cmd_die (c, "cannot write the task map: %s", strerror (errno));
    printf ("%s\n", s);
    free (s);
}

static void print_as (struct cmd *c, const struct taskmap *map, const char *to)
{
    if (strcmp (to, "raw") == 0)
        print_map (c, map, TASKMAP_ENCODE_RAW);
    else if (strcmp (to, "pmi") == 0)
        print_map (c, map, TASKMAP_ENCODE_PMI);
    else if (strcmp (to, "multiline") == 0) {
        for (int i = 0; i < taskmap_total_ntasks (map); i++)
            printf ("%d: %d\n", i, taskmap_nodeid (map, i));
    } else
        cmd_die (c, "--to=%s: not one of raw, pmi, multiline, hosts", to);
}

static int run (struct cmd *c)
{
    const char *to = cmd_str (c, "to", NULL);
    bool want_hosts = cmd_has (c, "hostname") || (to && strcmp (to, "hosts") == 0);
    flux_error_t error = {0};
    flux_jobid_t id;
    struct hostlist *hl = NULL;
    struct taskmap *map;
    flux_t *h = NULL;
    char *s;

    if (c->argc != 1)
        return cmd_fail (c, "a job id or a task map is needed");
    if (flux_job_id_parse (c->argv[0], &id) == 0) {
        h = cmd_open (c);
        map = map_of_job (c, h, id);
        if (want_hosts)
            hl = hosts_of_job (c, h, id);
    } else if (!(map = taskmap_decode (c->argv[0], &error)))
        return cmd_fail (c, "%s: neither a job id nor a task map: %s", c->argv[0], error.text);
    if (want_hosts && !hl)
        return cmd_fail (c, "hosts are known of jobs only: a job id is needed");
    if (cmd_has (c, "taskids")) {
        s = tasks_of_node (map, check_node (c, map, "taskids"));
        printf ("%s\n", s);
        free (s);
    } else if (cmd_has (c, "ntasks"))
        printf ("%d\n", taskmap_ntasks (map, check_node (c, map, "ntasks")));
    else if (cmd_has (c, "nodeid"))
        printf ("%d\n", node_of (c, map, "nodeid"));
    else if (cmd_has (c, "hostname"))
        printf ("%s\n", hostlist_nth (hl, node_of (c, map, "hostname")));
    else if (to && hl)
        print_hosts (map, hl);
    else if (to)
        print_as (c, map, to);
    else
        print_map (c, map, 0);
    hostlist_destroy (hl);
    taskmap_destroy (map);
    flux_close (h);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "taskids", .arg = "NODEID", .help = "Print the tasks of this node of the job"},
    {.name = "ntasks", .arg = "NODEID", .help = "Print how many tasks the node has"},
    {.name = "nodeid", .arg = "TASKID", .help = "Print the node of this task"},
    {.name = "hostname", .arg = "TASKID", .help = "Print the host of this task"},
    {.name = "to", .arg = "FORMAT", .help = "Print the map as raw, pmi, multiline or hosts"},
    {0},
};

const struct cmd_verb cmd_verb_job_taskmap = {
    .name = "taskmap",
    .args = "ID|TASKMAP",
    .summary = "Show which task is on which node",
    .opts = {opts},
    .run = run,
};
