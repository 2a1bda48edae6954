/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspecs out of the options of verbs that submit jobs. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/envrules.h"
#include "shell/cmd/submit_maker.h"

char *submit_value (const struct cmd *c, const char *name, const struct subst *s,
                    flux_error_t *errp, bool *failed)
{
    const char *text = cmd_str (c, name, NULL);
    flux_error_t error;
    char *out;

    if (!text)
        return NULL;
    if (!s)
        return strdup (text);
    if (!(out = subst_expand (s, text, &error))) {
        errprintf (errp, "--%s: %s", name, error.text);
        *failed = true;
    }
    return out;
}

int maker_bad (struct maker *m, const char *fmt, ...)
{
    char text[sizeof (m->errp->text)];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    m->failed = true;
    errno = EINVAL;
    return errprintf (m->errp, "%s", text);
}

/* A string option; freed with the maker. */
const char *maker_str (struct maker *m, const char *name)
{
    char *s = submit_value (m->c, name, m->s, m->errp, &m->failed);

    if (s && m->nowned < (int)(sizeof (m->owned) / sizeof (m->owned[0])))
        m->owned[m->nowned++] = s;
    return s;
}

int maker_count (struct maker *m, const char *name, int min)
{
    char *s = submit_value (m->c, name, m->s, m->errp, &m->failed), *end;
    long n = 0;

    if (s) {
        errno = 0;
        n = strtol (s, &end, 10);
        if (errno || end == s || *end || n < min || n > INT_MAX)
            maker_bad (m, "--%s=%s: not a number of at least %d", name, s, min);
    }
    free (s);
    return n;
}

static void parse_time_limit (struct maker *m)
{
    const char *s = maker_str (m, "time-limit");
    char *end;

    if (!s)
        return;
    m->req.duration = 60 * strtod (s, &end); // a bare number is minutes
    if (end == s || *end) {
        if (fsd_parse_duration (s, &m->req.duration) < 0)
            maker_bad (m, "--time-limit=%s: not a duration", s);
    }
    if (m->req.duration < 0)
        maker_bad (m, "--time-limit=%s: is negative", s);
}

static int parse_urgency (struct maker *m)
{
    char *s = submit_value (m->c, "urgency", m->s, m->errp, &m->failed);
    int urgency = cmd_urgency (s ? s : "default");

    if (urgency < 0)
        maker_bad (m, "--urgency=%s: not 0 to 31, default, hold or expedite", s);
    free (s);
    return urgency;
}

static int add_flags (const char *s, bool may_be_signed, int *flags, flux_error_t *errp)
{
    static const struct {
        const char *name;
        int flag;
    } names[] = {{"debug", FLUX_JOB_DEBUG},
                 {"waitable", FLUX_JOB_WAITABLE},
                 {"novalidate", FLUX_JOB_NOVALIDATE},
                 {"signed", FLUX_JOB_PRE_SIGNED}};
    size_t count = may_be_signed ? 4 : 3;

    while (*s) {
        size_t len = strcspn (s, ","), i;
        for (i = 0; i < count; i++)
            if (strlen (names[i].name) == len && strncmp (names[i].name, s, len) == 0)
                break;
        if (i == count)
            return errprintf (errp, "--flags: unknown flag %.*s", (int)len, s);
        *flags |= names[i].flag;
        s += len + (s[len] == ',');
    }
    return 0;
}

int submit_flags (const struct cmd *c, const struct subst *s, bool may_be_signed,
                  flux_error_t *errp)
{
    const char *value;
    int iter = 0, flags = 0, rc = 0;

    while (rc == 0 && (value = cmd_next (c, "flags", &iter))) {
        flux_error_t error = {0};
        char *text = s ? subst_expand (s, value, &error) : strdup (value);
        rc = text ? add_flags (text, may_be_signed, &flags, errp)
                  : errprintf (errp, "--flags=%s: %s", value, error.text);
        free (text);
    }
    return rc < 0 ? -1 : flags;
}

/* The three options share one order, as each rule works on what the former have left. */
static void make_environment (struct maker *m)
{
    if (!(m->env = envrules_create ())) {
        maker_bad (m, "out of memory");
        return;
    }
    for (int i = 0; i < m->c->nvalues && !m->failed; i++) {
        const char *name = m->c->values[i].opt->name, *value = m->c->values[i].value;
        flux_error_t error = {0};
        char *rule = NULL, *text;

        if (strncmp (name, "env", 3) != 0)
            continue;
        if (!(text = m->s ? subst_expand (m->s, value, &error) : strdup (value))) {
            maker_bad (m, "--%s=%s: %s", name, value, error.text);
            return;
        }
        const char *mark = strcmp (name, "env-remove") == 0 ? "-"
                           : strcmp (name, "env-file") == 0 ? "^"
                                                            : "";
        if (asprintf (&rule, "%s%s", mark, text) < 0 || envrules_apply (m->env, rule, &error) < 0)
            maker_bad (m, "--%s: %s", name, *error.text ? error.text : strerror (errno));
        free (text);
        free (rule);
    }
    m->req.environ = envrules_environ (m->env);
}

