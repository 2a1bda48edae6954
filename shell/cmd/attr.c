/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux getattr, setattr, lsattr: attributes of the broker. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

static int run_getattr (struct cmd *c)
{
    const char *val;

    if (c->argc != 1)
        return cmd_fail (c, "the name of one attribute is needed");
    flux_t *h = cmd_open (c);
    if (!(val = flux_attr_get (h, c->argv[0])))
        return cmd_fail (c, "%s: %s", c->argv[0],
                         errno == ENOENT ? "no such attribute" : strerror (errno));
    printf ("%s\n", val);
    flux_close (h);
    return 0;
}

static int run_setattr (struct cmd *c)
{
    flux_error_t error = {0};

    if (c->argc != 2)
        return cmd_fail (c, "the name of an attribute and its value are needed");
    flux_t *h = cmd_open (c);
    if (flux_attr_set_ex (h, c->argv[0], c->argv[1], cmd_has (c, "force"), &error) < 0)
        return cmd_fail (c, "%s: %s", c->argv[0], *error.text ? error.text : strerror (errno));
    flux_close (h);
    return 0;
}

static int cmp_names (const void *a, const void *b)
{
    return strcmp (json_string_value (*(json_t *const *)a),
                   json_string_value (*(json_t *const *)b));
}

static int run_lsattr (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    json_t *out = cmd_rpc (c, h, "attr.list", FLUX_NODEID_ANY, NULL, NULL);
    json_t *names = json_object_get (out, "names");
    size_t n = 0, count = json_array_size (names);
    json_t **list = calloc (count + 1, sizeof (*list));

    for (size_t i = 0; list && i < count; i++)
        if (json_is_string (json_array_get (names, i)))
            list[n++] = json_array_get (names, i);
    if (n > 0)
        qsort (list, n, sizeof (*list), cmp_names);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value (list[i]);
        const char *val = cmd_has (c, "values") ? flux_attr_get (h, name) : NULL;
        if (cmd_has (c, "values"))
            printf ("%-40s%s\n", name, val ? val : "-");
        else
            printf ("%s\n", name);
    }
    free (list);
    json_decref (out);
    flux_close (h);
    return 0;
}

static const struct cmd_opt setattr_opts[] = {
    {.key = 'f', .name = "force", .help = "Also where the attribute is not meant to change"},
    {0},
};

static const struct cmd_opt lsattr_opts[] = {
    {.key = 'v', .name = "values", .help = "With their values"},
    {0},
};

const struct cmd_verb cmd_verb_getattr = {
    .name = "getattr",
    .args = "NAME",
    .summary = "Show an attribute of the broker",
    .run = run_getattr,
};

const struct cmd_verb cmd_verb_setattr = {
    .name = "setattr",
    .args = "NAME VALUE",
    .summary = "Set an attribute of the broker",
    .opts = {setattr_opts},
    .run = run_setattr,
};

const struct cmd_verb cmd_verb_lsattr = {
    .name = "lsattr",
    .summary = "List the attributes of the broker",
    .opts = {lsattr_opts},
    .run = run_lsattr,
};
