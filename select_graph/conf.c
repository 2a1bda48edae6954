/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Reads graph.conf. */

#include "select_graph/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/graph/policy.h"
#include "lib/util/errprintf.h"

static char *trim (char *s)
{
    char *end;

    while (isspace ((unsigned char)*s))
        s++;
    for (end = s + strlen (s); end > s && isspace ((unsigned char)end[-1]);)
        *--end = '\0';
    return s;
}

static int set_policy (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    struct policy *policy;

    if (strlen (value) >= sizeof (conf->policy)) {
        errno = EINVAL;
        return errprintf (errp, "too long");
    }
    if (!(policy = policy_create (value, errp)))
        return -1;
    policy_destroy (policy);
    strcpy (conf->policy, value);
    return 0;
}

/* errp: without the place */
static int read_line (struct graph_conf *conf, char *line, flux_error_t *errp)
{
    char *key, *value;
    flux_error_t why;

    line[strcspn (line, "#\n")] = '\0';
    key = trim (line);
    if (!*key)
        return 0;
    errno = EINVAL;
    if (!(value = strchr (key, '=')))
        return errprintf (errp, "%s: Key=Value is expected", key);
    *value++ = '\0';
    key = trim (key);
    if (strcasecmp (key, "Policy") != 0)
        return errprintf (errp, "%s: no such key", key);
    if (set_policy (conf, trim (value), &why) < 0)
        return errprintf (errp, "%s: %s", key, why.text);
    return 0;
}

int graph_conf_read (struct graph_conf *conf, const char *path, flux_error_t *errp)
{
    struct graph_conf read = {.policy = "first"};
    FILE *f = fopen (path, "re");
    char line[1024];
    flux_error_t why;
    int n = 0, rc = 0;

    if (!f)
        return errprintf (errp, "%s: %s", path, strerror (errno));
    while (rc == 0 && fgets (line, sizeof (line), f)) {
        n++;
        if (!strchr (line, '\n') && !feof (f)) {
            errno = EINVAL;
            rc = errprintf (&why, "line too long");
        } else
            rc = read_line (&read, line, &why);
    }
    fclose (f);
    if (rc < 0) {
        errno = EINVAL;
        return errprintf (errp, "%s: line %d: %s", path, n, why.text);
    }
    *conf = read;
    return 0;
}
