/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux graph: what select/graph does with the jobs of Slurm, and a graph for a site to begin with.
 * No instance is asked: all comes from scontrol. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "lib/util/spawn.h"
#include "shell/cmd/graph_slurm.h"
#include "shell/cmd/verbs.h"

#define OUTPUT_MAX (256u << 20)

/* What scontrol prints, which the caller frees. NULL: it failed, and has said why. */
static char *scontrol (struct cmd *c, const char *const *args)
{
    char *argv[8] = {(char *)"scontrol"};
    int fds[2];
    struct spawn_spec spec = {.argv = argv, .fds = {-1, -1, -1}};
    flux_error_t error;
    char *text = NULL;
    int status = 0, n = 1;

    for (; *args && n < 7; args++)
        argv[n++] = (char *)*args;
    if (pipe (fds) < 0)
        cmd_die (c, "pipe: %s", strerror (errno));
    spec.fds[1] = fds[1];
    pid_t pid = spawn_program (&spec, &error);
    close (fds[1]);
    if (pid < 0)
        cmd_die (c, "%s", error.text);
    struct buf b = {.data = NULL};
    char part[65536];
    ssize_t len;
    while ((len = read (fds[0], part, sizeof (part))) > 0 && b.len < OUTPUT_MAX)
        buf_append (&b, part, (size_t)len);
    close (fds[0]);
    while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
        ;
    buf_puts (&b, "");
    if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
        text = b.len ? buf_take (&b) : strdup ("");
    buf_clear (&b);
    return text;
}

/* ---- explain ---- */

/* A field whose value may have blanks in it: alone in its line */
static char *line_field (const char *text, const char *key)
{
    size_t len = strlen (key);

    for (const char *s = text; *s; s += strcspn (s, "\n"), s += *s == '\n') {
        s += strspn (s, " ");
        if (strncmp (s, key, len) == 0 && s[len] == '=') {
            size_t n = strcspn (s + len + 1, "\n");

            while (n > 0 && s[len + n] == ' ')
                n--;
            return strndup (s + len + 1, n);
        }
    }
    return NULL;
}

static char *field (const char *text, const char *key)
{
    char *flat = strdup (text), *value;

    for (char *s = flat; s && *s; s++)
        if (*s == '\n')
            *s = ' ';
    value = flat ? slurm_field (flat, key) : NULL;
    free (flat);
    return value ? value : strdup ("");
}

static void explain (const char *id, const char *text)
{
    char *comment = line_field (text, "AdminComment"), *state = field (text, "JobState");
    char *reason = field (text, "Reason"), *nodes = field (text, "NodeList");
    const char *ours = comment ? strstr (comment, "graph: ") : NULL;

    ours = ours ? ours + strlen ("graph: ") : NULL;
    if (ours && strncmp (ours, "waits: ", 7) == 0 && strcmp (state, "PENDING") == 0)
        printf ("Job %s waits: %s.\n", id, ours + 7);
    else if (strcmp (state, "PENDING") == 0)
        printf ("Job %s waits for %s, the graph has said nothing of it.\n", id, reason);
    else if (ours)
        printf ("Job %s is %s: %s on %s by %s.\n", id, state, "chosen", nodes, ours);
    else
        printf ("Job %s is %s on %s, which select/graph did not choose.\n", id, state, nodes);
    free (comment);
    free (state);
    free (reason);
    free (nodes);
}

static int run_explain (struct cmd *c)
{
    if (c->argc != 1 || !isdigit ((unsigned char)c->argv[0][0]))
        return cmd_fail (c, "one id of a Slurm job is needed");
    const char *args[] = {"show", "job", c->argv[0], NULL};
    char *text = scontrol (c, args);
    if (!text)
        return 1;
    explain (c->argv[0], text);
    free (text);
    return 0;
}

/* ---- from-slurm ---- */

static int run_from_slurm (struct cmd *c)
{
    static const char *const node_args[] = {"-o", "show", "node", NULL};
    static const char *const topo_args[] = {"-o", "show", "topology", NULL};
    flux_error_t error;

    if (c->argc > 0)
        return cmd_fail (c, "%s: nothing is expected here", c->argv[0]);
    char *nodes = scontrol (c, node_args);
    char *topology = nodes && !cmd_has (c, "no-switches") ? scontrol (c, topo_args) : NULL;
    json_t *doc =
        nodes ? graph_from_slurm (cmd_str (c, "cluster", "cluster0"), nodes, topology, &error)
              : NULL;
    if (nodes && !doc)
        cmd_warn (c, "%s", error.text);
    free (nodes);
    free (topology);
    if (!doc)
        return 1;
    int rc = json_dumpf (doc, stdout, cmd_has (c, "pretty") ? JSON_INDENT (1) : JSON_COMPACT);
    json_decref (doc);
    if (rc == 0)
        putchar ('\n');
    if (rc < 0 || fflush (stdout) != 0)
        return cmd_fail (c, "standard output: %s", strerror (errno));
    return 0;
}

static const struct cmd_opt from_slurm_opts[] = {
    {.name = "cluster", .arg = "NAME", .help = "Name of the vertex at the top [cluster0]"},
    {.name = "no-switches", .help = "Leave out topology.conf's switches"},
    {.name = "pretty", .key = 'p', .help = "Indent, for a file that is edited"},
    {0},
};

static const struct cmd_verb graph_explain_verb = {
    .name = "explain",
    .args = "JOBID",
    .summary = "Say what was chosen for a Slurm job, or what it waits for",
    .run = run_explain,
};

static const struct cmd_verb graph_from_slurm_verb = {
    .name = "from-slurm",
    .summary = "Write a JGF of the running Slurm's nodes and switches",
    .opts = {from_slurm_opts},
    .run = run_from_slurm,
};

static const struct cmd_verb *const subs[] = {
    &graph_explain_verb,
    &graph_from_slurm_verb,
    NULL,
};

const struct cmd_verb cmd_verb_graph = {
    .name = "graph",
    .args = "COMMAND",
    .summary = "Look at what select/graph does in Slurm",
    .subs = subs,
};
