/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Lines of RFC 5424 form, as the broker's log takes them:
 *
 *   <PRI>1 2026-01-02T03:04:05.678901Z HOST APP PROCID - - text
 *
 * PRI is the level times 8, where RFC 5424 has facility * 8 + level: what flux-core writes and
 * reads (its facility is 0 in effect), so that the logs of both can be read by both. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <flux/attr.h>
#include <flux/flog.h>
#include <flux/request.h>

#include "lib/util/buf.h"

struct log {
    char appname[49];
    char procid[129];
    char hostname[256];
    flux_log_f redirect;
    void *redirect_arg;
};

static const char *const levels[] = {"emerg",   "alert",  "crit", "err",
                                     "warning", "notice", "info", "debug"};

static struct log *log_get (flux_t *h)
{
    struct log *l = flux_aux_get (h, "flux::log");

    if (l)
        return l;
    if (!(l = calloc (1, sizeof (*l))))
        return NULL;
    snprintf (l->procid, sizeof (l->procid), "%d", (int)getpid ());
    snprintf (l->appname, sizeof (l->appname), "%s", program_invocation_short_name);
    if (flux_aux_set (h, "flux::log", l, free) < 0) {
        free (l);
        return NULL;
    }
    return l;
}

void flux_log_set_appname (flux_t *h, const char *s)
{
    struct log *l = log_get (h);

    if (l)
        snprintf (l->appname, sizeof (l->appname), "%s", s ? s : "-");
}

void flux_log_set_procid (flux_t *h, const char *s)
{
    struct log *l = log_get (h);

    if (l)
        snprintf (l->procid, sizeof (l->procid), "%s", s ? s : "-");
}

void flux_log_set_hostname (flux_t *h, const char *s)
{
    struct log *l = log_get (h);

    if (l)
        snprintf (l->hostname, sizeof (l->hostname), "%s", s ? s : "");
}

void flux_log_set_redirect (flux_t *h, flux_log_f fun, void *arg)
{
    struct log *l = log_get (h);

    if (l) {
        l->redirect = fun;
        l->redirect_arg = arg;
    }
}

const char *flux_strerror (int errnum)
{
    return strerror (errnum);
}

static int send_line (flux_t *h, const struct log *l, const struct buf *line)
{
    if (l->redirect) {
        l->redirect (line->data, line->len, l->redirect_arg);
        return 0;
    }
    flux_msg_t *msg = flux_request_encode_raw ("log.append", line->data, line->len);
    if (!msg)
        return -1;
    flux_msg_set_noresponse (msg);
    if (flux_send_new (h, &msg, 0) < 0) {
        flux_msg_destroy (msg);
        return -1;
    }
    return 0;
}

static void put_header (struct buf *b, const struct log *l, int level)
{
    struct timeval tv;
    struct tm tm;
    char stamp[32];

    gettimeofday (&tv, NULL);
    gmtime_r (&tv.tv_sec, &tm);
    strftime (stamp, sizeof (stamp), "%Y-%m-%dT%T", &tm);
    buf_printf (b, "<%d>1 %s.%06ldZ %s %s %s - - ", (level & LOG_PRIMASK) << 3, stamp,
                (long)tv.tv_usec, l->hostname[0] ? l->hostname : "-", l->appname, l->procid);
}

static int send_lines (flux_t *h, const struct log *l, int level, const char *text)
{
    struct buf b = {0};
    int rc = 0;

    do {
        size_t len = strcspn (text, "\r\n");
        buf_reset (&b);
        put_header (&b, l, level);
        buf_append (&b, text, len);
        rc = b.err ? -1 : send_line (h, l, &b);
        text += len;
        text += strspn (text, "\r\n");
    } while (rc == 0 && *text);
    buf_clear (&b);
    return rc;
}

int flux_vlog (flux_t *h, int level, const char *fmt, va_list ap)
{
    int saved_errno = errno;
    char *text;
    int rc = -1;

    if (vasprintf (&text, fmt, ap) < 0)
        return -1;
    if (!h) {
        rc = fprintf (stderr, "%s: %s\n", levels[level & LOG_PRIMASK], text) < 0 ? -1 : 0;
    } else {
        struct log *l = log_get (h);
        uint32_t rank;
        if (l && !l->hostname[0] && flux_get_rank (h, &rank) == 0)
            snprintf (l->hostname, sizeof (l->hostname), "%u", rank);
        if (l)
            rc = send_lines (h, l, level, text);
    }
    free (text);
    if (rc == 0)
        errno = saved_errno;
    return rc;
}

int flux_log (flux_t *h, int level, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_vlog (h, level, fmt, ap);
    va_end (ap);
    return rc;
}

void flux_log_verror (flux_t *h, const char *fmt, va_list ap)
{
    int saved_errno = errno;
    char *text;

    if (vasprintf (&text, fmt, ap) >= 0) {
        (void)flux_log (h, LOG_ERR, "%s: %s", text, flux_strerror (saved_errno));
        free (text);
    }
    errno = saved_errno;
}

void flux_log_error (flux_t *h, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    flux_log_verror (h, fmt, ap);
    va_end (ap);
}

void flux_llog (void *arg, const char *file, int line, const char *func, const char *subsys,
                int level, const char *fmt, va_list ap)
{
    (void)flux_vlog (arg, level, fmt, ap);
}
