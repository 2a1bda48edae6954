/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux batch: submit a script that is the initial program of an instance of its own. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/directives.h"
#include "shell/cmd/submit_spec.h"
#include "shell/cmd/verbs.h"

#define SCRIPT_MAX (16 << 20)

struct script {
    const char *name; // NULL: standard input
    char *text;
    size_t len;
};

static void read_script (struct cmd *c, struct script *s)
{
    ssize_t n;

    if (cmd_has (c, "wrap") && c->argc > 0) {
        char *words = cmd_join (c->argv, c->argc);
        if (!words || asprintf (&s->text, "#!/bin/sh\n%s\n", words) < 0)
            cmd_die (c, "out of memory");
        free (words);
        s->len = strlen (s->text);
        return;
    }
    s->name = c->argc > 0 ? c->argv[0] : NULL;
    n = s->name ? file_read_all (s->name, SCRIPT_MAX, &s->text)
                : fd_read_all (STDIN_FILENO, SCRIPT_MAX, &s->text);
    if (n < 0)
        cmd_die (c, "%s: %s", s->name ? s->name : "standard input", strerror (errno));
    s->len = n;
    if (cmd_has (c, "wrap")) {
        struct buf b = {0};
        buf_puts (&b, "#!/bin/sh\n");
        buf_append (&b, s->text, s->len);
        free (s->text);
        s->text = buf_steal (&b, &s->len);
    }
    if (strlen (s->text) != s->len)
        cmd_die (c, "%s: not a script", s->name ? s->name : "standard input");
}

/* Options in the script come first, so that those of the command line win. */
static void add_directives (struct cmd *c, const struct script *s)
{
    struct directives d = {0};
    struct cmd more = {0};
    char err[256];
    flux_error_t error = {0};

    if (directives_parse (&d, s->text, &error) < 0)
        cmd_die (c, "%s: %s", s->name ? s->name : "standard input", error.text);
    if (d.argc > 1) {
        if (cmd_parse (&more, c->verb, d.argc, d.argv, err, sizeof (err)) < 0 || more.argc > 0)
            cmd_die_usage (c, "%s: in a directive: %s", s->name ? s->name : "standard input",
                           more.argc > 0 ? "only options are allowed" : err);
        struct cmd_value *all = calloc (more.nvalues + c->nvalues + 1, sizeof (*all));
        if (!all)
            cmd_die (c, "out of memory");
        if (more.nvalues > 0)
            memcpy (all, more.values, more.nvalues * sizeof (*all));
        if (c->nvalues > 0)
            memcpy (all + more.nvalues, c->values, c->nvalues * sizeof (*all));
        free (c->values);
        c->values = all;
        c->nvalues += more.nvalues;
        cmd_clear (&more);
    }
    // values point into the strings of d, which live as long as the program
}

static int run (struct cmd *c)
{
    struct script s = {0};
    struct submit_spec spec = {0};
    flux_error_t error = {0};
    flux_jobid_t id;

    read_script (c, &s);
    add_directives (c, &s);
    const char *name = s.name && !cmd_has (c, "wrap") ? s.name : c->argc > 0 ? c->argv[0] : "batch";
    if (submit_spec_batch (&spec, c, name, s.text, s.len, &error) < 0)
        return cmd_fail (c, "%s", error.text);
    if (cmd_has (c, "dry-run")) {
        json_dumpf (spec.jobspec, stdout, JSON_COMPACT);
        printf ("\n");
        return 0;
    }
    char *text = json_dumps (spec.jobspec, JSON_COMPACT);
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_job_submit (h, text, spec.urgency, spec.flags);
    if (!f || flux_job_submit_get_id (f, &id) < 0)
        return cmd_fail (c, "%s", cmd_why (f));
    if (!cmd_has (c, "quiet"))
        printf ("%s\n", FID (id));
    flux_future_destroy (f);
    flux_close (h);
    submit_spec_clear (&spec);
    free (text);
    free (s.text);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "wrap", .help = "The operands, or standard input, are commands for /bin/sh"},
    {0},
};

const struct cmd_verb cmd_verb_batch = {
    .name = "batch",
    .args = "SCRIPT [ARG...]",
    .summary = "Submit a script that runs in an instance of its own",
    .text = "Lines of the script that begin with `#flux:', `# flux:' or `#FLUX:' hold options "
            "(RFC 36); those of the command line win.",
    .opts = {submit_common_opts, submit_nest_opts, submit_io_opts, opts},
    .flags = CMD_VERB_USAGE_2 | CMD_VERB_STOP,
    .run = run,
};
