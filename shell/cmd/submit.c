/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux submit: send off a job, or one for each id of --cc. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/job/jobspec_build.h"
#include "shell/cmd/bulk.h"
#include "shell/cmd/client.h"
#include "shell/cmd/submit_cc.h"
#include "shell/cmd/verbs.h"

static int dry_run (const struct submit_spec *spec)
{
    json_dumpf (spec->jobspec, stdout, JSON_COMPACT);
    printf ("\n");
    return 0;
}

struct idset *submit_cc_ids (struct cmd *c, const char *cc, const char *bcc)
{
    struct idset *ids;

    if (cc && bcc)
        cmd_die (c, "give one of --cc and --bcc");
    if (!(ids = idset_decode (cc ? cc : bcc)) || idset_count (ids) == 0)
        cmd_die (c, "--%s=%s: not an idset", cc ? "cc" : "bcc", cc ? cc : bcc);
    return ids;
}

static void make (struct submit_spec *spec, struct cmd *c, const struct subst *s, const char *label)
{
    flux_error_t error = {0};
    struct idset *ranks;
    const char *input = cmd_str (c, "input", NULL);

    if (submit_spec_tasks (spec, c, s, &error) < 0)
        cmd_die (c, "%s%s", label, error.text);
    if (input && (ranks = idset_decode (input))) {
        idset_destroy (ranks);
        cmd_die (c, "--input=%s: input for single tasks is not for jobs in the background", input);
    }
}

static char *log_name (struct cmd *c, const char *option, const struct subst *s)
{
    flux_error_t error = {0};
    bool failed = false;
    char *name = submit_value (c, option, s, &error, &failed);

    if (failed)
        cmd_die (c, "%s", error.text);
    return name;
}

/* When {cc} stands nowhere, all jobs are the same but for FLUX_JOB_CC: the text of the first, in
 * two parts, serves for all. */
struct copies {
    char *text;
    size_t head; // up to the value
    const char *tail;
};

#define VARIABLE "\"FLUX_JOB_CC\":\""

static void copies_begin (struct copies *k, const struct submit_spec *spec, const char *cc)
{
    char *text = json_dumps (spec->jobspec, JSON_COMPACT), *p;
    size_t len = strlen (cc);

    if (!text || !(p = strstr (text, VARIABLE)) || strstr (p + 1, VARIABLE) ||
        strncmp (p + strlen (VARIABLE), cc, len) != 0) {
        free (text);
        return;
    }
    p += strlen (VARIABLE);
    *k = (struct copies){text, p - text, p + len};
}

static void copies_set (const struct copies *k, struct submit_spec *spec, const char *cc)
{
    free (spec->text);
    if (asprintf (&spec->text, "%.*s%s%s", (int)k->head, k->text, cc, k->tail) < 0)
        spec->text = NULL;
}

static void make_one (struct submit_spec *spec, struct cmd *c, const struct subst *s,
                      const char *cc, bool blind, const char *label)
{
    make (spec, c, s, label);
    if (cc && !blind)
        jobspec_setenv (spec->jobspec, "FLUX_JOB_CC", cc);
}

static void submit_one (struct bulk *b, struct cmd *c, const struct submit_spec *spec,
                        const struct subst *s, const char *label)
{
    char *log = log_name (c, "log", s), *log_stderr = log_name (c, "log-stderr", s);

    bulk_submit (b, spec, label, log, log_stderr);
    free (log);
    free (log_stderr);
}

void submit_cc_one (struct bulk *b, struct cmd *c, const struct subst *s, const char *cc,
                    bool blind)
{
    struct submit_spec spec = {0};
    char label[32] = "";

    if (cc)
        snprintf (label, sizeof (label), "cc=%s: ", cc);
    make_one (&spec, c, s, cc, blind, label);
    submit_one (b, c, &spec, s, label);
    submit_spec_clear (&spec);
}

void submit_cc_check (struct cmd *c, const struct subst *s, const char *cc)
{
    struct submit_spec spec = {0};
    char label[32] = "";

    if (cc)
        snprintf (label, sizeof (label), "cc=%s: ", cc);
    make (&spec, c, s, label);
    submit_spec_clear (&spec);
}

/* The ids after the first, when they make a difference. */
static void check_others (struct cmd *c, const struct idset *ids, unsigned int first)
{
    for (unsigned int i = idset_next (ids, first); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        char text[16];
        struct subst s = {.cc = text};

        snprintf (text, sizeof (text), "%u", i);
        submit_cc_check (c, &s, text);
    }
}

static int run_cc (struct cmd *c, const char *cc, const char *bcc)
{
    struct idset *ids = submit_cc_ids (c, cc, bcc);
    struct submit_spec spec = {0};
    struct copies copies = {0};
    struct bulk *b = NULL;

    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        char text[16], label[32];
        bool used = false;
        struct subst s = {.cc = text, .cc_used = &used};

        snprintf (text, sizeof (text), "%u", i);
        snprintf (label, sizeof (label), "cc=%s: ", text);
        if (!copies.text) {
            submit_spec_clear (&spec);
            make_one (&spec, c, &s, text, !!bcc, label);
        }
        if (cmd_has (c, "dry-run")) {
            dry_run (&spec);
            break;
        }
        if (!b) {
            if (used)
                check_others (c, ids, i);
            b = bulk_create (c, idset_count (ids));
        }
        if (copies.text)
            copies_set (&copies, &spec, text);
        submit_one (b, c, &spec, &s, label);
        if (!copies.text && !used && !bcc)
            copies_begin (&copies, &spec, text);
    }
    submit_spec_clear (&spec);
    free (copies.text);
    idset_destroy (ids);
    return b ? bulk_finish (b) : 0;
}

static int run (struct cmd *c)
{
    const char *cc = cmd_str (c, "cc", NULL), *bcc = cmd_str (c, "bcc", NULL);
    struct submit_spec spec = {0};
    int rc;

    if (cc || bcc)
        return run_cc (c, cc, bcc);
    make (&spec, c, NULL, ""); // before there is a connection: a wrong option costs nothing
    if (cmd_has (c, "dry-run"))
        rc = dry_run (&spec);
    else {
        struct bulk *b = bulk_create (c, 1);
        bulk_submit (b, &spec, NULL, cmd_str (c, "log", NULL), cmd_str (c, "log-stderr", NULL));
        rc = bulk_finish (b);
    }
    submit_spec_clear (&spec);
    return rc;
}

const struct cmd_verb cmd_verb_submit = {
    .name = "submit",
    .args = "COMMAND [ARG...]",
    .summary = "Submit a job that runs in the background",
    .opts = {submit_common_opts, submit_task_opts, submit_io_opts, bulk_opts},
    .flags = CMD_VERB_USAGE_2 | CMD_VERB_STOP,
    .run = run,
};
