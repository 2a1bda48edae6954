/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux hostlist: lists of hosts (RFC 29) of the instance, of jobs, or as written; combined, sorted,
 * counted, expanded. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "shell/cmd/rstates.h"
#include "shell/cmd/verbs.h"

struct tool {
    struct cmd *c;
    flux_t *h; // opened when it is needed
};

static flux_t *handle (struct tool *t)
{
    if (!t->h)
        t->h = cmd_open (t->c);
    return t->h;
}

static struct hostlist *decode (struct tool *t, const char *s)
{
    struct hostlist *hl = hostlist_decode (s);

    if (!hl)
        cmd_die (t->c, "%s: neither a job id nor a hostlist", s);
    return hl;
}

static struct hostlist *of_instance (struct tool *t)
{
    const char *s = flux_attr_get (handle (t), "hostlist");

    if (!s)
        cmd_die (t->c, "hostlist: %s", strerror (errno));
    return decode (t, s);
}

static struct hostlist *of_job (struct tool *t, const char *text, flux_jobid_t id)
{
    flux_error_t error;
    json_t *in = cmd_pack (t->c, "{s:I s:[s]}", "id", id, "attrs", "nodelist");
    json_t *out = cmd_rpc_try (handle (t), "job-list.list-id", FLUX_NODEID_ANY, in, &error);

    if (!out && errno == ENOENT && cmd_has (t->c, "fallback"))
        return decode (t, text);
    if (!out)
        cmd_die (t->c, "job %s: %s", text, errno == ENOENT ? "not found" : error.text);
    const char *s = json_string_value (json_object_get (json_object_get (out, "job"), "nodelist"));
    struct hostlist *hl = decode (t, s ? s : "");
    json_decref (out);
    return hl;
}

static struct hostlist *of_local (struct tool *t)
{
    const char *job = getenv ("FLUX_JOB_ID");

    return job ? of_job (t, job, cmd_jobid (t->c, job)) : of_instance (t);
}

/* Hosts of the instance that are up and not drained. */
static struct hostlist *available (struct tool *t)
{
    json_t *o = cmd_rpc (t->c, handle (t), "resource.status", 0, NULL, NULL), *value;
    struct rv1 *rs = rstates_R (json_object_get (o, "R"));
    struct idset *ranks = rs ? rv1_ranks (rs) : NULL;
    static const char *const without[] = {"offline", "exclude", "torpid"};
    struct hostlist *local = of_local (t), *out = hostlist_create ();
    const char *key;

    for (size_t i = 0; ranks && i < 3; i++) {
        const char *s = json_string_value (json_object_get (o, without[i]));
        if (s && *s)
            idset_decode_subtract (ranks, s, -1, NULL);
    }
    json_object_foreach (json_object_get (o, "drain"), key, value)
        idset_decode_subtract (ranks, key, -1, NULL);
    for (size_t i = 0; rs && i < rs->nnodes; i++)
        if (idset_test (ranks, rs->node[i].rank) && *rs->node[i].host &&
            hostlist_find (local, rs->node[i].host) >= 0)
            hostlist_append (out, rs->node[i].host);
    hostlist_destroy (local);
    idset_destroy (ranks);
    rv1_destroy (rs);
    json_decref (o);
    return out;
}

static struct hostlist *of_stdin (struct tool *t)
{
    struct hostlist *hl = hostlist_create ();
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    while ((n = getline (&line, &size, stdin)) > 0) {
        line[strcspn (line, "\n")] = '\0';
        if (*line && hostlist_append (hl, line) < 0)
            cmd_die (t->c, "standard input: %s: not a hostlist", line);
    }
    free (line);
    return hl;
}

static struct hostlist *resolve (struct tool *t, const char *s)
{
    flux_jobid_t id;

    if (strcmp (s, "instance") == 0)
        return of_instance (t);
    if (strcmp (s, "local") == 0)
        return of_local (t);
    if (strcmp (s, "stdin") == 0 || strcmp (s, "-") == 0)
        return of_stdin (t);
    if (strcmp (s, "avail") == 0 || strcmp (s, "available") == 0)
        return available (t);
    if (flux_job_id_parse (s, &id) == 0)
        return of_job (t, s, id);
    return decode (t, s);
}

