/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux uri: the URI of an instance that is named in another way. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/client.h"
#include "shell/cmd/broker_find.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

/* Cut TARGET?QUERY in two; "" when there is no query. */
static const char *take_query (char *target)
{
    char *mark = strrchr (target, '?');

    if (!mark)
        return "";
    *mark = '\0';
    return mark + 1;
}

/* Is this one of the words of a query, which are separated by `&'? */
static bool has_word (const char *query, const char *word)
{
    size_t len = strlen (word);

    for (const char *p = query; *p; p += *p == '&') {
        size_t n = strcspn (p, "&");
        if (n == len && strncmp (p, word, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static int run (struct cmd *c)
{
    flux_error_t error = {0};
    struct timespec ts = {.tv_nsec = 100 * 1000 * 1000};
    char *uri, *out, *target;

    if (c->argc != 1)
        return cmd_fail (c, "one job id or URI is needed");
    if (!(target = strdup (c->argv[0])))
        return cmd_fail (c, "out of memory");
    const char *query = take_query (target);
    bool wait = cmd_has (c, "wait") || has_word (query, "wait");
    while (!(uri = uri_resolve (target, &error)) && wait &&
           (strstr (error.text, "is not running") || strstr (error.text, "is no instance")))
        nanosleep (&ts, NULL);
    if (uri && strncmp (uri, "slurm:", 6) == 0) {
        char *found = broker_find_slurm_remote (uri + 6, &error);
        free (uri);
        uri = found;
    }
    if (!uri)
        return cmd_fail (c, "%s: %s", target, error.text);
    if (cmd_has (c, "remote") || has_word (query, "remote"))
        out = uri_remote (uri);
    else if (cmd_has (c, "local") || has_word (query, "local") || getenv ("FLUX_URI_RESOLVE_LOCAL"))
        out = uri_local (uri);
    else
        out = strdup (uri);
    printf ("%s\n", out ? out : "");
    free (uri);
    free (out);
    free (target);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "remote", .help = "As other hosts reach it"},
    {.name = "local", .help = "As this host reaches it"},
    {.name = "wait", .help = "Wait until the job is an instance"},
    {0},
};

const struct cmd_verb cmd_verb_uri = {
    .name = "uri",
    .args = "TARGET",
    .summary = "Find the URI of an instance",
    .text = "TARGET is a job id, a path of job ids (f1/f2), which may begin with `/' for the "
            "outermost instance or with `..' for the parent; pid:PID, slurm:JOBID[.STEP], or a "
            "URI. It may end in ?local, ?remote or ?wait.",
    .opts = {opts},
    .run = run,
};
