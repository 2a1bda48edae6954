/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/uri_resolve.h"

flux_t *cmd_open_uri (const char *uri, flux_error_t *errp)
{
    char *near = uri ? uri_prefer_local (uri) : NULL;
    flux_t *h = flux_open_ex (near, 0, errp);

    free (near);
    return h;
}

flux_t *cmd_open (const struct cmd *c)
{
    flux_error_t error = {0};
    flux_t *h = cmd_open_uri (NULL, &error);

    if (h)
        return h;
    const char *uri = getenv ("FLUX_URI");
    if (!uri)
        cmd_die (c, "there is no Flux instance here: FLUX_URI is not set");
    cmd_die (c, "%s: %s", uri, *error.text ? error.text : strerror (errno));
}

const char *cmd_why (flux_future_t *f)
{
    int saved_errno = errno;
    const char *s = f ? flux_future_error_string (f) : NULL;

    return s && *s ? s : strerror (saved_errno);
}

flux_jobid_t cmd_jobid (const struct cmd *c, const char *s)
{
    flux_jobid_t id;

    if (flux_job_id_parse (s, &id) < 0)
        cmd_die_usage (c, "%s: not a job id", s);
    return id;
}

const char *cmd_fid (flux_jobid_t id, char *buf, size_t size)
{
    if (flux_job_id_encode (id, "f58", buf, size) < 0)
        snprintf (buf, size, "%llu", (unsigned long long)id);
    return buf;
}

json_t *cmd_rpc_try (flux_t *h, const char *topic, uint32_t nodeid, json_t *in, flux_error_t *errp)
{
    flux_future_t *f =
        in ? flux_rpc_pack (h, topic, nodeid, 0, "o", in) : flux_rpc (h, topic, NULL, nodeid, 0);
    const char *text;
    json_t *out = NULL;
    json_error_t jerror;

    if (!f || flux_rpc_get (f, &text) < 0)
        errprintf (errp, "%s", cmd_why (f));
    else if (!(out = text ? json_loads (text, JSON_DECODE_ANY, &jerror) : json_object ())) {
        errprintf (errp, "%s answered what is not JSON", topic);
        errno = EPROTO;
    }
    flux_future_destroy (f);
    return out;
}

json_t *cmd_rpc (const struct cmd *c, flux_t *h, const char *topic, uint32_t nodeid, json_t *in,
                 const char *what)
{
    flux_error_t error;
    json_t *out = cmd_rpc_try (h, topic, nodeid, in, &error);

    if (!out)
        cmd_die (c, "%s%s%s", what ? what : "", what ? ": " : "", error.text);
    return out;
}

uint32_t cmd_userid (const struct cmd *c, const char *s)
{
    struct passwd *pw;
    char *end;

    if (strcmp (s, "all") == 0)
        return FLUX_USERID_UNKNOWN;
    errno = 0;
    unsigned long n = strtoul (s, &end, 10);
    if (*s >= '0' && *s <= '9' && !*end && !errno && n <= UINT32_MAX)
        return n;
    if (!(pw = getpwnam (s)))
        cmd_die (c, "there is no user %s", s);
    return pw->pw_uid;
}

int cmd_urgency (const char *s)
{
    char *end;

    if (strcasecmp (s, "hold") == 0)
        return FLUX_JOB_URGENCY_HOLD;
    if (strcasecmp (s, "expedite") == 0)
        return FLUX_JOB_URGENCY_EXPEDITE;
    if (strcasecmp (s, "default") == 0)
        return FLUX_JOB_URGENCY_DEFAULT;
    long n = strtol (s, &end, 10);
    if (end == s || *end || n < FLUX_JOB_URGENCY_MIN || n > FLUX_JOB_URGENCY_MAX)
        return -1;
    return n;
}

int cmd_signum (const char *s)
{
    char *end;
    long n = strtol (s, &end, 10);

    if (*s && !*end)
        return n > 0 && n < NSIG ? (int)n : -1;
    if (strncasecmp (s, "SIG", 3) == 0)
        s += 3;
    for (int i = 1; i < NSIG; i++) {
        const char *name = sigabbrev_np (i);
        if (name && strcasecmp (name, s) == 0)
            return i;
    }
    return -1;
}

char *cmd_join (char **words, int n)
{
    struct buf b = {0};

    for (int i = 0; i < n; i++) {
        if (i > 0)
            buf_putc (&b, ' ');
        buf_puts (&b, words[i]);
    }
    return buf_steal (&b, NULL);
}

json_t *cmd_pack (const struct cmd *c, const char *fmt, ...)
{
    json_error_t error;
    va_list ap;

    va_start (ap, fmt);
    json_t *o = json_vpack_ex (&error, 0, fmt, ap);
    va_end (ap);
    if (!o)
        cmd_die (c, "cannot make a request: %s", error.text);
    return o;
}

double cmd_fsd (const struct cmd *c, const char *name, double dflt)
{
    const char *s = cmd_str (c, name, NULL);
    double d;

    if (!s)
        return dflt;
    if (fsd_parse_duration (s, &d) < 0)
        cmd_die (c, "--%s=%s: not a duration", name, s);
    return d;
}