/* Hosts of a that are (or are not) in b. */
static struct hostlist *filter (struct hostlist *a, struct hostlist *b, bool in)
{
    struct hostlist *out = hostlist_create ();
    int count = hostlist_count (a);

    for (int i = 0; i < count; i++) {
        const char *host = hostlist_nth (a, i);
        if ((hostlist_find (b, host) >= 0) == in)
            hostlist_append (out, host);
    }
    return out;
}

static struct hostlist *combine (struct tool *t, struct hostlist *a, struct hostlist *b)
{
    struct hostlist *out, *rest;

    if (cmd_has (t->c, "intersect")) {
        out = filter (a, b, true);
        hostlist_uniq (out);
    } else if (cmd_has (t->c, "minus"))
        out = filter (a, b, false);
    else if (cmd_has (t->c, "xor")) {
        out = filter (a, b, false);
        rest = filter (b, a, false);
        hostlist_append_list (out, rest);
        hostlist_destroy (rest);
        hostlist_uniq (out);
    } else {
        hostlist_append_list (a, b);
        return a;
    }
    hostlist_destroy (a);
    return out;
}

/* Keep hosts by index; from the end when `back`. */
static struct hostlist *pick (struct cmd *c, struct hostlist *hl, const char *text, bool keep)
{
    bool back = *text == '-';
    struct idset *ids = idset_decode (text + back);
    struct hostlist *out = hostlist_create ();
    int count = hostlist_count (hl);

    if (!ids)
        cmd_die (c, "%s: not an idset", text);
    if (keep && !idset_empty (ids) && (int)idset_last (ids) >= count + (back ? 1 : 0))
        cmd_die (c, "%s: there are only %d hosts", text, count);
    for (int i = 0; i < count; i++)
        if (idset_test (ids, back ? count - i : i) == keep)
            hostlist_append (out, hostlist_nth (hl, i));
    idset_destroy (ids);
    hostlist_destroy (hl);
    return out;
}

static struct hostlist *exclude (struct cmd *c, struct hostlist *hl)
{
    const char *text = cmd_str (c, "exclude", NULL);
    struct hostlist *out, *not ;

    if (!text)
        return hl;
    not = hostlist_decode (text);
    out = not ? filter (hl, not, false) : NULL;
    hostlist_destroy (not );
    if (out && hostlist_count (out) < hostlist_count (hl)) {
        hostlist_destroy (hl);
        return out;
    }
    hostlist_destroy (out);
    struct idset *ids = idset_decode (text);
    if (!ids)
        return hl;
    idset_destroy (ids);
    return pick (c, hl, text, false);
}

static struct hostlist *limit (struct hostlist *hl, long n)
{
    struct hostlist *out = hostlist_create ();
    int count = hostlist_count (hl);
    int first = n < 0 && count + n > 0 ? (int)(count + n) : 0;
    int last = n > 0 && n < count ? (int)n : count;

    for (int i = first; i < last; i++)
        hostlist_append (out, hostlist_nth (hl, i));
    hostlist_destroy (hl);
    return out;
}

/* Indices of hosts; each must be there. */
static int find (struct cmd *c, struct hostlist *hl, const char *text)
{
    struct hostlist *want = hostlist_decode (text);
    int count = want ? hostlist_count (want) : 0;
    const char *delim = cmd_str (c, "delimiter", " ");

    if (!want)
        return cmd_fail (c, "--find=%s: not a hostlist", text);
    for (int i = 0; i < count; i++) {
        char host[256];
        snprintf (host, sizeof (host), "%s", hostlist_nth (want, i));
        int at = hostlist_find (hl, host);
        if (at < 0)
            return cmd_fail (c, "Host %s not found in hostlist", host);
        if (!cmd_has (c, "quiet"))
            printf ("%s%d", i ? delim : "", at);
    }
    if (!cmd_has (c, "quiet"))
        printf ("\n");
    hostlist_destroy (want);
    return 0;
}

