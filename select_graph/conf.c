/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Reads graph.conf. */

#include "select_graph/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/graph/policy.h"
#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"

static int bad (flux_error_t *errp, const char *why)
{
    errno = EINVAL;
    return errprintf (errp, "%s", why);
}

static int set_text (char **where, const char *value)
{
    char *copy = strdup (value);

    if (!copy)
        return -1;
    free (*where);
    *where = copy;
    return 0;
}

/* ---- Values ---- */

static int set_policy (char **where, const char *value, flux_error_t *errp)
{
    struct policy *policy = policy_create (value, errp);

    if (!policy)
        return -1;
    policy_destroy (policy);
    return set_text (where, value);
}

static int set_flag (bool *where, const char *value, const char *yes, const char *no,
                     flux_error_t *errp)
{
    errno = EINVAL;
    if (strcasecmp (value, yes) != 0 && strcasecmp (value, no) != 0)
        return errprintf (errp, "%s: %s or %s is expected", value, yes, no);
    *where = strcasecmp (value, yes) == 0;
    return 0;
}

static int set_number (uint32_t *where, const char *value, uint32_t least, uint32_t most,
                       flux_error_t *errp)
{
    char *end;
    unsigned long n = strtoul (value, &end, 10);

    errno = EINVAL;
    if (!isdigit ((unsigned char)*value) || *end || n < least || n > most)
        return errprintf (errp, "%s: a number from %u to %u is expected", value, least, most);
    *where = n;
    return 0;
}

static int set_horizon (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    double seconds;

    if (fsd_parse_duration (value, &seconds) < 0 || !(seconds >= 1) || seconds > CONF_MAX_HORIZON)
        return bad (errp, "a duration from 1s to 366d is expected");
    conf->horizon = (int64_t)seconds;
    return 0;
}

static int add_constrain (struct graph_conf *conf, const char *text, size_t len, flux_error_t *errp)
{
    struct conf_constrain *c = &conf->constrain[conf->nconstrain];
    const char *colon = memchr (text, ':', len);
    size_t n = colon ? (size_t)(colon - text) : 0;

    if (!colon || n == 0 || n + 1 == len)
        return bad (errp, "SUBSYSTEM:PROPERTY is expected");
    if (n >= sizeof (c->subsystem) || len - n - 1 >= sizeof (c->property))
        return bad (errp, "too long");
    if (conf->nconstrain == CONF_MAX_CONSTRAIN)
        return bad (errp, "too many");
    *c = (struct conf_constrain){.subsystem = ""};
    memcpy (c->subsystem, text, n);
    memcpy (c->property, colon + 1, len - n - 1);
    conf->nconstrain++;
    return 0;
}

static int set_constrain (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    while (*value) {
        size_t len = strcspn (value, ",");

        if (add_constrain (conf, value, len, errp) < 0)
            return -1;
        value += len;
        value += *value == ',';
    }
    return 0;
}

static int set_prune (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    for (const char *s = value; *s; s += strspn (s, ", ")) {
        size_t len = strcspn (s, ", ");
        const char *colon = memchr (s, ':', len);

        if (!colon || colon == s || colon + 1 == s + len)
            return bad (errp, "pairs like ALL:core are expected");
        s += len;
    }
    return set_text (&conf->prune, value);
}

static int set_graph (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    if (*value != '/')
        return bad (errp, "an absolute path is expected");
    return set_text (&conf->graph, value);
}

static int set_alloc (struct graph_conf *conf, const char *value, flux_error_t *errp)
{
    static const char *const names[] = {"asked", "all", "none"};

    for (int i = CONF_ALLOC_ASKED; i <= CONF_ALLOC_NONE; i++) {
        if (strcasecmp (value, names[i]) == 0) {
            conf->alloc = i;
            return 0;
        }
    }
    return bad (errp, "asked, all or none is expected");
}

static int set_key (struct graph_conf *conf, const char *key, const char *value, flux_error_t *errp)
{
    if (!*value)
        return bad (errp, "no value");
    if (strcasecmp (key, "Graph") == 0)
        return set_graph (conf, value, errp);
    if (strcasecmp (key, "Policy") == 0)
        return set_policy (&conf->policy, value, errp);
    if (strcasecmp (key, "Prune") == 0)
        return set_prune (conf, value, errp);
    if (strcasecmp (key, "Constrain") == 0)
        return set_constrain (conf, value, errp);
    if (strcasecmp (key, "Horizon") == 0)
        return set_horizon (conf, value, errp);
    if (strcasecmp (key, "Candidates") == 0)
        return set_number (&conf->candidates, value, 1, CONF_MAX_CANDIDATES, errp);
    if (strcasecmp (key, "Alloc") == 0)
        return set_alloc (conf, value, errp);
    if (strcasecmp (key, "AllocSize") == 0)
        return set_number (&conf->alloc_size, value, 0, 128000, errp);
    if (strcasecmp (key, "Cores") == 0)
        return set_flag (&conf->each_core, value, "each", "counted", errp);
    if (strcasecmp (key, "CoreChoice") == 0)
        return set_flag (&conf->graph_cores, value, "graph", "slurm", errp);
    if (strcasecmp (key, "GresChoice") == 0)
        return set_flag (&conf->graph_gres, value, "graph", "slurm", errp);
    if (strcasecmp (key, "Ties") == 0)
        return set_flag (&conf->fluxion_ties, value, "fluxion", "first", errp);
    if (strcasecmp (key, "NodeWeights") == 0)
        return set_flag (&conf->node_weights, value, "yes", "no", errp);
    if (strcasecmp (key, "Comment") == 0)
        return set_flag (&conf->comment, value, "yes", "no", errp);
    return bad (errp, "no such key");
}

