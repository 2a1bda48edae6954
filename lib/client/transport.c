/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/client/transport.h"
#include "lib/util/errprintf.h"

#define SSH "ssh://"
#define SLURM "slurm:"

static bool begins (const char *s, const char *prefix)
{
    return strncmp (s, prefix, strlen (prefix)) == 0;
}

bool transport_handles (const char *uri)
{
    return begins (uri, SSH) || begins (uri, SLURM);
}

static const char *env_or (const char *name, const char *dflt)
{
    const char *s = getenv (name);

    return s && *s ? s : dflt;
}

static void add (struct transport *t, const char *word)
{
    int n = 0;

    while (t->argv[n])
        n++;
    t->argv[n] = word;
}

static void add_relay (struct transport *t, const char *what)
{
    add (t, env_or ("FLUX_SSH_RCMD", "flux"));
    add (t, "relay");
    add (t, what);
}

/* What reaches a shell has no characters that mean something to one, and a host does not look like
 * an option of ssh. */
static bool is_plain (const char *s)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-./@:,+%=[]";

    return *s && *s != '-' && s[strspn (s, ok)] == '\0';
}

static int init_ssh (struct transport *t, const char *uri, flux_error_t *errp)
{
    char *slash = strchr (t->text[0], '/'), *colon, *port = NULL;

    if (!slash || asprintf (&t->text[1], "%s", slash) < 0)
        goto bad;
    *slash = '\0';
    if ((colon = strrchr (t->text[0], ':')) && !strchr (colon, ']')) {
        *colon = '\0';
        port = colon + 1;
    }
    if (!is_plain (t->text[0]) || !is_plain (t->text[1] + 1) || (port && !is_plain (port)))
        goto bad;
    t->where = t->text[0];
    add (t, env_or ("FLUX_SSH", "ssh"));
    if (port) {
        add (t, "-p");
        add (t, port);
    }
    add (t, t->where);
    add_relay (t, t->text[1]);
    return 0;
bad:
    errno = EINVAL;
    return errprintf (errp, "%s: expected ssh://[user@]host[:port]/path", uri);
}

static bool is_number (const char *s, size_t len)
{
    return len > 0 && len < 11 && strspn (s, "0123456789") >= len;
}

static int init_slurm (struct transport *t, const char *uri, flux_error_t *errp)
{
    size_t len = strcspn (t->text[0], ".");
    const char *step = t->text[0] + len;

    if (!is_number (t->text[0], len) || (*step && !is_number (step + 1, strlen (step + 1)))) {
        errno = EINVAL;
        return errprintf (errp, "%s: expected slurm:JOBID[.STEP]", uri);
    }
    if (asprintf (&t->text[1], "--jobid=%.*s", (int)len, t->text[0]) < 0 ||
        !(t->text[2] = strdup (uri)))
        return errprintf (errp, "out of memory");
    t->where = t->text[2];
    add (t, env_or ("FLUX_SRUN", "srun"));
    add (t, "--overlap");
    add (t, "--quiet");
    add (t, "--unbuffered"); // else slurmstepd waits for a newline
    add (t, t->text[1]);
    add (t, "--nodes=1");
    add (t, "--ntasks=1");
    add (t, "--mem=0"); // of what the step has, nothing for this one
    add_relay (t, t->text[2]);
    return 0;
}

int transport_init (struct transport *t, const char *uri, flux_error_t *errp)
{
    bool ssh = begins (uri, SSH);
    int rc;

    memset (t, 0, sizeof (*t));
    if (!(t->text[0] = strdup (uri + strlen (ssh ? SSH : SLURM))))
        return errprintf (errp, "out of memory");
    if ((rc = ssh ? init_ssh (t, uri, errp) : init_slurm (t, uri, errp)) < 0)
        transport_clear (t);
    return rc;
}

void transport_option (struct transport *t, const char *option)
{
    add (t, option);
}

void transport_clear (struct transport *t)
{
    int saved_errno = errno;

    for (size_t i = 0; i < sizeof (t->text) / sizeof (t->text[0]); i++)
        free (t->text[i]);
    memset (t, 0, sizeof (*t));
    errno = saved_errno;
}

void transport_exec (const struct transport *t, int fd)
{
    if (dup2 (fd, STDIN_FILENO) >= 0 && dup2 (fd, STDOUT_FILENO) >= 0)
        execvp (t->argv[0], (char **)t->argv);
    _exit (127);
}
