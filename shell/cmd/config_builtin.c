/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux config builtin: what was chosen when slurm-flux was built, or where it is in the build tree
 * that this command is run from. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/conf.h>

#include "lib/util/peers.h"
#include "shell/cmd/config_cmd.h"

static const struct {
    const char *name;
    const char *path; // below the root of the tree
} intree[] = {
    {"libexecdir", "shell/cmd"},
    {"exec_path", "shell/cmd"},
    {"man_path", "shell/cmd"},
    {"shell_path", "shell/job/flux-shell"},
    {"pmi_library_path", "lib/pmi/.libs/libpmi.so"},
};

/* NULL: it was installed. The caller frees it. */
static char *tree_root (void)
{
    static const char tail[] = "/shell/cmd/flux";
    char *self = peer_self ();
    size_t len = self ? strlen (self) : 0;

    if (len > strlen (tail) && strcmp (self + len - strlen (tail), tail) == 0) {
        self[len - strlen (tail)] = '\0';
        return self;
    }
    free (self);
    return NULL;
}

static bool print_intree (const char *root, const char *name)
{
    for (size_t i = 0; i < sizeof (intree) / sizeof (intree[0]); i++) {
        if (strcmp (intree[i].name, name) == 0) {
            printf ("%s/%s\n", root, intree[i].path);
            return true;
        }
    }
    return false;
}

static int run (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one value is needed");
    if (cmd_has (c, "intree") && cmd_has (c, "installed"))
        return cmd_fail (c, "--intree and --installed don't go together");
    const char *value = flux_conf_builtin_get (c->argv[0], FLUX_CONF_INSTALLED);
    if (!value)
        return cmd_fail (c, "%s: no such value; they are in flux-config(1)", c->argv[0]);
    char *root = cmd_has (c, "installed") ? NULL : tree_root ();
    if (cmd_has (c, "intree") && !root)
        return cmd_fail (c, "--intree: this flux is not run from its build tree");
    if (!root || !print_intree (root, c->argv[0]))
        printf ("%s\n", value);
    free (root);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "intree", .help = "Print paths in the build tree that flux is run from"},
    {.name = "installed", .help = "Print installed paths, from a build tree too"},
    {0},
};

const struct cmd_verb cmd_config_builtin = {
    .name = "builtin",
    .args = "NAME",
    .summary = "Print a value that was chosen when slurm-flux was built",
    .opts = {opts},
    .run = run,
};
