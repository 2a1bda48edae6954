/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux bulksubmit: one job for each input, as xargs(1) and parallel(1) would run commands.
 *
 * COMMAND ::: A B ::: C D      every combination
 * COMMAND ::: A B :::+ C D     A with C, B with D
 * COMMAND :::: FILE            inputs from a file, one a line (`-': standard input, the default) */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/inputs.h"
#include "shell/cmd/submit_cc.h"
#include "shell/cmd/verbs.h"

/* What is printed of a job with --verbose and --dry-run. */
static void print_job (struct cmd *c, const struct subst *s)
{
    flux_error_t error;
    struct buf b = {0};

    for (int i = 0; i < c->nvalues; i++) {
        const struct cmd_value *v = &c->values[i];
        char *text = v->value ? subst_expand (s, v->value, &error) : NULL;
        if (text && strcmp (text, v->value) != 0)
            buf_printf (&b, " --%s=%s", v->opt->name, text);
        free (text);
    }
    for (int i = 0; i < c->argc; i++) {
        char *text = subst_expand (s, c->argv[i], &error);
        if (!text)
            cmd_die (c, "%s: %s", c->argv[i], error.text);
        buf_printf (&b, " %s", text);
        free (text);
    }
    printf ("bulksubmit: submit%s\n", b.data ? b.data : "");
    buf_clear (&b);
}

enum todo { COUNT, CHECK, SUBMIT };

static void one_job (struct cmd *c, struct bulk *b, enum todo todo, const struct subst *s,
                     const char *cc, bool blind)
{
    if (todo == CHECK)
        submit_cc_check (c, s, cc);
    else if (todo == SUBMIT)
        submit_cc_one (b, c, s, cc, blind);
}

/* All jobs of one set of inputs. Returns how many. */
static int one_set (struct cmd *c, struct bulk *b, enum todo todo, struct subst *s)
{
    flux_error_t error = {0};
    bool failed = false;
    struct subst pre = *s;

    pre.keep_cc = true;
    char *cc = submit_value (c, "cc", &pre, &error, &failed);
    char *bcc = submit_value (c, "bcc", &pre, &error, &failed);
    if (failed)
        cmd_die (c, "%s", error.text);
    int count = 1;
    if (cc || bcc) {
        struct idset *ids = submit_cc_ids (c, cc, bcc);
        count = idset_count (ids);
        for (unsigned int i = idset_first (ids); todo != COUNT && i != IDSET_INVALID_ID;
             i = idset_next (ids, i)) {
            char text[16];
            struct subst with = *s;
            snprintf (text, sizeof (text), "%u", i);
            with.cc = text;
            one_job (c, b, todo, &with, text, bcc != NULL);
        }
        idset_destroy (ids);
    } else
        one_job (c, b, todo, s, NULL, false);
    free (cc);
    free (bcc);
    return count;
}

static int *make_order (struct cmd *c, int count)
{
    int *order = calloc (count + 1, sizeof (int));
    unsigned int seed = (unsigned int)time (NULL) ^ (unsigned int)getpid ();

    if (!order)
        cmd_die (c, "out of memory");
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = count - 1; i > 0 && cmd_has (c, "shuffle"); i--) {
        int k = rand_r (&seed) % (i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    return order;
}

static int for_all (struct cmd *c, const struct inputs *in, struct bulk *b, enum todo todo,
                    const int *order)
{
    bool show = cmd_has (c, "verbose") || cmd_has (c, "dry-run");
    char **row = calloc (in->nlists + 1, sizeof (char *));
    int total = 0;

    for (int i = 0; row && i < inputs_count (in); i++) {
        struct subst s = {.inputs = row, .ninputs = in->nlists, .has_seq = true, .seq = order[i]};
        inputs_row (in, order[i], row);
        if (show && todo != CHECK) {
            struct subst shown = s;
            shown.keep_cc = true;
            print_job (c, &shown);
        }
        total += one_set (c, b, todo, &s);
    }
    free (row);
    return total;
}

/* Do inputs stand in options? Then each job may be wrong on its own. */
static bool options_differ (const struct cmd *c)
{
    for (int i = 0; i < c->nvalues; i++)
        if (c->values[i].value && strchr (c->values[i].value, '{'))
            return true;
    return false;
}

static int run (struct cmd *c)
{
    static char braces[] = "{}";
    flux_error_t error = {0};
    struct inputs in = {0};

    if (cmd_has (c, "define"))
        return cmd_fail (c, "--define: methods in Python are not supported; there are {0.%%}, "
                            "{0./}, {0.//}, {0./%%}");
    if (inputs_parse (&in, c->argc, c->argv, cmd_str (c, "sep", "\\n"), &error) < 0)
        return cmd_fail (c, "%s", error.text);
    c->argc = in.ncommand;
    if (c->argc == 0) {
        c->argv[0] = braces;
        c->argc = 1;
    }
    int count = inputs_count (&in);
    if (count == 0)
        return cmd_fail (c, "there are no inputs, hence no jobs");
    int *order = make_order (c, count), rc = 0;
    if (cmd_has (c, "dry-run"))
        for_all (c, &in, NULL, COUNT, order);
    else {
        if (count > 1 && options_differ (c))
            for_all (c, &in, NULL, CHECK, order);
        struct bulk *b = bulk_create (c, count);
        for_all (c, &in, b, SUBMIT, order);
        rc = bulk_finish (b);
    }
    free (order);
    inputs_clear (&in);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.help = "Inputs"},
    {.name = "shuffle", .help = "Submit in random order"},
    {.name = "sep",
     .arg = "STRING",
     .help = "What separates inputs that are read (a newline); none: white space"},
    {.name = "define", .arg = "NAME=CODE", .help = "Not supported", .flags = CMD_OPT_HIDDEN},
    {0},
};

const struct cmd_verb cmd_verb_bulksubmit = {
    .name = "bulksubmit",
    .args = "COMMAND [ARG...] [::: INPUT...]",
    .summary = "Submit a job for each of many inputs",
    .text = "{} or {0}, {1}... in the command and in options stand for an input, {0.%} for it "
            "without extension, {0./} for its basename, {0.//} for its folder, {0./%} for its "
            "basename without extension, {seq} for the job's number, {cc} for its id of --cc. "
            "Inputs follow ::: (each list is combined with each), :::+ (taken along with those "
            "before), or are read from the file after ::::, by default from standard input.",
    .opts = {submit_common_opts, submit_task_opts, submit_io_opts, bulk_opts, opts},
    .flags = CMD_VERB_USAGE_2 | CMD_VERB_STOP,
    .run = run,
};