/* {"resources":[...]}, or the array alone. */
static void read_resources (struct maker *m, const char *path)
{
    json_error_t error;
    json_t *list;

    if (!(m->resources = json_load_file (path, 0, &error))) {
        maker_bad (m, "--resources-json=%s: %s", path, error.text);
        return;
    }
    if ((list = json_object_get (m->resources, "resources"))) {
        json_incref (list);
        json_decref (m->resources);
        m->resources = list;
    }
    if (!json_is_array (m->resources))
        maker_bad (m, "--resources-json=%s: it has no resources", path);
    m->req.resources = m->resources;
}

static void make_shape (struct maker *m)
{
    const char *path = cmd_str (m->c, "resources-json", NULL);

    m->req.shape = maker_str (m, cmd_has (m->c, "shape") ? "shape" : "resources-shape");
    if (path)
        read_resources (m, path);
    if (path && m->req.shape)
        maker_bad (m, "--resources-shape and --resources-json do not go together");
}

void maker_request (struct maker *m, char *const *argv, int argc)
{
    if (!(m->argv = calloc (argc + 1, sizeof (char *))))
        maker_bad (m, "out of memory");
    for (int i = 0; i < argc && !m->failed; i++) {
        flux_error_t error;
        m->argv[i] = m->s ? subst_expand (m->s, argv[i], &error) : strdup (argv[i]);
        if (!m->argv[i])
            maker_bad (m, "%s: %s", argv[i], error.text);
    }
    m->req.argc = argc;
    m->req.argv = m->argv;
    m->req.flux = program_invocation_short_name; // a site may have given it a prefix
    m->req.nnodes = maker_count (m, "nodes", 1);
    m->req.exclusive = cmd_has (m->c, "exclusive");
    make_shape (m);
    m->req.name = maker_str (m, "job-name");
    m->req.queue = maker_str (m, "queue");
    m->req.bank = maker_str (m, "bank");
    m->req.cwd = maker_str (m, "cwd");
    if (!m->req.cwd && (m->req.cwd = get_current_dir_name ()))
        m->owned[m->nowned++] = (char *)m->req.cwd;
    parse_time_limit (m);
    make_environment (m);
}

int maker_finish (struct maker *m, struct submit_spec *spec)
{
    spec->urgency = m->failed ? -1 : parse_urgency (m);
    spec->flags = m->failed ? -1 : submit_flags (m->c, m->s, false, m->errp);
    m->failed |= spec->flags < 0;
    if (!m->failed && cmd_has (m->c, "debug"))
        spec->flags |= FLUX_JOB_DEBUG;
    for (int i = 0; i < m->nowned; i++)
        free (m->owned[i]);
    for (int i = 0; m->argv && i < m->req.argc; i++)
        free (m->argv[i]);
    free (m->argv);
    envrules_destroy (m->env);
    json_decref (m->resources);
    if (m->failed) {
        json_decref (m->spec);
        m->spec = NULL;
    }
    spec->jobspec = m->spec;
    return m->failed ? -1 : 0;
}

int submit_spec_tasks (struct submit_spec *spec, const struct cmd *c, const struct subst *s,
                       flux_error_t *errp)
{
    struct maker m = {.c = c, .s = s, .errp = errp};

    if (c->argc == 0)
        return errprintf (errp, "the command to run is missing");
    maker_request (&m, c->argv, c->argc);
    m.req.ntasks = maker_count (&m, "ntasks", 1);
    m.req.cores_per_task = maker_count (&m, "cores-per-task", 1);
    m.req.gpus_per_task = maker_count (&m, "gpus-per-task", 0);
    m.req.ncores = maker_count (&m, "cores", 1);
    m.req.tasks_per_node = maker_count (&m, "tasks-per-node", 1);
    m.req.tasks_per_core = maker_count (&m, "tasks-per-core", 1);
    m.req.gpus_per_node = maker_count (&m, "gpus-per-node", 0);
    if (!m.failed && !(m.spec = jobspec_build (&m.req, errp)))
        m.failed = true;
    if (!m.failed) {
        maker_apply_taskmap (&m);
        maker_apply_common (&m, true);
    }
    return maker_finish (&m, spec);
}

void submit_spec_clear (struct submit_spec *spec)
{
    json_decref (spec->jobspec);
    spec->jobspec = NULL;
    free (spec->text);
    spec->text = NULL;
}
