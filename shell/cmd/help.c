/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is made of the tables of options: --help in 80 columns, the synopsis and options of a man
 * page, and the words that a shell may complete. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/cmd.h"

#define HELP_WIDTH 79
#define HELP_COLUMN 28

/* "text" wrapped to the right of `column`, where the cursor is now at `at`. */
static void wrap (FILE *f, const char *text, int at, int column)
{
    bool first = true;

    while (*text) {
        size_t len = strcspn (text, " ");
        if (at < column || (!first && at + 1 + (int)len > HELP_WIDTH)) {
            if (at >= column) {
                fputc ('\n', f);
                at = 0;
            }
            at += fprintf (f, "%*s", column - at, "");
        } else if (!first)
            at += fprintf (f, " ");
        at += fprintf (f, "%.*s", (int)len, text);
        first = false;
        text += len + strspn (text + len, " ");
    }
    fputc ('\n', f);
}

static void help_row (FILE *f, const struct cmd_opt *o)
{
    char left[128];
    bool optional = o->flags & CMD_OPT_OPTARG;
    int n = snprintf (left, sizeof (left), "  %c%c%c --%s%s%s%s%s", o->key ? '-' : ' ',
                      o->key ? o->key : ' ', o->key ? ',' : ' ', o->name, optional ? "[" : "",
                      o->arg ? "=" : "", o->arg ? o->arg : "", optional ? "]" : "");

    fputs (left, f);
    if (n >= HELP_COLUMN - 1) {
        fputc ('\n', f);
        n = 0;
    }
    wrap (f, o->help, n, HELP_COLUMN);
}

static void help_table (FILE *f, const struct cmd_opt *rows)
{
    for (; rows->name || rows->help; rows++) {
        if (!rows->name)
            fprintf (f, "\n%s:\n", rows->help);
        else if (!(rows->flags & CMD_OPT_HIDDEN))
            help_row (f, rows);
    }
}

void cmd_help_list (FILE *f, const struct cmd_verb *const *verbs)
{
    for (; *verbs; verbs++) {
        if ((*verbs)->flags & CMD_VERB_HIDDEN)
            continue;
        int n = fprintf (f, "   %-14s", (*verbs)->name);
        wrap (f, (*verbs)->summary, n, 18);
    }
}

static void paragraphs (FILE *f, const char *text)
{
    while (*text) {
        size_t len = strcspn (text, "\n");
        char *line = strndup (text, len);
        if (line)
            wrap (f, line, 0, 0);
        free (line);
        text += len + (text[len] == '\n');
    }
}

void cmd_help (FILE *f, const struct cmd_verb *parent, const struct cmd_verb *verb)
{
    const struct cmd_opt help = {.name = "help", .key = 'h', .help = "Show this text"};

    fprintf (f, "Usage: flux %s%s%s [OPTIONS...]%s%s\n", parent ? parent->name : "",
             parent ? " " : "", verb->name,
             verb->subs   ? " COMMAND"
             : verb->args ? " "
                          : "",
             verb->args && !verb->subs ? verb->args : "");
    wrap (f, verb->summary, 0, 0);
    if (verb->text) {
        fputc ('\n', f);
        paragraphs (f, verb->text);
    }
    if (verb->subs) {
        fprintf (f, "\nCommands of flux %s:\n", verb->name);
        cmd_help_list (f, verb->subs);
        fprintf (f, "\n`flux %s COMMAND --help` says more.\n", verb->name);
        return;
    }
    fprintf (f, "\n");
    help_row (f, &help);
    for (int i = 0; i < CMD_TABLES_MAX && verb->opts[i]; i++)
        help_table (f, verb->opts[i]);
}

/* Text for troff: '-' is a minus, and neither '\' nor a leading '.' or ''' is a command. */
static void man_text (FILE *f, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs ("\\&", f);
    for (; *s; s++) {
        if (*s == '\\')
            fputs ("\\e", f);
        else if (*s == '-')
            fputs ("\\-", f);
        else
            fputc (*s, f);
    }
}

static void man_row (FILE *f, const struct cmd_opt *o)
{
    bool optional = o->flags & CMD_OPT_OPTARG;

    fputs (".TP\n", f);
    if (o->key)
        fprintf (f, "\\fB\\-%c\\fR, ", o->key);
    fputs ("\\fB\\-\\-", f);
    man_text (f, o->name);
    fputs ("\\fR", f);
    if (o->arg) {
        fprintf (f, "%s=\\fI", optional ? "[" : "");
        man_text (f, o->arg);
        fprintf (f, "\\fR%s", optional ? "]" : "");
    }
    fputc ('\n', f);
    man_text (f, o->help);
    if (o->env)
        fprintf (f, " (environment: %s)", o->env);
    if (o->flags & CMD_OPT_REPEAT)
        fprintf (f, ". May be given several times%s",
                 o->arg ? "" : ", or once with the number of times as its value");
    fputs (".\n", f);
}

static void man_options (FILE *f, const struct cmd_verb *v)
{
    for (int i = 0; i < CMD_TABLES_MAX && v->opts[i]; i++) {
        for (const struct cmd_opt *o = v->opts[i]; o->name || o->help; o++) {
            if (!o->name) {
                fprintf (f, ".SS %s\n", o->help);
            } else if (!(o->flags & CMD_OPT_HIDDEN))
                man_row (f, o);
        }
    }
}