/* ---- Lines ---- */

struct pair {
    char *key, *value;
};

/* The next Key=Value of a line; 0: none is left */
static int next_pair (char **line, struct pair *p, flux_error_t *errp)
{
    char *s = *line + strspn (*line, " \t\r\n"), *end;

    if (!*s || *s == '#')
        return 0;
    p->key = s;
    s += strcspn (s, "= \t#\r\n");
    end = s;
    s += strspn (s, " \t");
    if (*s != '=' || end == p->key) {
        *end = '\0';
        errno = EINVAL;
        return errprintf (errp, "%s: Key=Value is expected", p->key);
    }
    *end = '\0';
    s++;
    s += strspn (s, " \t");
    if (*s == '"') {
        p->value = ++s;
        s += strcspn (s, "\"\r\n");
        if (*s != '"') {
            errno = EINVAL;
            return errprintf (errp, "%s: the quotation mark at the end is missing", p->key);
        }
    } else {
        p->value = s;
        s += strcspn (s, " \t#\r\n");
    }
    *line = s;
    if (*s == '#')
        *line = s + strlen (s);
    else if (*s)
        *line = s + 1;
    *s = '\0';
    return 1;
}

static int add_rule (struct conf_rules *rules, const char *name, const char *value,
                     flux_error_t *errp)
{
    struct conf_rule *more;

    if (rules->n == CONF_MAX_RULES)
        return bad (errp, "too many");
    if (!(more = realloc (rules->rule, (rules->n + 1) * sizeof (*more))))
        return errprintf (errp, "out of memory");
    rules->rule = more;
    more[rules->n] = (struct conf_rule){.name = NULL};
    if (set_policy (&more[rules->n].policy, value, errp) < 0)
        return -1;
    rules->n++;
    return set_text (&more[rules->n - 1].name, name);
}

/* PartitionName=A,B Policy=X */
static int read_rule (struct conf_rules *rules, char *names, char *rest, flux_error_t *errp)
{
    struct pair p;
    char *save = NULL;
    int rc = next_pair (&rest, &p, errp);

    if (rc < 0)
        return -1;
    if (rc == 0 || strcasecmp (p.key, "Policy") != 0)
        return bad (errp, "Policy= is expected after it");
    for (char *s = strtok_r (names, ",", &save); s; s = strtok_r (NULL, ",", &save)) {
        flux_error_t why;

        if (add_rule (rules, s, p.value, &why) < 0)
            return errprintf (errp, "Policy: %s", why.text);
    }
    rc = next_pair (&rest, &p, errp);
    return rc > 0 ? bad (errp, "nothing is expected after Policy=") : rc;
}

/* errp: without the place */
static int read_line (struct graph_conf *conf, char *line, flux_error_t *errp)
{
    struct pair p;
    flux_error_t why;
    int rc, more;

    while ((more = next_pair (&line, &p, errp)) > 0) {
        bool part = strcasecmp (p.key, "PartitionName") == 0;

        if (part || strcasecmp (p.key, "QOS") == 0) {
            rc = read_rule (part ? &conf->partitions : &conf->qos, p.value, line, &why);
            line += strlen (line);
        } else
            rc = set_key (conf, p.key, p.value, &why);
        if (rc < 0)
            return errprintf (errp, "%s: %s", p.key, why.text);
        if (part || strcasecmp (p.key, "QOS") == 0)
            return 0;
    }
    return more;
}

static int read_lines (struct graph_conf *conf, FILE *f, const char *path, flux_error_t *errp)
{
    char line[CONF_MAX_LINE];
    flux_error_t why;

    for (int n = 1; fgets (line, sizeof (line), f); n++) {
        int rc = !strchr (line, '\n') && !feof (f) ? bad (&why, "line too long")
                                                   : read_line (conf, line, &why);
        if (rc < 0) {
            errno = EINVAL;
            return errprintf (errp, "%s: line %d: %s", path, n, why.text);
        }
    }
    return 0;
}

int graph_conf_read (struct graph_conf *conf, const char *path, flux_error_t *errp)
{
    FILE *f = fopen (path, "re");
    int rc;

    if (!f)
        return errprintf (errp, "%s: %s", path, strerror (errno));
    *conf = (struct graph_conf){.horizon = 7 * 24 * 3600,
                                .candidates = 3,
                                .alloc_size = 65536,
                                .node_weights = true,
                                .comment = true};
    rc = set_text (&conf->policy, "low");
    if (rc == 0)
        rc = read_lines (conf, f, path, errp);
    fclose (f);
    if (rc < 0)
        graph_conf_clear (conf);
    return rc;
}

static void clear_rules (struct conf_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free (rules->rule[i].name);
        free (rules->rule[i].policy);
    }
    free (rules->rule);
}

void graph_conf_clear (struct graph_conf *conf)
{
    int saved = errno;

    free (conf->graph);
    free (conf->policy);
    free (conf->prune);
    clear_rules (&conf->partitions);
    clear_rules (&conf->qos);
    memset (conf, 0, sizeof (*conf));
    errno = saved;
}

static const char *find_rule (const struct conf_rules *rules, const char *name)
{
    for (size_t i = 0; name && i < rules->n; i++)
        if (strcmp (rules->rule[i].name, name) == 0)
            return rules->rule[i].policy;
    return NULL;
}

const char *graph_conf_policy (const struct graph_conf *conf, const char *partition,
                               const char *qos)
{
    const char *policy = find_rule (&conf->qos, qos);

    if (!policy)
        policy = find_rule (&conf->partitions, partition);
    return policy ? policy : conf->policy;
}
