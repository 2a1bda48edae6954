/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <flux/rpc.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/log_sink.h"
#include "shell/broker/router.h"

struct log_sink {
    struct router *rt;
    const struct attrs *attrs;
    bool leader;
    bool stderr_local; // each broker writes its own
    bool to_syslog;
    int level, forward, critical, syslog_level;
    FILE *file;
};

/* A severity, or a negative number: nothing. */
static int parse_level (const struct attrs *attrs, const char *name, int def, int *level,
                        flux_error_t *errp)
{
    const char *s = attr_get (attrs, name);
    char *end;

    *level = def;
    if (!s)
        return 0;
    errno = 0;
    long n = strtol (s, &end, 10);
    if (errno || end == s || *end || n < INT_MIN || n > LOG_DEBUG) {
        errno = EINVAL;
        return errprintf (errp, "%s=%s: not a severity of 0 to 7, nor negative for none", name, s);
    }
    *level = (int)n;
    return 0;
}

static int parse_mode (struct log_sink *sink, flux_error_t *errp)
{
    const char *mode = attr_get (sink->attrs, "log-stderr-mode");

    if (!mode || strcmp (mode, "leader") == 0)
        return 0;
    sink->stderr_local = strcmp (mode, "local") == 0;
    if (sink->stderr_local)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "log-stderr-mode=%s: neither leader nor local", mode);
}

static int open_file (struct log_sink *sink, flux_error_t *errp)
{
    const char *path = attr_get (sink->attrs, "log-filename");

    if (!path || !sink->leader)
        return 0;
    if (!(sink->file = fopen (path, "ae")))
        return errprintf (errp, "log-filename=%s: %s", path, strerror (errno));
    setlinebuf (sink->file);
    return 0;
}

struct log_sink *log_sink_create (struct router *rt, const struct attrs *attrs, flux_error_t *errp)
{
    struct log_sink *sink = calloc (1, sizeof (*sink));
    int level;

    if (!sink) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    *sink = (struct log_sink){.rt = rt, .attrs = attrs, .leader = router_rank (rt) == 0};
    const char *s = attr_get (attrs, "log-syslog-enable");
    sink->to_syslog = s && strcmp (s, "0") != 0;
    if (parse_level (attrs, "log-level", LOG_DEBUG, &sink->level, errp) < 0 ||
        parse_level (attrs, "log-forward-level", LOG_ERR, &sink->forward, errp) < 0 ||
        parse_level (attrs, "log-critical-level", LOG_CRIT, &sink->critical, errp) < 0 ||
        parse_level (attrs, "log-syslog-level", LOG_CRIT, &sink->syslog_level, errp) < 0 ||
        parse_level (attrs, "log-stderr-level", LOG_ERR, &level, errp) < 0 ||
        parse_mode (sink, errp) < 0 || open_file (sink, errp) < 0) {
        log_sink_destroy (sink);
        return NULL;
    }
    return sink;
}

void log_sink_destroy (struct log_sink *sink)
{
    if (sink) {
        int saved_errno = errno;
        if (sink->file)
            fclose (sink->file);
        free (sink);
        errno = saved_errno;
    }
}

bool log_sink_keeps (const struct log_sink *sink, int severity)
{
    return severity <= sink->level;
}

/* The text after n blanks. */
static const char *skip_fields (const char *line, int n)
{
    for (int i = 0; i < n && line; i++) {
        line = strchr (line, ' ');
        if (line)
            line++;
    }
    return line ? line : "";
}

static void to_stderr (int severity, const char *line)
{
    static const char *const names[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
    const char *rank = skip_fields (line, 2); // <PRI>1 TIME RANK ...
    const char *text = skip_fields (line, 7);

    fprintf (stderr, "flux-broker: %s[%.*s]: %s%s", names[severity & LOG_PRIMASK],
             *rank ? (int)strcspn (rank, " ") : 1, *rank ? rank : "?", text,
             strchr (line, '\n') ? "" : "\n");
}

void log_sink_put (struct log_sink *sink, int severity, const char *line, size_t len)
{
    int stderr_level;

    (void)parse_level (sink->attrs, "log-stderr-level", LOG_ERR, &stderr_level, NULL);
    if (!sink->leader && severity <= sink->forward)
        router_rpc_raw (sink->rt, "log.append", 0, FLUX_RPC_NORESPONSE, line, len, NULL, NULL);
    if (severity <= sink->critical ||
        ((sink->leader || sink->stderr_local) && severity <= stderr_level))
        to_stderr (severity, line);
    if (sink->file)
        fprintf (sink->file, "%s%s", line, strchr (line, '\n') ? "" : "\n");
    if (sink->to_syslog && severity <= sink->syslog_level)
        syslog (severity, "flux-broker[%u]: %s", (unsigned)router_rank (sink->rt),
                skip_fields (line, 7));
}