static void man_synopsis (FILE *f, const struct cmd_verb *parent, const struct cmd_verb *v)
{
    if (v->subs) {
        for (int i = 0; v->subs[i]; i++)
            if (!(v->subs[i]->flags & CMD_VERB_HIDDEN))
                man_synopsis (f, v, v->subs[i]);
        return;
    }
    fprintf (f, "\\fBflux\\fR%s%s \\fB%s\\fR [\\fIOPTIONS\\fR]", parent ? " \\fB" : "",
             parent ? parent->name : "", v->name);
    if (v->args) {
        fputs (" \\fI", f);
        man_text (f, v->args);
        fputs ("\\fR", f);
    }
    fputs ("\n.br\n", f);
}

static void man_subs (FILE *f, const struct cmd_verb *v)
{
    for (int i = 0; v->subs && v->subs[i]; i++) {
        const struct cmd_verb *s = v->subs[i];
        if (s->flags & CMD_VERB_HIDDEN)
            continue;
        fprintf (f, ".SS %s", s->name);
        if (s->args) {
            fputc (' ', f);
            man_text (f, s->args);
        }
        fputc ('\n', f);
        man_text (f, s->summary);
        fputs (".\n", f);
        if (s->text) {
            fputs (".PP\n", f);
            man_text (f, s->text);
            fputc ('\n', f);
        }
        man_options (f, s);
    }
}

static void man_list (FILE *f)
{
    for (int i = 0; cmd_verbs[i]; i++) {
        if (cmd_verbs[i]->flags & CMD_VERB_HIDDEN)
            continue;
        fprintf (f, ".TP\n\\fB%s\\fR\n", cmd_verbs[i]->name);
        man_text (f, cmd_verbs[i]->summary);
        fputs (".\n", f);
    }
}

/* A line as it is, but for the letter of job ids, which troff has under another name. */
static void man_raw (FILE *f, const char *s)
{
    const char *p;

    for (; (p = strstr (s, "ƒ")); s = p + strlen ("ƒ"))
        fprintf (f, "%.*s\\[Fn]", (int)(p - s), s);
    fputs (s, f);
}

/* The template's lines `@NAME verb@` ... are replaced by what the tables of that verb say. */
static int man_line (FILE *f, const char *line)
{
    char what[16], name[64];
    const struct cmd_verb *v;

    if (sscanf (line, "@%15[A-Z] %63[a-z-]@", what, name) != 2) {
        man_raw (f, line);
        return 0;
    }
    if (strcmp (what, "LIST") == 0) {
        man_list (f);
        return 0;
    }
    if (!(v = cmd_find (cmd_verbs, name)))
        return -1;
    if (strcmp (what, "NAME") == 0) {
        fprintf (f, ".TH FLUX-%s 1 \"\" \"slurm-flux " VERSION "\" \"Flux commands\"\n", name);
        fprintf (f, ".SH NAME\nflux-%s \\- ", name);
        man_text (f, v->summary);
        fputc ('\n', f);
    } else if (strcmp (what, "SYNOPSIS") == 0) {
        fputs (".SH SYNOPSIS\n", f);
        man_synopsis (f, NULL, v);
    } else if (strcmp (what, "OPTIONS") == 0) {
        fputs (v->subs ? ".SH COMMANDS\n" : ".SH OPTIONS\n", f);
        man_options (f, v);
        man_subs (f, v);
    } else
        return -1;
    return 0;
}

int cmd_man (FILE *f, const char *template_path)
{
    FILE *in = fopen (template_path, "r");
    char *line = NULL;
    size_t size = 0;
    int rc = 0;

    if (!in) {
        fprintf (stderr, "flux: %s: %s\n", template_path, strerror (errno));
        return 1;
    }
    while (rc == 0 && getline (&line, &size, in) >= 0)
        rc = man_line (f, line);
    if (rc < 0)
        fprintf (stderr, "flux: %s: not understood: %s", template_path, line);
    free (line);
    fclose (in);
    return rc < 0 ? 1 : 0;
}

static void complete_options (FILE *f, const struct cmd_verb *v, const char *word)
{
    for (int i = 0; i < CMD_TABLES_MAX && v->opts[i]; i++)
        for (const struct cmd_opt *o = v->opts[i]; o->name || o->help; o++)
            if (o->name && !(o->flags & CMD_OPT_HIDDEN) &&
                strncmp (o->name, word, strlen (word)) == 0)
                fprintf (f, "--%s%s\n", o->name, o->arg && !(o->flags & CMD_OPT_OPTARG) ? "=" : "");
    if (strncmp ("help", word, strlen (word)) == 0)
        fputs ("--help\n", f);
}

static void complete_verbs (FILE *f, const struct cmd_verb *const *verbs, const char *word)
{
    for (; *verbs; verbs++)
        if (!((*verbs)->flags & CMD_VERB_HIDDEN) &&
            strncmp ((*verbs)->name, word, strlen (word)) == 0)
            fprintf (f, "%s\n", (*verbs)->name);
}

/* argv is what follows `flux` on the line up to the word to complete, which is the last. */
int cmd_complete (FILE *f, int argc, char **argv)
{
    const struct cmd_verb *const *verbs = cmd_verbs;
    const struct cmd_verb *v = NULL;
    const char *word = argc > 0 ? argv[argc - 1] : "";

    for (int i = 0; i < argc - 1 && verbs; i++) {
        const struct cmd_verb *found = cmd_find (verbs, argv[i]);
        if (found) {
            v = found;
            verbs = v->subs;
        }
    }
    if (strncmp (word, "--", 2) == 0 && v && !v->subs)
        complete_options (f, v, word + 2);
    else if (verbs && *word != '-')
        complete_verbs (f, verbs, word);
    return 0;
}