static int print (struct cmd *c, struct hostlist *hl)
{
    const char *delim = cmd_str (c, "delimiter", " ");
    int count = hostlist_count (hl);

    if (cmd_has (c, "quiet"))
        return count > 0 ? 0 : 1;
    if (strcmp (delim, "\\n") == 0)
        delim = "\n";
    if (cmd_has (c, "count"))
        printf ("%d\n", count);
    else if (cmd_has (c, "expand")) {
        for (int i = 0; i < count; i++)
            printf ("%s%s", i ? delim : "", hostlist_nth (hl, i));
        if (count > 0)
            printf ("\n");
    } else {
        char *s = hostlist_encode (hl);
        printf ("%s\n", s ? s : "");
        free (s);
    }
    return 0;
}

static int run (struct cmd *c)
{
    struct tool t = {.c = c};
    char *dflt[] = {(char *)(cmd_has (c, "local") ? "local" : "stdin")};
    char **sources = c->argc > 0 ? c->argv : dflt;
    struct hostlist *hl = resolve (&t, sources[0]);
    long n = cmd_int (c, "limit", 0, -(1 << 30), 1 << 30);
    int rc;

    for (int i = 1; i < c->argc; i++) {
        struct hostlist *next = resolve (&t, sources[i]);
        hl = combine (&t, hl, next);
        hostlist_destroy (next);
    }
    hl = exclude (c, hl);
    if (cmd_has (c, "sort"))
        hostlist_sort (hl);
    if (cmd_has (c, "union") || cmd_has (c, "unique"))
        hostlist_uniq (hl);
    if (n != 0)
        hl = limit (hl, n);
    if (cmd_has (c, "nth"))
        hl = pick (c, hl, cmd_str (c, "nth", ""), true);
    if (cmd_has (c, "find"))
        rc = find (c, hl, cmd_str (c, "find", ""));
    else
        rc = print (c, hl);
    hostlist_destroy (hl);
    flux_close (t.h);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.key = 'e', .name = "expand", .help = "Print each host"},
    {.key = 'd', .name = "delimiter", .arg = "S", .help = "What stands between them (a blank)"},
    {.key = 'c', .name = "count", .help = "Print how many hosts there are"},
    {.key = 'n', .name = "nth", .arg = "[-]IDS", .help = "Only hosts at these places"},
    {.key = 'F', .name = "find", .arg = "HOSTS", .help = "Print the places of these hosts"},
    {.key = 'L', .name = "limit", .arg = "N", .help = "Only the first N hosts, or last -N"},
    {.key = 'S', .name = "sort", .help = "Sort"},
    {.key = 'x', .name = "exclude", .arg = "IDS|HOSTS", .help = "Leave these hosts out"},
    {.key = 'u', .name = "union", .help = "Each host once"},
    {.name = "unique", .help = "The same", .flags = CMD_OPT_HIDDEN},
    {.key = 'i', .name = "intersect", .help = "Hosts that are in all lists"},
    {.key = 'm', .name = "minus", .help = "Hosts of the first list that are in no other"},
    {.key = 'X', .name = "xor", .help = "Hosts that are in one list only"},
    {.key = 'f', .name = "fallback", .help = "Take ids of unknown jobs for host names"},
    {.key = 'l', .name = "local", .help = "Without SOURCES, the hosts of this job or instance"},
    {.key = 'q', .name = "quiet", .help = "Print nothing, exit with 1 when there are no hosts"},
    {0},
};

const struct cmd_verb cmd_verb_hostlist = {
    .name = "hostlist",
    .args = "[SOURCES...]",
    .summary = "Combine, sort, count and expand lists of hosts",
    .text = "SOURCES are hostlists, job ids, `instance', `local' (this job's hosts, else the "
            "instance's), `avail', or `stdin', which is the default.",
    .opts = {opts},
    .run = run,
};
