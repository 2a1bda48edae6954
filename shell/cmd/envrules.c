/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/envrules.h"

#define ENV_FILE_MAX (4 << 20)
#define ENV_DEPTH_MAX 8

struct envrules {
    char **vars;
    size_t count, size;
    json_t *templates;
    int depth; // of files that name files
};

static int add (struct envrules *e, char *var)
{
    if (!var)
        return -1;
    if (e->count + 2 > e->size) {
        size_t size = e->size ? 2 * e->size : 128;
        char **new = realloc (e->vars, size * sizeof (char *));
        if (!new) {
            free (var);
            return -1;
        }
        e->vars = new;
        e->size = size;
    }
    e->vars[e->count++] = var;
    e->vars[e->count] = NULL;
    return 0;
}

struct envrules *envrules_create (void)
{
    struct envrules *e = calloc (1, sizeof (*e));

    if (!e || !(e->templates = json_object ()))
        goto error;
    for (char **p = environ; p && *p; p++)
        if (strchr (*p, '=') && add (e, strdup (*p)) < 0)
            goto error;
    if (!e->vars && !(e->vars = calloc (1, sizeof (char *))))
        goto error;
    return e;
error:
    envrules_destroy (e);
    return NULL;
}

void envrules_destroy (struct envrules *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->count; i++)
        free (e->vars[i]);
    free (e->vars);
    json_decref (e->templates);
    free (e);
}

char *const *envrules_environ (const struct envrules *e)
{
    return e->vars;
}

json_t *envrules_templates (const struct envrules *e)
{
    return e->templates;
}

static char **find (struct envrules *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->count; i++)
        if (strncmp (e->vars[i], name, len) == 0 && e->vars[i][len] == '=')
            return &e->vars[i];
    return NULL;
}

/* A pattern made ready: a glob, or after '/' a regular expression that matches from the start. */
struct pattern {
    const char *glob;
    regex_t regex;
    bool is_regex;
};

static int pattern_init (struct pattern *p, const char *text, flux_error_t *errp)
{
    char *s;
    int rc;

    *p = (struct pattern){.glob = text};
    if (*text != '/')
        return 0;
    size_t len = strlen (text + 1);
    while (len > 0 && text[len] == '/')
        len--;
    if (asprintf (&s, "^(%.*s)", (int)len, text + 1) < 0)
        return -1;
    rc = regcomp (&p->regex, s, REG_EXTENDED | REG_NOSUB);
    free (s);
    if (rc != 0) {
        errno = EINVAL;
        return errprintf (errp, "%s: not a regular expression", text);
    }
    p->is_regex = true;
    return 0;
}

static void pattern_clear (struct pattern *p)
{
    if (p->is_regex)
        regfree (&p->regex);
}

static bool pattern_match (const struct pattern *p, const char *var)
{
    char name[512];

    snprintf (name, sizeof (name), "%.*s", (int)strcspn (var, "="), var);
    if (p->is_regex)
        return regexec (&p->regex, name, 0, NULL, 0) == 0;
    return fnmatch (p->glob, name, 0) == 0;
}

static int remove_matching (struct envrules *e, const char *text, flux_error_t *errp)
{
    struct pattern p;
    size_t kept = 0;

    if (pattern_init (&p, text, errp) < 0)
        return -1;
    for (size_t i = 0; i < e->count; i++) {
        if (pattern_match (&p, e->vars[i]))
            free (e->vars[i]);
        else
            e->vars[kept++] = e->vars[i];
    }
    e->count = kept;
    e->vars[kept] = NULL;
    pattern_clear (&p);
    return 0;
}

static int bring_back (struct envrules *e, const char *text, flux_error_t *errp)
{
    struct pattern p;
    int rc = 0;

    if (pattern_init (&p, text, errp) < 0)
        return -1;
    for (char **v = environ; v && *v && rc == 0; v++)
        if (strchr (*v, '=') && pattern_match (&p, *v) && !find (e, *v, strcspn (*v, "=")))
            rc = add (e, strdup (*v));
    pattern_clear (&p);
    return rc;
}

static const char *value_of (struct envrules *e, const char *name, size_t len)
{
    char **var = find (e, name, len), key[512];

    if (var)
        return *var + len + 1;
    snprintf (key, sizeof (key), "%.*s", (int)len, name);
    return getenv (key);
}

/* One $NAME, ${NAME} or $$. Returns what follows, or NULL. */
static const char *expand_one (struct envrules *e, const char *p, struct buf *b, const char *rule,
                               flux_error_t *errp)
{
    bool brace = p[1] == '{';
    const char *name = p + 1 + brace, *value;
    size_t len = 0;

    if (p[1] == '$') {
        buf_putc (b, '$');
        return p + 2;
    }
    while (isalnum ((unsigned char)name[len]) || name[len] == '_')
        len++;
    errno = EINVAL;
    if (len == 0 || isdigit ((unsigned char)*name) || (brace && name[len] != '}')) {
        errprintf (errp, "cannot substitute in %s", rule);
        return NULL;
    }
    if (!(value = value_of (e, name, len))) {
        errprintf (errp, "variable %.*s not found in %s", (int)len, name, rule);
        return NULL;
    }
    buf_puts (b, value);
    return name + len + brace;
}

