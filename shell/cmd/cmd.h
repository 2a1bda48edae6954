/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What every verb of `flux` is made of. A verb is one `const struct cmd_verb` in a file of its own,
 * listed in verbs.c. Its tables of options feed the parser, --help, the man page (`flux --man`)
 * and completion (`flux --complete`): an option is written down once. */

#ifndef FLUX_CMD_CMD_H
#define FLUX_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    CMD_OPT_HIDDEN = 1, // parsed, but not shown
    CMD_OPT_REPEAT =
        2, // may be given several times: cmd_next() yields each; a flag as --flag=N, too
    CMD_OPT_OPTARG = 4, // the argument may be left out: --name or --name=ARG, never --name ARG
    CMD_OPT_NEXT = 8,   // of these: but --name ARG when that is a number, auto, always or never
};

/* A row with a help text but no name is a heading. A table ends with an all-zero row. */
struct cmd_opt {
    const char *name; // long name without dashes
    char key;         // short name, or 0
    const char *arg;  // what the argument is called, NULL for a flag
    const char *help; // begins with a capital, no full stop
    const char *env;  // environment variable that gives the default, or NULL
    unsigned flags;
};

enum {
    CMD_VERB_STOP = 1,   // options end at the first operand (a command to run follows)
    CMD_VERB_HIDDEN = 2, // works, but is not listed
    CMD_VERB_RAW = 4,    // what looks like options are operands too
    // Ends with 2, not 1, when the command line is not understood, as flux-core's commands in
    // Python do. A verb has it for its sub-verbs, too.
    CMD_VERB_USAGE_2 = 8,
};

#define CMD_TABLES_MAX 6

struct cmd;

struct cmd_verb {
    const char *name;
    const char *args;    // operands, as in "COMMAND [ARG...]"; NULL for none at all
    const char *summary; // one line
    const char *text;    // more for --help, or NULL
    const struct cmd_opt *opts[CMD_TABLES_MAX];
    const struct cmd_verb *const *subs; // NULL-ended, or NULL; a verb with subs has no run
    unsigned flags;
    int (*run) (struct cmd *c); // returns the exit code
};

/* NULL-ended; in the order of `flux help`. */
extern const struct cmd_verb *const cmd_verbs[];

struct cmd_value {
    const struct cmd_opt *opt;
    const char *value; // NULL when given without an argument
};

/* One invocation. */
struct cmd {
    const struct cmd_verb *verb;
    const struct cmd_verb *parent; // the verb of which `verb` is a sub-verb, or NULL
    char name[64];                 // "flux-submit", "flux-job": begins every error
    int argc;                      // operands
    char **argv;                   // NULL-ended
    struct cmd_value *values;      // in the order given
    int nvalues;
};

/* Parse argv[1..] by the tables of `verb`. 0, or -1 with the sentence in err. `--help` is found
 * as an option like any other. Values point into argv. Free with cmd_clear(). */
int cmd_parse (struct cmd *c, const struct cmd_verb *verb, int argc, char **argv, char *err,
               size_t errlen);
void cmd_clear (struct cmd *c);

/* Options by long name. One that is in no table of the verb is a bug and aborts. The last one given
 * wins, then the environment, then dflt. */
bool cmd_has (const struct cmd *c, const char *name);
int cmd_count (const struct cmd *c, const char *name);
const char *cmd_str (const struct cmd *c, const char *name, const char *dflt);
/* A decimal integer in [min,max]; anything else ends the program with a sentence. */
long cmd_int (const struct cmd *c, const char *name, long dflt, long min, long max);
/* A Flux standard duration (RFC 23) in seconds; anything else ends the program. */
double cmd_fsd (const struct cmd *c, const char *name, double dflt);
/* Each value in the order given; *iter starts at 0. NULL at the end. */
const char *cmd_next (const struct cmd *c, const char *name, int *iter);

/* A sentence on stderr after the verb's name. cmd_fail() returns 1, for `return cmd_fail (...)`;
 * cmd_die() ends the program with 1. */
void cmd_warn (const struct cmd *c, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
int cmd_fail (const struct cmd *c, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));
_Noreturn void cmd_die (const struct cmd *c, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

/* The same for a command line that is not understood: see CMD_VERB_USAGE_2. */
int cmd_fail_usage (const struct cmd *c, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));
_Noreturn void cmd_die_usage (const struct cmd *c, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Run a verb (or its sub-verb) on argv, argv[0] being the verb's name. Returns the exit code. */
int cmd_run (const struct cmd_verb *verb, int argc, char **argv);
const struct cmd_verb *cmd_find (const struct cmd_verb *const *verbs, const char *name);

/* help.c: what is made of the tables. */
void cmd_help (FILE *f, const struct cmd_verb *parent, const struct cmd_verb *verb);
void cmd_help_list (FILE *f, const struct cmd_verb *const *verbs);
int cmd_man (FILE *f, const char *template_path);
int cmd_complete (FILE *f, int argc, char **argv);

#endif /* !FLUX_CMD_CMD_H */
