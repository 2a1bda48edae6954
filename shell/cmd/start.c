/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux start: start an instance. Without --test-size this program becomes the broker. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <flux/taskmap.h>

#include "lib/util/peers.h"
#include "shell/cmd/start_test.h"
#include "shell/cmd/verbs.h"

static const struct cmd_opt opts[] = {
    {.key = 'S',
     .name = "setattr",
     .arg = "ATTR=VAL",
     .help = "Set a broker attribute",
     .flags = CMD_OPT_REPEAT},
    {.key = 'c',
     .name = "config-path",
     .arg = "PATH",
     .help = "Configuration: a file (TOML, or .json), or a folder of *.toml"},
    {.name = "conf",
     .arg = "VALUE",
     .help = "More configuration: KEY=VAL, {JSON}, TOML text or a file",
     .flags = CMD_OPT_REPEAT},
    {.name = "sysconfig",
     .help = "The system's configuration (flux config builtin confdir, system/conf.d)"},
    {.key = 'r',
     .name = "recovery",
     .arg = "TARGET",
     .help =
         "Look into the state folder or flux-dump archive TARGET (the system instance's): nothing "
         "is run",
     .flags = CMD_OPT_OPTARG},
    {.key = 'o',
     .name = "broker-opts",
     .arg = "OPTS",
     .help = "Options for the broker, comma-separated, as in -o,-v",
     .flags = CMD_OPT_REPEAT},
    {.key = 'v', .name = "verbose", .help = "Say what is run", .flags = CMD_OPT_REPEAT},
    {.key = 'X', .name = "noexec", .help = "Run nothing (for use with --verbose)"},
    {.name = "wrap",
     .arg = "ARGS,...",
     .help = "Run brokers under this command",
     .flags = CMD_OPT_REPEAT},
    {.name = "rundir", .arg = "DIR", .help = "The rundir of the brokers; made, and then removed"},
    {.help = "Test instances on one host"},
    {.key = 's', .name = "test-size", .arg = "N", .help = "Start N brokers here"},
    {.name = "test-hosts", .arg = "HOSTLIST", .help = "Names that brokers take their host for"},
    {.name = "test-exit-timeout",
     .arg = "FSD",
     .help = "Kill the other brokers so long after the first has ended (20s)"},
    {.name = "test-exit-mode",
     .arg = "MODE",
     .help = "The first: leader (the default), or any, and the highest exit code counts"},
    {.name = "test-rundir", .arg = "DIR", .help = "Make DIR, which is there, their rundir"},
    {.name = "test-rundir-cleanup", .help = "Remove that DIR in the end, with all in it"},
    {.name = "test-pmi-clique",
     .arg = "MODE",
     .help =
         "Brokers pass for sharing a host: single (the default), per-broker, none, or a taskmap"},
    {.name = "test-start-mode",
     .arg = "MODE",
     .help = "Start all brokers, or the leader (the others then by flux overlay rejoin)"},
    {.name = "test-start-timeout",
     .arg = "FSD",
     .help = "Give up when brokers have not found each other after this (60s)"},
    {0},
};

/* A growing argv. */
static void push (struct start_args *a, const char *s, size_t len)
{
    if (a->argc + 2 > a->size) {
        a->size = a->size ? 2 * a->size : 32;
        a->argv = realloc (a->argv, a->size * sizeof (char *));
    }
    if (!a->argv || !(a->argv[a->argc] = strndup (s, len))) {
        fprintf (stderr, "flux-start: out of memory\n");
        exit (1);
    }
    a->argv[++a->argc] = NULL;
}

static void push_str (struct start_args *a, const char *prefix, const char *s)
{
    char *text;

    if (asprintf (&text, "%s%s", prefix, s) >= 0)
        push (a, text, strlen (text));
    free (text);
}

/* Each comma-separated word of each value of an option. */
static void push_split (struct start_args *a, const struct cmd *c, const char *name,
                        const char *prefix)
{
    const char *s;
    int iter = 0;

    while ((s = cmd_next (c, name, &iter))) {
        while (*s) {
            size_t len = strcspn (s, ",");
            char *word = strndup (s, len);
            if (word && *word)
                push_str (a, prefix, word);
            free (word);
            s += len + (s[len] == ',');
        }
    }
}

static void check_attrs (const struct cmd *c)
{
    const char *s;
    int iter = 0;

    while ((s = cmd_next (c, "setattr", &iter)))
        if (!strchr (s, '=') || *s == '=')
            cmd_die (c, "--setattr=%s: not ATTR=VAL", s);
}

/* The prompt of an interactive shell tells where one is; other shells read their input. */
static void push_program (struct start_args *a, const struct cmd *c)
{
    char *self;

    a->program = a->argc;
    for (int i = 0; i < c->argc; i++)
        push_str (a, "", c->argv[i]);
    if (c->argc == 0 && isatty (STDIN_FILENO) && (self = peer_self ())) {
        push_str (a, "", self);
        push_str (a, "", "interactive");
        free (self);
    }
}

#define SYSTEM_STATEDIR "/var/lib/flux"

