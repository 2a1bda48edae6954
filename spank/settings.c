/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Parse what the plugin is told; whatever it doesn't know is an error. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "spank/settings.h"

#define MAX_TIMEOUT 3600
#define MAX_ATTRS_LEN 65536 // an environment variable holds them

struct settings *settings_create (void)
{
    struct settings *set = calloc (1, sizeof (*set));

    if (!set || !(set->flux_dir = strdup (FLUX_LIBEXECDIR))) {
        free (set);
        return NULL;
    }
    set->timeout = 60;
    return set;
}

void settings_destroy (struct settings *set)
{
    if (!set)
        return;
    free (set->flux_dir);
    free (set->munge_socket);
    buf_clear (&set->attrs);
    free (set);
}

static int set_text (char **to, const char *arg, const char *value, flux_error_t *errp)
{
    char *copy;

    errno = EINVAL;
    if (value[0] != '/')
        return errprintf (errp, "argument '%s': not an absolute path", arg);
    if (!(copy = strdup (value)))
        return errprintf (errp, "out of memory");
    free (*to);
    *to = copy;
    return 0;
}

static int parse_number (const char *s, unsigned long max, unsigned long *np)
{
    char *end;

    errno = 0;
    if (!isdigit ((unsigned char)s[0]) || (*np = strtoul (s, &end, 10), *end) || errno ||
        *np > max) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

static int set_timeout (struct settings *set, const char *arg, const char *value,
                        flux_error_t *errp)
{
    unsigned long n;

    if (parse_number (value, MAX_TIMEOUT, &n) < 0 || n == 0) {
        errno = EINVAL;
        return errprintf (errp, "argument '%s': not from 1 to %d seconds", arg, MAX_TIMEOUT);
    }
    set->timeout = n;
    return 0;
}

static int set_ports (struct settings *set, const char *arg, const char *value, flux_error_t *errp)
{
    unsigned low, high;
    char end;

    if (sscanf (value, "%5u-%5u%c", &low, &high, &end) != 2 || low == 0 || low > high ||
        high > UINT16_MAX) {
        errno = EINVAL;
        return errprintf (errp, "argument '%s': not of the form ports=LOW-HIGH", arg);
    }
    set->port_low = low;
    set->port_high = high;
    return 0;
}

static int set_default (struct settings *set, const char *arg, const char *value,
                        flux_error_t *errp)
{
    if (strcmp (value, "on") == 0)
        set->default_on = true;
    else if (strcmp (value, "off") == 0)
        set->default_on = false;
    else {
        errno = EINVAL;
        return errprintf (errp, "argument '%s': default is on or off", arg);
    }
    return 0;
}

int settings_argument (struct settings *set, const char *arg, flux_error_t *errp)
{
    const char *value = strchr (arg, '=');
    size_t n = value ? (size_t)(value++ - arg) : strlen (arg);

    if (!value)
        ;
    else if (n == 4 && strncmp (arg, "flux", n) == 0)
        return set_text (&set->flux_dir, arg, value, errp);
    else if (n == 7 && strncmp (arg, "default", n) == 0)
        return set_default (set, arg, value, errp);
    else if (n == 7 && strncmp (arg, "timeout", n) == 0)
        return set_timeout (set, arg, value, errp);
    else if (n == 5 && strncmp (arg, "ports", n) == 0)
        return set_ports (set, arg, value, errp);
    else if (n == 12 && strncmp (arg, "munge_socket", n) == 0)
        return set_text (&set->munge_socket, arg, value, errp);
    errno = EINVAL;
    return errprintf (errp, "unknown argument '%s' in plugstack.conf", arg);
}

int settings_mode (struct settings *set, const char *value, flux_error_t *errp)
{
    static const struct {
        const char *name;
        enum flux_mode mode;
    } known[] = {{"on", MODE_ON}, {"off", MODE_OFF}, {"tasks", MODE_TASKS}};

    /* What was no value in sbatch comes as "(null)" to the sruns of the job (22.05). */
    if (!value || !*value || strcmp (value, "(null)") == 0) {
        set->mode = MODE_ON;
        return 0;
    }
    for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++) {
        if (strcmp (value, known[i].name) == 0) {
            set->mode = known[i].mode;
            return 0;
        }
    }
    if (strcmp (value, "wrap") == 0) {
        set->mode = MODE_ON;
        return settings_attr (set, "broker.wrap", "1", errp);
    }
    if (strncmp (value, "state=", 6) == 0) {
        set->mode = MODE_ON;
        return settings_statedir (set, value + 6, errp);
    }
    errno = EINVAL;
    return errprintf (errp, "--flux=%s: on, off, tasks, wrap or state=DIR is known", value);
}

int settings_statedir (struct settings *set, const char *dir, flux_error_t *errp)
{
    if (*dir != '/') {
        errno = EINVAL;
        return errprintf (errp, "state folder '%s': not an absolute path", dir);
    }
    return settings_attr (set, "statedir", dir, errp);
}

/* Cut the line of this name out of the lines. */
static void remove_attr (struct buf *b, const char *name, size_t n)
{
    for (char *line = b->data; line && *line;) {
        char *end = strchr (line, '\n') + 1;

        if (strncmp (line, name, n) != 0 || line[n] != '=') {
            line = end;
            continue;
        }
        memmove (line, end, strlen (end) + 1);
        b->len -= end - line;
    }
}

int settings_attr (struct settings *set, const char *name, const char *value, flux_error_t *errp)
{
    errno = EINVAL;
    if (!*name || strpbrk (name, "=\n \t") || strchr (value, '\n'))
        return errprintf (errp, "attribute '%s': not a name and a value of one line", name);
    remove_attr (&set->attrs, name, strlen (name));
    if (set->attrs.len + strlen (name) + strlen (value) + 2 > MAX_ATTRS_LEN)
        return errprintf (errp, "attribute '%s': all of them are longer than %d bytes", name,
                          MAX_ATTRS_LEN);
    if (buf_printf (&set->attrs, "%s=%s\n", name, value) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

uint32_t settings_quorum (const struct settings *set, uint32_t size)
{
    static const char name[] = "broker.quorum=";
    const char *line = set->attrs.len ? set->attrs.data : "";
    unsigned long n = 0;

    for (; *line; line = strchr (line, '\n') + 1) {
        if (strncmp (line, name, strlen (name)) == 0)
            n = strtoul (line + strlen (name), NULL, 10); // the broker refuses what is no number
    }
    return n < size ? (uint32_t)n : 0;
}

int settings_attr_pair (struct settings *set, const char *pair, flux_error_t *errp)
{
    const char *eq = strchr (pair, '=');
    char *name;
    int rc;

    if (!eq) {
        errno = EINVAL;
        return errprintf (errp, "--flux-attr=%s: not of the form NAME=VALUE", pair);
    }
    if (!(name = strndup (pair, eq - pair)))
        return errprintf (errp, "out of memory");
    rc = settings_attr (set, name, eq + 1, errp);
    free (name);
    return rc;
}

int settings_attr_lines (struct settings *set, const char *lines, flux_error_t *errp)
{
    char *copy = strdup (lines);
    char *save = NULL;
    int rc = copy ? 0 : -1;

    for (char *l = copy ? strtok_r (copy, "\n", &save) : NULL; l && rc == 0;
         l = strtok_r (NULL, "\n", &save))
        rc = settings_attr_pair (set, l, errp);
    free (copy);
    return rc;
}
