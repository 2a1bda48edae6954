/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Options that are set in a jobspec once it is built. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <flux/idset.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "shell/cmd/inputs.h"
#include "shell/cmd/client.h"
#include "shell/cmd/envrules.h"
#include "shell/cmd/submit_maker.h"

#define ADD_FILE_MAX (64 << 20)
#define RULES_MAX 256

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

static void set_opt (struct maker *m, const char *key, json_t *value)
{
    if (!m->failed && jobspec_setopt_new (m->spec, key, value) < 0)
        maker_bad (m, "cannot set the shell option %s", key);
}

static void apply_rlimits (struct maker *m)
{
    char *rules[RULES_MAX];
    const char *s;
    int n = 0, iter = 0;
    flux_error_t error = {0};
    json_t *o = NULL;

    while (n < RULES_MAX && (s = cmd_next (m->c, "rlimit", &iter))) {
        if (!(rules[n] = m->s ? subst_expand (m->s, s, &error) : strdup (s)))
            break;
        n++;
    }
    if (*error.text || !(o = rlimit_rules ((const char *const *)rules, n, &error)))
        maker_bad (m, "--rlimit: %s", error.text);
    else if (json_object_size (o) > 0)
        set_opt (m, "rlimit", json_incref (o));
    json_decref (o);
    while (n > 0)
        free (rules[--n]);
}

static void apply_signal (struct maker *m)
{
    const char *s = maker_str (m, "signal");
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

void maker_apply_taskmap (struct maker *m)
{
    const char *s = maker_str (m, "taskmap");

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
/* A value that has lines, or \n for them, is the file itself; else it is read, with its mode. */
static ssize_t file_contents (const char *value, bool named, char **data, int *mode)
{
    struct stat st;

    if (named && strchr (value, '\n'))
        return (*data = strdup (value)) ? (ssize_t)strlen (value) : -1;
    if (stat (value, &st) == 0)
        *mode = st.st_mode & 07777;
    else if (named && strstr (value, "\\n"))
        return (*data = malloc (strlen (value) + 1))
                   ? (ssize_t)inputs_unescape (value, *data, strlen (value))
                   : -1;
    return file_read_all (value, ADD_FILE_MAX, data);
}

static int add_file (struct maker *m, const char *value, flux_error_t *errp)
{
    const char *equal = strchr (value, '='), *path = equal ? equal + 1 : value;
    char *name, *data = NULL, *colon, *end;
    ssize_t len;
    int mode = 0600, given = -1, rc = -1;

    if (equal)
        name = strndup (value, equal - value);
    else
        name = strdup (strrchr (value, '/') ? strrchr (value, '/') + 1 : value);
    if (equal && (colon = strrchr (name, ':'))) {
        long perms = strtol (colon + 1, &end, 8);
        if (end > colon + 1 && *end == '\0') {
            given = perms;
            *colon = '\0';
        }
    }
    len = file_contents (path, equal != NULL, &data, &mode);
    if (len >= 0)
        rc = jobspec_add_file (m->spec, name, data, len, given >= 0 ? given : mode);
    if (rc < 0)
        errprintf (errp, "%s", strerror (errno));
    free (name);
    free (data);
    return rc;
}

static int add_requires (struct maker *m, const char *value, flux_error_t *errp)
{
    return jobspec_add_requires (m->spec, value, errp);
}

/* Whether there is such a policy is known where the job is submitted to. */
static void apply_graph_policy (struct maker *m)
{
    const char *s = maker_str (m, "graph-policy");

    if (s && jobspec_setattr_new (m->spec, "system.graph.policy", json_string (s)) < 0)
        maker_bad (m, "--graph-policy=%s: %s", s, strerror (errno));
}

static void apply_begin_time (struct maker *m)
{
    const char *s = maker_str (m, "begin-time");
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
    const char *path = maker_str (m, option);
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
    each (m, "requires", add_requires);
    apply_graph_policy (m);
    each (m, "setopt", add_setopt);
    each (m, "setattr", add_setattr);
    each (m, "add-file", add_file);
}
