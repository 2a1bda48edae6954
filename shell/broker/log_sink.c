/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
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

/* Attributes have levels only, see attr.c. */
static int level_of (const struct attrs *attrs, const char *name)
{
    return atoi (attr_get (attrs, name));
}

static int parse_mode (struct log_sink *sink, flux_error_t *errp)
{
    const char *mode = attr_get (sink->attrs, "log-stderr-mode");

    if (strcmp (mode, "leader") == 0)
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

    if (!sink) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    *sink = (struct log_sink){.rt = rt, .attrs = attrs, .leader = router_rank (rt) == 0};
    sink->to_syslog = strcmp (attr_get (attrs, "log-syslog-enable"), "0") != 0;
    sink->level = level_of (attrs, "log-level");
    sink->forward = level_of (attrs, "log-forward-level");
    sink->critical = level_of (attrs, "log-critical-level");
    sink->syslog_level = level_of (attrs, "log-syslog-level");
    if (parse_mode (sink, errp) < 0 || open_file (sink, errp) < 0) {
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
    int stderr_level = level_of (sink->attrs, "log-stderr-level");

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
