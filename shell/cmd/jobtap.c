/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux jobtap: plugins of the job manager. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

/* key=val, where val is JSON, else a string */
static json_t *parse_conf (struct cmd *c)
{
    json_t *conf = json_object ();

    for (int i = 1; i < c->argc; i++) {
        char *eq = strchr (c->argv[i], '=');
        if (!eq || eq == c->argv[i])
            cmd_die (c, "%s: not key=val", c->argv[i]);
        json_t *value = json_loads (eq + 1, JSON_DECODE_ANY, NULL);
        *eq = '\0';
        json_object_set_new (conf, c->argv[i], value ? value : json_string (eq + 1));
    }
    return conf;
}

static int call (struct cmd *c, json_t *request, const char *what)
{
    flux_error_t error;
    flux_t *h = cmd_open (c);
    json_t *out = cmd_rpc_try (h, "job-manager.jobtap", FLUX_NODEID_ANY, request, &error);

    flux_close (h);
    if (!out)
        return cmd_fail (c, "%s: %s", what, error.text);
    json_decref (out);
    return 0;
}

/* A file that is here is meant, as the broker has another folder; else its search path is used. */
static int run_load (struct cmd *c)
{
    char path[PATH_MAX];

    if (c->argc < 1)
        return cmd_fail (c, "the file of a plugin is needed");
    const char *name =
        access (c->argv[0], R_OK) == 0 && realpath (c->argv[0], path) ? path : c->argv[0];
    json_t *conf = parse_conf (c);
    json_t *request =
        cmd_pack (c, "{s:s s:s*}", "load", name, "remove", cmd_str (c, "remove", NULL));
    if (json_object_size (conf) > 0)
        json_object_set (request, "conf", conf);
    json_decref (conf);
    return call (c, request, c->argv[0]);
}

static int run_remove (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one plugin is needed, or a pattern");
    return call (c, cmd_pack (c, "{s:s}", "remove", c->argv[0]), c->argv[0]);
}

static int run_list (struct cmd *c)
{
    size_t i;
    json_t *entry;

    if (c->argc > 0)
        return cmd_fail (c, "list takes no argument");
    flux_t *h = cmd_open (c);
    json_t *o = cmd_rpc (c, h, "job-manager.jobtap", FLUX_NODEID_ANY,
                         cmd_pack (c, "{s:b}", "query_only", 1), NULL);
    json_array_foreach (json_object_get (o, "plugins"), i, entry)
    {
        const char *name = json_string_value (entry);
        if (name && (*name != '.' || cmd_has (c, "all")))
            printf ("%s\n", name);
    }
    json_decref (o);
    flux_close (h);
    return 0;
}

static int run_query (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one plugin is needed");
    flux_t *h = cmd_open (c);
    json_t *o = cmd_rpc (c, h, "job-manager.jobtap-query", FLUX_NODEID_ANY,
                         cmd_pack (c, "{s:s}", "name", c->argv[0]), c->argv[0]);
    char *text = json_dumps (o, JSON_COMPACT);
    printf ("%s\n", text ? text : "");
    free (text);
    json_decref (o);
    flux_close (h);
    return 0;
}

static const struct cmd_opt load_opts[] = {
    {.key = 'r',
     .name = "remove",
     .arg = "NAME",
     .help = "Remove the plugins that this name or pattern matches first"},
    {0},
};

static const struct cmd_opt list_opts[] = {
    {.key = 'a', .name = "all", .help = "What is built in too"},
    {0},
};

static const struct cmd_verb verb_load = {
    .name = "load",
    .args = "PLUGIN [KEY=VAL...]",
    .summary = "Load a plugin into the job manager",
    .opts = {load_opts},
    .run = run_load,
};

static const struct cmd_verb verb_remove = {
    .name = "remove",
    .args = "PLUGIN",
    .summary = "Remove plugins by name or pattern",
    .run = run_remove,
};

static const struct cmd_verb verb_list = {
    .name = "list",
    .summary = "List the plugins that are loaded",
    .opts = {list_opts},
    .run = run_list,
};

static const struct cmd_verb verb_query = {
    .name = "query",
    .args = "PLUGIN",
    .summary = "Show what a plugin tells of itself",
    .run = run_query,
};

static const struct cmd_verb *const subs[] = {&verb_load, &verb_remove, &verb_list, &verb_query,
                                              NULL};

const struct cmd_verb cmd_verb_jobtap = {
    .name = "jobtap",
    .args = "COMMAND",
    .summary = "Manage the plugins of the job manager",
    .subs = subs,
    .flags = CMD_VERB_USAGE_2,
};
