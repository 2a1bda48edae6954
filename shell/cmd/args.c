/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Options of a verb: parsing by its tables, and access to what was given. */

#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/cmd.h"

static const struct cmd_opt help_opts[] = {
    {.name = "help", .key = 'h', .help = "Show this text"},
    {0},
};

/* Iterate over all rows that have a name, --help last. *t and *r start at 0. */
static const struct cmd_opt *next_row (const struct cmd_verb *v, int *t, int *r)
{
    while (*t <= CMD_TABLES_MAX) {
        bool own = *t < CMD_TABLES_MAX && v->opts[*t];
        const struct cmd_opt *o = own ? &v->opts[*t][*r] : &help_opts[*r];

        if (o->name || o->help) {
            (*r)++;
            if (o->name)
                return o;
            continue;
        }
        *r = 0;
        *t = own ? *t + 1 : CMD_TABLES_MAX + 1;
    }
    return NULL;
}

static const struct cmd_opt *find_short (const struct cmd_verb *v, char key)
{
    const struct cmd_opt *o;
    int t = 0, r = 0;

    while ((o = next_row (v, &t, &r)))
        if (o->key == key)
            return o;
    return NULL;
}

/* Exact, or the only one that begins so. */
static const struct cmd_opt *find_long (const struct cmd_verb *v, const char *name, size_t len,
                                        bool *ambiguous)
{
    const struct cmd_opt *o, *found = NULL;
    int t = 0, r = 0;

    *ambiguous = false;
    while ((o = next_row (v, &t, &r))) {
        if (strncmp (o->name, name, len) != 0)
            continue;
        if (o->name[len] == '\0') {
            *ambiguous = false;
            return o;
        }
        if (found)
            *ambiguous = true;
        else
            found = o;
    }
    return found;
}

static int bad (char *err, size_t errlen, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (err, errlen, fmt, ap);
    va_end (ap);
    return -1;
}

static int add_value (struct cmd *c, const struct cmd_opt *opt, const char *value)
{
    if ((c->nvalues & (c->nvalues + 1)) == 0) { // 0, 1, 3, 7...: time to double
        struct cmd_value *new =
            realloc (c->values, (2 * c->nvalues + 2) * sizeof (struct cmd_value));
        if (!new)
            return -1;
        c->values = new;
    }
    c->values[c->nvalues++] = (struct cmd_value){.opt = opt, .value = value};
    return 0;
}

/* What may be given several times, may be given how many times: --verbose=2 */
static int add_times (struct cmd *c, const struct cmd_opt *o, const char *value)
{
    if (!(o->flags & CMD_OPT_REPEAT) || value[0] < '0' || value[0] > '9' || value[1] != '\0')
        return -1;
    for (int i = '0'; i < value[0]; i++)
        if (add_value (c, o, NULL) < 0)
            return -1;
    return 0;
}

/* Is the next word the argument of an option that may go without? */
static bool takes_next (const struct cmd_opt *o, const char *word)
{
    static const char *const words[] = {"auto", "always", "never"};

    if (!(o->flags & CMD_OPT_NEXT) || !word)
        return false;
    for (size_t i = 0; i < sizeof (words) / sizeof (words[0]); i++)
        if (strcmp (word, words[i]) == 0)
            return true;
    return *word && strspn (word, "0123456789") == strlen (word);
}

