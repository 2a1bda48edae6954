/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux env: what a program needs in its environment to find this suite. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/peers.h"
#include "shell/cmd/verbs.h"

/* The folder of this program at the front of PATH, unless it is in there. */
static char *make_path (void)
{
    const char *path = getenv ("PATH");
    char *self = peer_self (), *slash = self ? strrchr (self, '/') : NULL, *out = NULL;

    if (slash)
        *slash = '\0';
    size_t len = self ? strlen (self) : 0;
    for (const char *p = path ? path : ""; len > 0 && *p;) {
        size_t n = strcspn (p, ":");
        if (n == len && strncmp (p, self, n) == 0)
            out = strdup (path);
        if (out)
            break;
        p += n + (p[n] == ':');
    }
    if (!out && self &&
        asprintf (&out, "%s%s%s", self, path && *path ? ":" : "", path ? path : "") < 0)
        out = NULL;
    free (self);
    return out;
}

static int run (struct cmd *c)
{
    static const char *const names[] = {"FLUX_EXEC_PATH", "FLUX_URI", "FLUX_KVS_NAMESPACE"};
    char *path = make_path ();

    if (c->argc > 0) {
        if (path)
            setenv ("PATH", path, 1);
        execvp (c->argv[0], c->argv);
        return cmd_fail (c, "%s: %s", c->argv[0], strerror (errno));
    }
    printf ("export PATH=\"%s\"\n", path ? path : "");
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        if (getenv (names[i]))
            printf ("export %s=\"%s\"\n", names[i], getenv (names[i]));
    free (path);
    return 0;
}

const struct cmd_verb cmd_verb_env = {
    .name = "env",
    .args = "[COMMAND [ARG...]]",
    .summary = "Print the Flux environment, or run a command in it",
    .flags = CMD_VERB_STOP,
    .run = run,
};
