/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which wrapper this is, is in the name it was called by. */

#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/wrap.h"

void words_add (struct words *w, const char *fmt, ...)
{
    va_list ap;

    w->v = realloc (w->v, (w->n + 2) * sizeof (*w->v));
    va_start (ap, fmt);
    if (!w->v || vasprintf (&w->v[w->n], fmt, ap) < 0) {
        fprintf (stderr, "out of memory\n");
        exit (1);
    }
    va_end (ap);
    w->v[++w->n] = NULL;
}

int words_run (const struct words *w)
{
    return cmd_run (cmd_find (cmd_verbs, w->v[0]), w->n, w->v);
}

static void help (const struct cmd_verb *v)
{
    printf ("Usage: %s [OPTIONS...] %s\n%s. Options:\n", v->name, v->args ? v->args : "",
            v->summary);
    for (int t = 0; t < CMD_TABLES_MAX && v->opts[t]; t++) {
        for (const struct cmd_opt *o = v->opts[t]; o->name || o->help; o++) {
            if (!o->name)
                printf ("%s:\n", o->help);
            else
                printf ("  %c%c --%s%s%s\n", o->key ? '-' : ' ', o->key ? o->key : ' ', o->name,
                        o->arg ? "=" : "", o->arg ? o->arg : "");
        }
    }
}

static int run (const struct cmd_verb *verb, int argc, char **argv)
{
    struct cmd c = {0};
    char err[256] = "out of memory";

    snprintf (c.name, sizeof (c.name), "%s", verb->name);
    if (cmd_parse (&c, verb, argc, argv, err, sizeof (err)) < 0)
        return cmd_fail (&c, "%s (this is Flux's wrapper of %s)", err, verb->name);
    if (cmd_has (&c, "help")) {
        help (verb);
        return 0;
    }
    if (cmd_has (&c, "version")) {
        printf ("slurm-flux %s\n", VERSION);
        return 0;
    }
    if (!getenv ("FLUX_URI"))
        return cmd_fail (&c, "not in a Flux instance");
    return verb->run (&c);
}

int main (int argc, char **argv)
{
    const struct cmd_verb *verb = cmd_find (wrap_programs, program_invocation_short_name);

    setlocale (LC_CTYPE, "");
    if (!verb) {
        fprintf (stderr, "%s: call me srun, sbatch, salloc, squeue or scancel\n",
                 program_invocation_short_name);
        return 1;
    }
    program_invocation_short_name = (char *)"flux"; // what jobs that are instances run
    int rc = run (verb, argc, argv);
    return fflush (stdout) != 0 && rc == 0 ? 1 : rc;
}