static void push_recovery (struct start_args *a, const struct cmd *c)
{
    const char *target = cmd_str (c, "recovery", SYSTEM_STATEDIR);
    struct stat st;

    if (!cmd_has (c, "recovery"))
        return;
    if (stat (target, &st) < 0)
        cmd_die (c, "--recovery=%s: %s", target, strerror (errno));
    push_str (a, "", "-Sbroker.recovery-mode=1");
    push_str (a, S_ISDIR (st.st_mode) ? "-Sstatedir=" : "-Scontent.restore=", target);
}

static void push_rundir (struct start_args *a, const struct cmd *c)
{
    const char *test = cmd_str (c, "test-rundir", NULL), *dir = cmd_str (c, "rundir", test);

    if (test && access (test, W_OK | X_OK) < 0)
        cmd_die (c, "--test-rundir=%s: %s", test, strerror (errno));
    if (!dir)
        return;
    if (dir != test && test)
        cmd_die (c, "--rundir and --test-rundir are two words for one thing");
    push_str (a, "-Srundir=", dir);
}

/* Which brokers share a host, as they shall think. Those which don't use TCP. */
static void push_clique (struct start_args *a, const struct cmd *c)
{
    const char *mode = cmd_str (c, "test-pmi-clique", "single");
    struct taskmap *map;
    flux_error_t error;
    char text[64];

    if (strcmp (mode, "single") == 0)
        return;
    snprintf (text, sizeof (text), "[[0,%ld,1,1]]", cmd_int (c, "test-size", 1, 1, INT_MAX));
    if (strcmp (mode, "none") == 0)
        text[0] = '\0';
    else if (strcmp (mode, "per-broker") != 0) {
        if (!(map = taskmap_decode (mode, &error)))
            cmd_die (c, "--test-pmi-clique=%s: %s", mode, error.text);
        taskmap_destroy (map);
        setenv ("FLUX_BOOTSTRAP_MAPPING", mode, 1);
        push_str (a, "", "-Stbon.prefertcp=1");
        return;
    }
    setenv ("FLUX_BOOTSTRAP_MAPPING", text, 1);
    push_str (a, "", "-Stbon.prefertcp=1");
}

static void build (struct start_args *a, const struct cmd *c)
{
    const char *s;
    char *broker;

    check_attrs (c);
    push_split (a, c, "wrap", "");
    if (!(broker = peer_find ("flux-broker", "broker")))
        cmd_die (c, "flux-broker is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    push_str (a, "", broker);
    free (broker);
    push_clique (a, c); // -Stbon.prefertcp comes later, and counts
    push_split (a, c, "setattr", "-S");
    push_recovery (a, c);
    push_rundir (a, c);
    if (cmd_has (c, "sysconfig") || (cmd_has (c, "recovery") && !cmd_str (c, "recovery", NULL)))
        push_str (a, "-c", FLUX_CONFDIR "/system/conf.d");
    if ((s = cmd_str (c, "config-path", NULL)))
        push_str (a, "-c", s);
    for (int iter = 0; (s = cmd_next (c, "conf", &iter));)
        push_str (a, "--conf=", s);
    push_split (a, c, "broker-opts", "");
    push_program (a, c);
}

static void say_command (const struct start_args *a)
{
    fprintf (stderr, "flux-start:");
    for (int i = 0; i < a->argc; i++)
        fprintf (stderr, " %s", a->argv[i]);
    fprintf (stderr, "\n");
}

static int run (struct cmd *c)
{
    struct start_args a = {0};
    long size = cmd_int (c, "test-size", 0, 1, START_TEST_SIZE_MAX);
    static const char *const test_only[] = {
        "test-hosts",          "test-exit-timeout", "test-rundir",     "test-exit-mode",
        "test-rundir-cleanup", "test-pmi-clique",   "test-start-mode", "test-start-timeout"};

    for (size_t i = 0; i < sizeof (test_only) / sizeof (test_only[0]); i++)
        if (size == 0 && cmd_has (c, test_only[i]))
            return cmd_fail (c, "--%s goes with --test-size only", test_only[i]);
    if (cmd_has (c, "test-rundir-cleanup") && !cmd_has (c, "test-rundir"))
        return cmd_fail (c, "--test-rundir-cleanup goes with --test-rundir only");
    if (size > 1 && cmd_has (c, "recovery"))
        return cmd_fail (c, "--recovery is for one broker");
    build (&a, c);
    if (cmd_has (c, "verbose"))
        say_command (&a);
    if (cmd_has (c, "noexec"))
        return 0;
    if (size > 0)
        return start_test (c, &a, size);
    execvp (a.argv[0], a.argv);
    return cmd_fail (c, "%s: %s", a.argv[0], strerror (errno));
}

const struct cmd_verb cmd_verb_start = {
    .name = "start",
    .args = "[COMMAND [ARG...]]",
    .summary = "Start a Flux instance",
    .text = "The instance ends when COMMAND ends, and its exit code becomes that of flux start. "
            "Without COMMAND it is a shell.",
    .opts = {opts},
    .flags = CMD_VERB_STOP,
    .run = run,
};