static int set_var (struct envrules *e, const char *rule, flux_error_t *errp)
{
    size_t len = strcspn (rule, "=");
    const char *p = rule + len + 1;
    struct buf b = {0};
    char **old;

    if (strstr (p, "{{")) {
        char *name = strndup (rule, len);
        int rc = name ? json_object_set_new (e->templates, name, json_string (p)) : -1;
        free (name);
        if (rc < 0)
            errprintf (errp, "--env=%s: not text in UTF-8", rule);
        return rc;
    }
    buf_append (&b, rule, len + 1);
    while (*p) {
        if (*p != '$')
            buf_putc (&b, *p++);
        else if (!(p = expand_one (e, p, &b, rule, errp))) {
            buf_clear (&b);
            return -1;
        }
    }
    char *var = buf_steal (&b, NULL);
    if (!var || !(old = find (e, var, len)))
        return add (e, var);
    free (*old);
    *old = var;
    return 0;
}

static int read_file (struct envrules *e, const char *path, flux_error_t *errp)
{
    char *text, *full = NULL, *save = NULL;
    const char *home = getenv ("HOME");
    int rc = 0;

    if (strncmp (path, "~/", 2) == 0 && home && asprintf (&full, "%s%s", home, path + 1) < 0)
        return -1;
    if (e->depth >= ENV_DEPTH_MAX) {
        free (full);
        errno = ELOOP;
        return errprintf (errp, "%s: too many files that name files", path);
    }
    if (file_read_all (full ? full : path, ENV_FILE_MAX, &text) < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        free (full);
        return -1;
    }
    e->depth++;
    for (char *line = strtok_r (text, "\n", &save); line && rc == 0;
         line = strtok_r (NULL, "\n", &save)) {
        line += strspn (line, " \t\r");
        for (size_t n = strlen (line); n > 0 && strchr (" \t\r", line[n - 1]); n--)
            line[n - 1] = '\0';
        if (*line)
            rc = envrules_apply (e, line, errp);
    }
    e->depth--;
    free (text);
    free (full);
    return rc;
}

int envrules_apply (struct envrules *e, const char *rule, flux_error_t *errp)
{
    if (*rule == '-')
        return remove_matching (e, rule + 1, errp);
    if (*rule == '^')
        return read_file (e, rule + 1, errp);
    if (strchr (rule, '='))
        return set_var (e, rule, errp);
    return bring_back (e, rule, errp);
}

/* By default not all limits travel: some say more of the node than of the job. */
static const struct limit {
    const char *name;
    int resource;
    bool travels;
} limits[] = {
    {"as", RLIMIT_AS, true},
    {"core", RLIMIT_CORE, true},
    {"cpu", RLIMIT_CPU, true},
    {"data", RLIMIT_DATA, true},
    {"fsize", RLIMIT_FSIZE, true},
    {"memlock", RLIMIT_MEMLOCK, false},
    {"msgqueue", RLIMIT_MSGQUEUE, false},
    {"nice", RLIMIT_NICE, false},
    {"nofile", RLIMIT_NOFILE, true},
    {"nproc", RLIMIT_NPROC, true},
    {"ofile", RLIMIT_NOFILE, false},
    {"rss", RLIMIT_RSS, true},
    {"rtprio", RLIMIT_RTPRIO, false},
    {"rttime", RLIMIT_RTTIME, false},
    {"sigpending", RLIMIT_SIGPENDING, false},
    {"stack", RLIMIT_STACK, true},
};

#define NLIMITS (sizeof (limits) / sizeof (limits[0]))

static void set_limit (json_t *o, const struct limit *l)
{
    struct rlimit r;

    if (getrlimit (l->resource, &r) == 0)
        json_object_set_new (
            o, l->name, json_integer (r.rlim_cur == RLIM_INFINITY ? -1 : (json_int_t)r.rlim_cur));
}

static int set_limit_value (json_t *o, const char *rule, size_t len, flux_error_t *errp)
{
    const char *value = rule + len + 1;
    char *end;
    long long n = strtoll (value, &end, 10);
    bool unlimited = strcmp (value, "unlimited") == 0 || strcmp (value, "infinity") == 0 ||
                     strcmp (value, "inf") == 0;

    errno = EINVAL;
    for (size_t i = 0; i < NLIMITS; i++) {
        if (strlen (limits[i].name) != len || strncasecmp (limits[i].name, rule, len) != 0)
            continue;
        if (!unlimited && (end == value || *end))
            return errprintf (errp, "%s: not a number or `unlimited'", rule);
        return json_object_set_new (o, limits[i].name, json_integer (unlimited ? -1 : n));
    }
    return errprintf (errp, "%.*s: no such limit", (int)len, rule);
}

static int rlimit_rule (json_t *o, char *rule, flux_error_t *errp)
{
    bool remove = *rule == '-', found = false;
    char *name = rule + remove;

    if (!remove && strchr (rule, '='))
        return set_limit_value (o, rule, strcspn (rule, "="), errp);
    for (size_t i = 0; i < NLIMITS; i++) {
        if (fnmatch (name, limits[i].name, FNM_CASEFOLD) != 0)
            continue;
        found = true;
        if (remove)
            json_object_del (o, limits[i].name);
        else
            set_limit (o, &limits[i]);
    }
    if (!found && !remove) {
        errno = EINVAL;
        return errprintf (errp, "%s: no such limit", name);
    }
    return 0;
}

json_t *rlimit_rules (const char *const *rules, int nrules, flux_error_t *errp)
{
    json_t *o = json_object ();
    int rc = 0;

    for (size_t i = 0; i < NLIMITS; i++)
        if (limits[i].travels)
            set_limit (o, &limits[i]);
    for (int i = 0; i < nrules && rc == 0; i++) {
        char *copy = strdup (rules[i]), *save = NULL;
        for (char *s = strtok_r (copy, ",", &save); s && rc == 0; s = strtok_r (NULL, ",", &save))
            rc = rlimit_rule (o, s, errp);
        free (copy);
    }
    if (rc < 0) {
        json_decref (o);
        return NULL;
    }
    return o;
}
