/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Formats by name: those of a verb, and those of the user's and the site's files. */

#ifndef FLUX_CMD_FMTCONF_H
#define FLUX_CMD_FMTCONF_H

#include "shell/cmd/cmd.h"
#include "shell/cmd/fmt.h"

struct fmt_named {
    const char *name;
    const char *description;
    const char *text;
};

/* What a verb has of its own. `files` are called so in the folders of configuration, with .json,
 * .toml or .yaml: "flux-jobs". `tables` (NULL-ended, or NULL) are those that such a file may have,
 * each with its formats, and `table` is the one of this verb. */
struct fmt_set {
    const struct fmt_named *formats; // ends with an all-zero row
    const char *files;
    const char *const *tables;
    const char *table;
};

/* The files of the set, merged, or what `table` has in them: later ones win, those of the user
 * (XDG_CONFIG_HOME, or ~/.config) over those of the site (XDG_CONFIG_DIRS, or /etc/xdg). NULL with
 * the file and what is wrong in errp. The caller frees it. */
json_t *fmtconf_load (const struct fmt_set *set, flux_error_t *errp);

/* The option of verbs that take one: the variable of the environment is what it is by default. */
#define FMTCONF_FORMAT_OPT(variable)                                                               \
    {                                                                                              \
        .key = 'o', .name = "format", .arg = "FORMAT",                                             \
        .help = "A format by name (`help' lists them), or one in the format mini-language",        \
        .env = variable                                                                            \
    }

/* The format behind --format=NAME, which the caller frees: text with a brace is itself, else it is
 * a name. "help" lists the names, "get-config=NAME" shows one as it is written in a file; NULL
 * then. Ends the program when there is no such format or a file is wrong. */
char *fmtconf_choose (const struct cmd *c, const struct fmt_set *set);

#endif /* !FLUX_CMD_FMTCONF_H */
