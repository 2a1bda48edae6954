/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* PMI-1 (RFC 13) lines out, lines in. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/pmi1.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"

struct pmi1 {
    int fd;
    double timeout;
    struct buf in; // what came behind the last line taken
    char *kvsname;
    size_t value_max;
};

char *pmi1_line_value (const char *line, const char *key)
{
    size_t n = strlen (key);

    for (const char *p = line; *p; p += strcspn (p, " "), p += strspn (p, " ")) {
        if (strncmp (p, key, n) != 0 || p[n] != '=')
            continue;
        p += n + 1;
        return strndup (p, strcmp (key, "value") == 0 || strcmp (key, "msg") == 0
                               ? strlen (p)
                               : strcspn (p, " "));
    }
    errno = EPROTO;
    return NULL;
}

/* Read more bytes, or fail when the deadline passed. */
static int fill (struct pmi1 *pmi, double deadline)
{
    char chunk[4096];

    for (;;) {
        struct pollfd pfd = {.fd = pmi->fd, .events = POLLIN};
        double left = deadline - monotime_now ();
        int ready = poll (&pfd, 1, left <= 0 ? 0 : (int)(left * 1000) + 1);
        ssize_t n;

        if (ready == 0 && left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (ready <= 0) {
            if (ready < 0 && errno != EINTR)
                return -1;
            continue;
        }
        n = read (pmi->fd, chunk, sizeof (chunk));
        if (n > 0)
            return buf_append (&pmi->in, chunk, n);
        if (n == 0) {
            errno = ECONNRESET;
            return -1;
        }
        if (errno != EINTR && errno != EAGAIN)
            return -1;
    }
}

/* Take one line without its newline; the caller frees. */
static char *read_line (struct pmi1 *pmi)
{
    double deadline = monotime_now () + pmi->timeout;
    char *nl;
    char *line;

    while (!pmi->in.len || !(nl = memchr (pmi->in.data, '\n', pmi->in.len))) {
        if (pmi->in.len > PMI1_MAX_LINE) {
            errno = EPROTO;
            return NULL;
        }
        if (fill (pmi, deadline) < 0)
            return NULL;
    }
    line = strndup (pmi->in.data, nl - pmi->in.data);
    buf_consume (&pmi->in, nl + 1 - pmi->in.data);
    return line;
}

/* Send a request and take the answer named `want`. The caller frees it. */
static char *ask (struct pmi1 *pmi, const struct buf *request, const char *want, flux_error_t *errp)
{
    char *line = NULL;
    char *cmd = NULL;
    char *rc = NULL;

    if (request->err) {
        errno = request->err;
        errprintf (errp, "PMI: %s", strerror (errno));
        return NULL;
    }
    if (fd_write_all (pmi->fd, request->data, request->len) < 0 || !(line = read_line (pmi))) {
        errprintf (errp, "PMI: %s: %s", want,
                   errno == ETIMEDOUT ? "no answer within the time-out" : strerror (errno));
        return NULL;
    }
    cmd = pmi1_line_value (line, "cmd");
    rc = pmi1_line_value (line, "rc");
    if (!cmd || strcmp (cmd, want) != 0 || (rc && strcmp (rc, "0") != 0)) {
        bool refused = cmd && strcmp (cmd, want) == 0;
        errno = refused ? ENOENT : EPROTO;
        errprintf (errp, "PMI: %s: %s", want, refused ? "the server refused" : "protocol error");
        free (line);
        line = NULL;
    }
    free (cmd);
    free (rc);
    return line;
}

static char *askf (struct pmi1 *pmi, flux_error_t *errp, const char *want, const char *fmt, ...)
    __attribute__ ((format (printf, 4, 5)));
static char *askf (struct pmi1 *pmi, flux_error_t *errp, const char *want, const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;
    char *line;

    va_start (ap, fmt);
    buf_vprintf (&b, fmt, ap);
    va_end (ap);
    line = ask (pmi, &b, want, errp);
    int saved = errno;
    buf_clear (&b);
    errno = saved;
    return line;
}

static size_t limit_of (const char *line, const char *key, size_t otherwise)
{
    char *s = pmi1_line_value (line, key);
    unsigned long n = s ? strtoul (s, NULL, 10) : 0;

    free (s);
    return n > 0 && n < PMI1_MAX_LINE / 2 ? n : otherwise;
}

static int handshake (struct pmi1 *pmi, flux_error_t *errp)
{
    char *line;

    if (!(line = askf (pmi, errp, "response_to_init", "cmd=init pmi_version=1 pmi_subversion=1\n")))
        return -1;
    free (line);
    if (!(line = askf (pmi, errp, "maxes", "cmd=get_maxes\n")))
        return -1;
    /* A value's limit counts its NUL in some servers. */
    pmi->value_max = limit_of (line, "vallen_max", 64) - 1;
    free (line);
    if (!(line = askf (pmi, errp, "my_kvsname", "cmd=get_my_kvsname\n")))
        return -1;
    pmi->kvsname = pmi1_line_value (line, "kvsname");
    free (line);
    return pmi->kvsname ? 0 : errprintf (errp, "PMI: the server names no KVS");
}

struct pmi1 *pmi1_create (int fd, double timeout, flux_error_t *errp)
{
    struct pmi1 *pmi = calloc (1, sizeof (*pmi));

    if (!pmi) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    pmi->fd = fd;
    pmi->timeout = timeout;
    if (fd_set_cloexec (fd) < 0) {
        errprintf (errp, "PMI_FD=%d: %s", fd, strerror (errno));
        pmi->fd = -1;
        pmi1_destroy (pmi);
        return NULL;
    }
    if (handshake (pmi, errp) < 0) {
        pmi1_destroy (pmi);
        return NULL;
    }
    return pmi;
}

void pmi1_destroy (struct pmi1 *pmi)
{
    int saved = errno;

    if (!pmi)
        return;
    if (pmi->fd >= 0)
        close (pmi->fd);
    buf_clear (&pmi->in);
    free (pmi->kvsname);
    free (pmi);
    errno = saved;
}

size_t pmi1_value_max (const struct pmi1 *pmi)
{
    return pmi->value_max;
}

static int done (char *line)
{
    free (line);
    return line ? 0 : -1;
}

int pmi1_put (struct pmi1 *pmi, const char *key, const char *value, flux_error_t *errp)
{
    if (strlen (value) > pmi->value_max || strchr (value, '\n')) {
        errno = EINVAL;
        return errprintf (errp, "PMI: the value of %s is too long for this server", key);
    }
    return done (askf (pmi, errp, "put_result", "cmd=put kvsname=%s key=%s value=%s\n",
                       pmi->kvsname, key, value));
}

int pmi1_barrier (struct pmi1 *pmi, flux_error_t *errp)
{
    return done (askf (pmi, errp, "barrier_out", "cmd=barrier_in\n"));
}

char *pmi1_get (struct pmi1 *pmi, const char *key, flux_error_t *errp)
{
    char *line = askf (pmi, errp, "get_result", "cmd=get kvsname=%s key=%s\n", pmi->kvsname, key);
    char *value = line ? pmi1_line_value (line, "value") : NULL;

    if (line && !value)
        errprintf (errp, "PMI: no value for %s", key);
    free (line);
    return value;
}

void pmi1_abort (struct pmi1 *pmi)
{
    static const char request[] = "cmd=abort exitcode=1\n";

    (void)fd_write_all (pmi->fd, request, sizeof (request) - 1);
}

int pmi1_finalize (struct pmi1 *pmi, flux_error_t *errp)
{
    return done (askf (pmi, errp, "finalize_ack", "cmd=finalize\n"));
}