static int parse_long (struct cmd *c, int argc, char **argv, int *i, char *err, size_t errlen)
{
    const char *name = argv[*i] + 2;
    size_t len = strcspn (name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    bool ambiguous;
    const struct cmd_opt *o = find_long (c->verb, name, len, &ambiguous);

    if (!o)
        return bad (err, errlen, "unknown option --%.*s", (int)len, name);
    if (ambiguous)
        return bad (err, errlen, "option --%.*s is ambiguous", (int)len, name);
    if (value && !o->arg) {
        if (add_times (c, o, value) == 0)
            return 0;
        return bad (err, errlen, "option --%s takes no argument", o->name);
    }
    if (!value && o->arg && !(o->flags & CMD_OPT_OPTARG)) {
        if (*i + 1 >= argc)
            return bad (err, errlen, "option --%s needs an argument (%s)", o->name, o->arg);
        value = argv[++*i];
    }
    if (!value && takes_next (o, argv[*i + 1]))
        value = argv[++*i];
    return add_value (c, o, value);
}

static int parse_short (struct cmd *c, int argc, char **argv, int *i, char *err, size_t errlen)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        const struct cmd_opt *o = find_short (c->verb, *p);

        if (!o)
            return bad (err, errlen, "unknown option -%c", *p);
        if (!o->arg) {
            if (add_value (c, o, NULL) < 0)
                return -1;
            continue;
        }
        const char *value = p[1] ? p + 1 : NULL;
        if (!value && !(o->flags & CMD_OPT_OPTARG)) {
            if (*i + 1 >= argc)
                return bad (err, errlen, "option -%c needs an argument (%s)", *p, o->arg);
            value = argv[++*i];
        }
        if (!value && takes_next (o, argv[*i + 1]))
            value = argv[++*i];
        return add_value (c, o, value);
    }
    return 0;
}

int cmd_parse (struct cmd *c, const struct cmd_verb *verb, int argc, char **argv, char *err,
               size_t errlen)
{
    bool only_operands = verb->flags & CMD_VERB_RAW;

    c->verb = verb;
    if (!(c->argv = calloc (argc + 1, sizeof (char *))))
        return bad (err, errlen, "out of memory");
    for (int i = 1; i < argc; i++) {
        const char *s = argv[i];
        if (only_operands || s[0] != '-' || s[1] == '\0') {
            c->argv[c->argc++] = argv[i];
            only_operands |= (verb->flags & CMD_VERB_STOP) != 0;
        } else if (strcmp (s, "--") == 0)
            only_operands = true;
        else if ((s[1] == '-' ? parse_long : parse_short) (c, argc, argv, &i, err, errlen) < 0)
            return -1;
    }
    if (c->argc > 0 && !verb->args)
        return bad (err, errlen, "unexpected argument: %s", c->argv[0]);
    return 0;
}

void cmd_clear (struct cmd *c)
{
    free (c->argv);
    free (c->values);
    c->argv = NULL;
    c->values = NULL;
    c->argc = c->nvalues = 0;
}

static const struct cmd_opt *must_find (const struct cmd *c, const char *name)
{
    const struct cmd_opt *o;
    int t = 0, r = 0;

    while ((o = next_row (c->verb, &t, &r)))
        if (strcmp (o->name, name) == 0)
            return o;
    fprintf (stderr, "%s: bug: option --%s is in no table\n", c->name, name);
    abort ();
}

int cmd_count (const struct cmd *c, const char *name)
{
    const struct cmd_opt *o = must_find (c, name);
    int count = 0;

    for (int i = 0; i < c->nvalues; i++)
        count += c->values[i].opt == o;
    return count;
}

bool cmd_has (const struct cmd *c, const char *name)
{
    return cmd_count (c, name) > 0;
}

const char *cmd_str (const struct cmd *c, const char *name, const char *dflt)
{
    const struct cmd_opt *o = must_find (c, name);
    const char *s;

    for (int i = c->nvalues - 1; i >= 0; i--)
        if (c->values[i].opt == o)
            return c->values[i].value ? c->values[i].value : dflt;
    if (o->env && (s = getenv (o->env)))
        return s;
    return dflt;
}

long cmd_int (const struct cmd *c, const char *name, long dflt, long min, long max)
{
    const char *s = cmd_str (c, name, NULL);
    char *end;

    if (!s)
        return dflt;
    errno = 0;
    long n = strtol (s, &end, 10);
    if (errno || end == s || *end)
        cmd_die_usage (c, "--%s=%s: not a number", name, s);
    if (n < min || n > max)
        cmd_die (c, "--%s=%s: out of range (%ld to %ld)", name, s, min, max);
    return n;
}

const char *cmd_next (const struct cmd *c, const char *name, int *iter)
{
    const struct cmd_opt *o = must_find (c, name);

    while (*iter < c->nvalues) {
        const struct cmd_value *v = &c->values[(*iter)++];
        if (v->opt == o)
            return v->value ? v->value : "";
    }
    return NULL;
}
