/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/job/fsd.h"
#include "lib/job/jobspec_build.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/envrules.h"
#include "shell/cmd/submit_maker.h"
#include "shell/cmd/submit_spec.h"

#define ADD_FILE_MAX (64 << 20)
#define RULES_MAX 256

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
static const char *str (struct maker *m, const char *name)
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

/* Call set() for each value of a repeated option. */
static void each (struct maker *m, const char *name,
                  int (*set) (struct maker *m, const char *value, flux_error_t *errp))
{
    const char *text;
    int iter = 0;

    while (!m->failed && (text = cmd_next (m->c, name, &iter))) {
        flux_error_t error = {0};
        char *s = m->s ? subst_expand (m->s, text, &error) : strdup (text);
        if (!s || set (m, s, &error) < 0)
            maker_bad (m, "--%s=%s: %s", name, text, *error.text ? error.text : strerror (errno));
        free (s);
    }
}

static void parse_time_limit (struct maker *m)
{
    const char *s = str (m, "time-limit");
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

static int parse_urgency (const struct cmd *c, flux_error_t *errp)
{
    const char *s = cmd_str (c, "urgency", "default");
    int urgency = cmd_urgency (s);

    if (urgency < 0)
        return errprintf (errp, "--urgency=%s: not 0 to 31, default, hold or expedite", s);
    return urgency;
}

static int parse_flags (const struct cmd *c, flux_error_t *errp)
{
    static const struct {
        const char *name;
        int flag;
    } names[] = {{"debug", FLUX_JOB_DEBUG},
                 {"waitable", FLUX_JOB_WAITABLE},
                 {"novalidate", FLUX_JOB_NOVALIDATE}};
    const char *s;
    int iter = 0, flags = cmd_has (c, "debug") ? FLUX_JOB_DEBUG : 0;

    while ((s = cmd_next (c, "flags", &iter))) {
        while (*s) {
            size_t len = strcspn (s, ","), i;
            for (i = 0; i < 3; i++)
                if (strlen (names[i].name) == len && strncmp (names[i].name, s, len) == 0)
                    break;
            if (i == 3)
                return errprintf (errp, "--flags: unknown flag %.*s", (int)len, s);
            flags |= names[i].flag;
            s += len + (s[len] == ',');
        }
    }
    return flags;
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

static void set_opt (struct maker *m, const char *key, json_t *value)
{
    if (!m->failed && jobspec_setopt_new (m->spec, key, value) < 0)
        maker_bad (m, "cannot set the shell option %s", key);
}

static void apply_rlimits (struct maker *m)
{
    const char *rules[RULES_MAX], *s;
    int n = 0, iter = 0;
    flux_error_t error;

    while ((s = cmd_next (m->c, "rlimit", &iter)) && n < RULES_MAX)
        rules[n++] = s;
    json_t *o = rlimit_rules (rules, n, &error);
    if (!o)
        maker_bad (m, "--rlimit: %s", error.text);
    else if (json_object_size (o) > 0)
        set_opt (m, "rlimit", o);
    else
        json_decref (o);
}

static void apply_signal (struct maker *m)
{
    const char *s = str (m, "signal");
    char name[32];
    double left = 60;
    int signum;

    if (!s)
        return;
    size_t len = strcspn (s, "@");
    snprintf (name, sizeof (name), "%.*s", (int)len, s);
    signum = cmd_signum (*name ? name : "USR1");
    if (signum < 0)
        maker_bad (m, "--signal=%s: %s is not a signal", s, name);
    else if (s[len] == '@' && s[len + 1] && fsd_parse_duration (s + len + 1, &left) < 0)
        maker_bad (m, "--signal=%s: %s is not a duration", s, s + len + 1);
    else
        set_opt (m, "signal", json_pack ("{s:i s:f}", "signum", signum, "timeleft", left));
}

static void apply_taskmap (struct maker *m)
{
    const char *s = str (m, "taskmap");

    if (!s)
        return;
    size_t len = strcspn (s, ":");
    if (len == 0)
        maker_bad (m, "--taskmap=%s: not SCHEME[:VALUE]", s);
    else
        set_opt (
            m, "taskmap",
            json_pack ("{s:s# s:s}", "scheme", s, (int)len, "value", s[len] ? s + len + 1 : ""));
}

static int add_dependency (struct maker *m, const char *value, flux_error_t *errp)
{
    return jobspec_add_dependency (m->spec, value, errp);
}

static int add_setopt (struct maker *m, const char *value, flux_error_t *errp)
{
    return jobspec_setopt_arg (m->spec, value, errp);
}

/* ^ATTR=FILE takes the value out of a file. */
static int add_setattr (struct maker *m, const char *value, flux_error_t *errp)
{
    const char *equal = strchr (value, '=');
    json_error_t jerror;
    json_t *o;

    if (*value != '^')
        return jobspec_setattr_arg (m->spec, value, errp);
    if (!equal)
        return errprintf (errp, "not ^ATTR=FILE");
    if (!(o = json_load_file (equal + 1, JSON_DECODE_ANY, &jerror)))
        return errprintf (errp, "%s: %s", equal + 1, jerror.text);
    char *key = strndup (value + 1, equal - value - 1);
    int rc = jobspec_setattr_new (m->spec, key, o);
    free (key);
    return rc;
}

/* "name:0700=path", "path"; data with a newline in it is the content itself. */
static int add_file (struct maker *m, const char *value, flux_error_t *errp)
{
    const char *equal = strchr (value, '='), *path = equal ? equal + 1 : value;
    char *name, *data = NULL, *colon, *end;
    ssize_t len;
    int mode = 0600, rc = -1;

    if (equal)
        name = strndup (value, equal - value);
    else
        name = strdup (strrchr (value, '/') ? strrchr (value, '/') + 1 : value);
    if (equal && (colon = strrchr (name, ':'))) {
        long perms = strtol (colon + 1, &end, 8);
        if (end > colon + 1 && *end == '\0') {
            mode = perms;
            *colon = '\0';
        }
    }
    if (equal && strchr (path, '\n')) {
        data = strdup (path);
        len = strlen (path);
    } else
        len = file_read_all (path, ADD_FILE_MAX, &data);
    if (len >= 0)
        rc = jobspec_add_file (m->spec, name, data, len, mode);
    if (rc < 0)
        errprintf (errp, "%s", strerror (errno));
    free (name);
    free (data);
    return rc;
}

static void apply_requires (struct maker *m)
{
    const char *s;
    flux_error_t error;
    int iter = 0;

    while (!m->failed && (s = cmd_next (m->c, "requires", &iter)))
        if (jobspec_add_requires (m->spec, s, &error) < 0)
            maker_bad (m, "--requires='%s': %s", s, error.text);
}

/* Whether there is such a policy is known where the job is submitted to. */
static void apply_graph_policy (struct maker *m)
{
    const char *s = str (m, "graph-policy");

    if (s && jobspec_setattr_new (m->spec, "system.graph.policy", json_string (s)) < 0)
        maker_bad (m, "--graph-policy=%s: %s", s, strerror (errno));
}

static void apply_begin_time (struct maker *m)
{
    const char *s = str (m, "begin-time");
    char uri[64];
    double t;

    if (!s)
        return;
    if (cmd_datetime (s, walltime_now (), &t) < 0) {
        maker_bad (m, "--begin-time=%s: not a date or time", s);
        return;
    }
    snprintf (uri, sizeof (uri), "begin-time:%.6f", t);
    if (jobspec_add_dependency (m->spec, uri, m->errp) < 0)
        m->failed = true;
}

static void apply_stream (struct maker *m, const char *option, const char *stream)
{
    const char *path = str (m, option);
    char key[64];

    if (!path || strcmp (path, "none") == 0 || strcmp (path, "kvs") == 0 || m->failed)
        return;
    if (jobspec_set_io (m->spec, stream, path) < 0)
        maker_bad (m, "--%s=%s: %s", option, path, strerror (errno));
    if (strcmp (stream, "stdin") != 0 && cmd_has (m->c, "label-io")) {
        snprintf (key, sizeof (key), "output.%s.label", stream);
        set_opt (m, key, json_true ());
    }
}

static void apply_io (struct maker *m, bool has_io)
{
    const char *input = has_io ? cmd_str (m->c, "input", NULL) : NULL;
    struct idset *ranks = input ? idset_decode (input) : NULL;

    if (has_io && !ranks) // an idset says which tasks get the terminal's input
        apply_stream (m, "input", "stdin");
    idset_destroy (ranks);
    if (has_io) {
        apply_stream (m, "output", "stdout");
        apply_stream (m, "error", "stderr");
    }
    if (cmd_has (m->c, "unbuffered")) {
        set_opt (m, "output.stdout.buffer.type", json_string ("none"));
        set_opt (m, "output.stderr.buffer.type", json_string ("none"));
    }
}

void maker_apply_common (struct maker *m, bool has_io)
{
    json_t *templates = envrules_templates (m->env);

    apply_io (m, has_io);
    if (json_object_size (templates) > 0)
        set_opt (m, "env-expand", json_incref (templates));
    apply_rlimits (m);
    apply_signal (m);
    each (m, "dependency", add_dependency);
    apply_begin_time (m);
    apply_requires (m);
    apply_graph_policy (m);
    each (m, "setopt", add_setopt);
    each (m, "setattr", add_setattr);
    each (m, "add-file", add_file);
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

    m->req.shape = str (m, cmd_has (m->c, "shape") ? "shape" : "resources-shape");
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
    m->req.name = str (m, "job-name");
    m->req.queue = str (m, "queue");
    m->req.bank = str (m, "bank");
    m->req.cwd = str (m, "cwd");
    if (!m->req.cwd && (m->req.cwd = get_current_dir_name ()))
        m->owned[m->nowned++] = (char *)m->req.cwd;
    parse_time_limit (m);
    make_environment (m);
}

int maker_finish (struct maker *m, struct submit_spec *spec)
{
    spec->urgency = m->failed ? -1 : parse_urgency (m->c, m->errp);
    spec->flags = m->failed ? -1 : parse_flags (m->c, m->errp);
    m->failed |= spec->urgency < 0 || spec->flags < 0;
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
        apply_taskmap (&m);
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
