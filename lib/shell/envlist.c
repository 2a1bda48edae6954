/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonscan.h"
#include "lib/shell/envlist.h"

#define ENVLIST_ROOM 32 // for what the shell adds itself

static bool grow (struct envlist *env, size_t more)
{
    if (env->n + more + 1 <= env->size)
        return true;
    size_t size = env->n + more + ENVLIST_ROOM;
    char **v = realloc (env->v, size * sizeof (*v));
    if (!v)
        return false;
    env->v = v;
    env->size = size;
    env->v[env->n] = NULL;
    return true;
}

static char *make_entry (const char *name, const char *value)
{
    size_t n = strlen (name), len = strlen (value);
    char *s = malloc (n + len + 2);

    if (s) {
        memcpy (s, name, n);
        s[n] = '=';
        memcpy (s + n + 1, value, len + 1);
    }
    return s;
}

static ssize_t find (const struct envlist *env, const char *name)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < env->n; i++)
        if (*env->v[i] == *name && !strncmp (env->v[i], name, len) && env->v[i][len] == '=')
            return i;
    return -1;
}

static void append (struct envlist *env, char *entry)
{
    env->v[env->n++] = entry;
    env->v[env->n] = NULL;
}

int envlist_init (struct envlist *env, json_t *o)
{
    const char *name;
    json_t *value;

    *env = (struct envlist){0};
    if (!grow (env, json_object_size (o)))
        return -1;
    json_object_foreach (o, name, value)
    {
        char *entry;
        if (!json_is_string (value) || *name == '\0' || strchr (name, '='))
            continue;
        if (!(entry = make_entry (name, json_string_value (value)))) {
            envlist_clear (env);
            errno = ENOMEM;
            return -1;
        }
        append (env, entry);
    }
    return 0;
}

void envlist_clear (struct envlist *env)
{
    for (size_t i = 0; i < env->n; i++)
        free (env->v[i]);
    free (env->v);
    *env = (struct envlist){0};
}

const char *envlist_get (const struct envlist *env, const char *name)
{
    ssize_t i = find (env, name);
    return i < 0 ? NULL : strchr (env->v[i], '=') + 1;
}

/* Takes over the entry, NULL of which is one that there was no memory for. */
static int put (struct envlist *env, const char *name, char *entry)
{
    ssize_t i = find (env, name);

    if (!entry || !grow (env, 1)) {
        free (entry);
        errno = ENOMEM;
        return -1;
    }
    if (i < 0)
        append (env, entry);
    else {
        free (env->v[i]);
        env->v[i] = entry;
    }
    return 0;
}

int envlist_set (struct envlist *env, const char *name, const char *value)
{
    return put (env, name, make_entry (name, value));
}

/* Over the string that comes next, and what it stands for, with a NUL, into b. */
static bool take_string (struct jsonspan *s, struct buf *b)
{
    jsonscan_blank (s);
    struct jsonspan string = *s;

    buf_reset (b);
    if (!jsonscan_string (s))
        return false;
    string.end = s->p;
    return jsonscan_decode (string, b) && buf_putc (b, '\0') == 0;
}

int envlist_init_text (struct envlist *env, const char *text)
{
    struct jsonspan s = {text, text + strlen (text)};
    struct buf name = {0}, value = {0};
    int rc = 0;

    *env = (struct envlist){0};
    if (!grow (env, 0) || !jsonscan_eat (&s, '{'))
        return -1;
    while (rc == 0 && take_string (&s, &name) && jsonscan_eat (&s, ':')) {
        if (!jsonscan_word (&s, "null"))
            rc = take_string (&s, &value) ? envlist_set (env, name.data, value.data) : -1;
        if (!jsonscan_eat (&s, ','))
            break;
    }
    buf_clear (&name);
    buf_clear (&value);
    return rc;
}

int envlist_setf (struct envlist *env, const char *name, const char *fmt, ...)
{
    char *value;
    va_list ap;

    va_start (ap, fmt);
    int n = vasprintf (&value, fmt, ap);
    va_end (ap);
    if (n < 0)
        return -1;
    int rc = envlist_set (env, name, value);
    free (value);
    return rc;
}

void envlist_unset (struct envlist *env, const char *name)
{
    ssize_t i = find (env, name);

    if (i >= 0) {
        free (env->v[i]);
        env->v[i] = env->v[--env->n];
        env->v[env->n] = NULL;
    }
}
