/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux group: the groups in which tasks exchange messages, see flux-tasks(7). */

#include "config.h"

#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

static const struct cmd_opt list_opts[] = {
    {.name = "no-header", .key = 'n', .help = "No line with headings"},
    {.name = "json", .key = 'j', .help = "Print JSON"},
    {0},
};

static void print_group (json_t *o)
{
    const char *name = "", *members = "", *lost = "";
    int size = 0;

    json_unpack (o, "{s:s s:i s:s s:s}", "name", &name, "size", &size, "members", &members, "lost",
                 &lost);
    printf ("%-32s %6d  %-20s %s\n", name, size, members, lost);
}

static int run_list (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    json_t *o = cmd_rpc (c, h, "group.list", 0, NULL, "group.list"), *entry;
    size_t index;

    if (cmd_has (c, "json")) {
        json_dumpf (json_object_get (o, "groups"), stdout, JSON_COMPACT);
        printf ("\n");
    } else {
        if (!cmd_has (c, "no-header"))
            printf ("%-32s %6s  %-20s %s\n", "NAME", "SIZE", "MEMBERS", "LOST");
        json_array_foreach (json_object_get (o, "groups"), index, entry) print_group (entry);
    }
    json_decref (o);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_list = {
    .name = "list",
    .summary = "List the groups, with the ranks of their members and of those that died",
    .opts = {list_opts},
    .run = run_list,
};

static int run_show (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one group is needed");
    flux_t *h = cmd_open (c);
    json_t *o =
        cmd_rpc (c, h, "group.get", 0, cmd_pack (c, "{s:s}", "name", c->argv[0]), c->argv[0]);
    json_t *entry;
    size_t index;

    printf ("%6s %6s  %s\n", "RANK", "NODE", "SERVICE");
    json_array_foreach (json_object_get (o, "members"), index, entry)
    {
        json_int_t rank = 0, node = 0;
        const char *address = "";
        json_unpack (entry, "[I,I,s]", &rank, &node, &address);
        printf ("%6d %6d  %s\n", (int)rank, (int)node, address);
    }
    json_decref (o);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_show = {
    .name = "show",
    .args = "NAME",
    .summary = "Show the members of a group, and where they are",
    .run = run_show,
};

static const struct cmd_verb *const subs[] = {&verb_list, &verb_show, NULL};

const struct cmd_verb cmd_verb_group = {
    .name = "group",
    .args = "COMMAND [ARG...]",
    .summary = "Show the groups of tasks that exchange messages",
    .subs = subs,
};
