/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Choose how to bootstrap, and what all ways have in common. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/util/errprintf.h"

char *env_take (const char *name)
{
    const char *value = getenv (name);
    char *copy;

    errno = 0;
    if (!value)
        return NULL;
    copy = strdup (value);
    unsetenv (name);
    return copy;
}

int env_take_u32 (const char *name, uint32_t max, uint32_t *valuep, flux_error_t *errp)
{
    char *s = env_take (name);
    char *end = NULL;
    unsigned long long n = 0;

    errno = 0;
    if (s && isdigit ((unsigned char)s[0]))
        n = strtoull (s, &end, 10);
    if (!end || *end || errno || n > max) {
        errno = EINVAL;
        if (s)
            errprintf (errp, "%s='%s': not a number from 0 to %u", name, s, max);
        else
            errprintf (errp, "%s is not set", name);
        free (s);
        return -1;
    }
    free (s);
    *valuep = n;
    return 0;
}

int random_hex (char *buf, size_t n)
{
    uint8_t bytes[64];

    if (n > sizeof (bytes) || getrandom (bytes, n, 0) != (ssize_t)n)
        return -1;
    for (size_t i = 0; i < n; i++)
        sprintf (buf + 2 * i, "%02x", bytes[i]);
    explicit_bzero (bytes, sizeof (bytes));
    return 0;
}

static int hex_digit (char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *p = c ? strchr (digits, c) : NULL;

    return p ? (int)(p - digits) : -1;
}

int bytes_from_hex (uint8_t *bytes, size_t n, const char *hex)
{
    if (strlen (hex) != 2 * n) {
        errno = EPROTO;
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit (hex[2 * i]);
        int low = hex_digit (hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            errno = EPROTO;
            return -1;
        }
        bytes[i] = high << 4 | low;
    }
    return 0;
}

int token_from_hex (uint8_t *token, const char *hex)
{
    return bytes_from_hex (token, BOOTSTRAP_TOKEN_SIZE, hex);
}

int attrs_parse (struct bootstrap *b, flux_error_t *errp)
{
    char *save = NULL;
    size_t n = 0;

    if (!b->attrs && !(b->attrs = calloc (BOOTSTRAP_MAX_ATTRS + 1, sizeof (b->attrs[0]))))
        return errprintf (errp, "out of memory");
    b->info.attrs = b->attrs;
    if (!b->attrtext)
        return 0;
    for (char *line = strtok_r (b->attrtext, "\n", &save); line;
         line = strtok_r (NULL, "\n", &save)) {
        char *eq = strchr (line, '=');

        errno = EINVAL;
        if (!eq || eq == line)
            return errprintf (errp, "attribute '%s': not of the form name=value", line);
        if (n == BOOTSTRAP_MAX_ATTRS)
            return errprintf (errp, "more than %d attributes", BOOTSTRAP_MAX_ATTRS);
        *eq = '\0';
        b->attrs[n++] = (struct bootstrap_attr){line, eq + 1};
    }
    return 0;
}

static const struct method_ops *choose (enum bootstrap_method *method, flux_error_t *errp)
{
    static const struct {
        const char *name;
        const struct method_ops *ops;
    } methods[] = {
        [BOOTSTRAP_SINGLE] = {"single", &single_ops},
        [BOOTSTRAP_WIREUP] = {"wireup", &wireup_ops},
        [BOOTSTRAP_PMI1] = {"pmi1", &pmi1_ops},
        [BOOTSTRAP_REJOIN] = {"rejoin", &rejoin_ops},
    };
    char *name = env_take ("FLUX_BOOTSTRAP_METHOD");

    if (!name) {
        *method = getenv ("PMI_FD") ? BOOTSTRAP_PMI1 : BOOTSTRAP_SINGLE;
        return methods[*method].ops;
    }
    for (size_t i = 0; i < sizeof (methods) / sizeof (methods[0]); i++) {
        if (strcmp (name, methods[i].name) == 0) {
            free (name);
            *method = i;
            return methods[i].ops;
        }
    }
    errno = EINVAL;
    errprintf (errp, "FLUX_BOOTSTRAP_METHOD='%s': single, wireup, pmi1 or rejoin is known", name);
    free (name);
    return NULL;
}

/* A pipe given by the SPANK plugin, which none of the broker's children may hold; -1: there is
 * none. */
static int take_fd (const char *name)
{
    uint32_t fd;

    if (!getenv (name) || env_take_u32 (name, INT32_MAX, &fd, NULL) < 0 ||
        fcntl (fd, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return fd;
}

static int begin_common (struct bootstrap *b, flux_error_t *errp)
{
    char name[256];
    uint32_t timeout;

    /* The step's other tasks wait until this one closes, with the end of the broker. */
    (void)take_fd ("FLUX_BOOTSTRAP_HOLD_FD");
    b->ready_fd = take_fd ("FLUX_BOOTSTRAP_READY_FD");
    b->timeout = BOOTSTRAP_DEFAULT_TIMEOUT;
    if (getenv ("FLUX_BOOTSTRAP_TIMEOUT")) {
        if (env_take_u32 ("FLUX_BOOTSTRAP_TIMEOUT", 86400, &timeout, errp) < 0)
            return -1;
        b->timeout = timeout;
    }
    b->jobid = env_take ("FLUX_BOOTSTRAP_JOBID");
    b->munge_socket = env_take ("FLUX_BOOTSTRAP_MUNGE_SOCKET");
    if (!(b->hostname = env_take ("FLUX_BOOTSTRAP_HOSTNAME"))) {
        if (gethostname (name, sizeof (name)) < 0 || !(b->hostname = strndup (name, 255)))
            return errprintf (errp, "gethostname: %s", strerror (errno));
    }
    b->attrtext = env_take ("FLUX_BOOTSTRAP_ATTRS");
    return attrs_parse (b, errp);
}

static void publish_info (struct bootstrap *b)
{
    b->info.jobid = b->jobid && strcmp (b->jobid, "0") != 0 ? b->jobid : NULL;
    b->info.hostname = b->hostname;
    b->info.address = b->address;
    b->info.munge_socket = b->munge_socket;
    b->info.instance = b->instance;
    b->info.hostlist = b->hostlist;
    b->info.parent_uri = b->parent_uri;
    b->info.parent_pubkey = b->parent_pubkey;
}

struct bootstrap *bootstrap_begin (flux_error_t *errp)
{
    struct bootstrap *b = calloc (1, sizeof (*b));

    if (!b) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    b->ready_fd = -1;
    b->info.parent_rank = BOOTSTRAP_NO_PARENT;
    if (!(b->ops = choose (&b->info.method, errp)) || begin_common (b, errp) < 0 ||
        b->ops->begin (b, errp) < 0) {
        bootstrap_destroy (b);
        return NULL;
    }
    publish_info (b);
    return b;
}

const struct bootstrap_info *bootstrap_get_info (const struct bootstrap *b)
{
    return &b->info;
}

int bootstrap_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                      uint32_t parent_rank, flux_error_t *errp)
{
    if (parent_rank != BOOTSTRAP_NO_PARENT &&
        (parent_rank >= b->info.size || parent_rank == b->info.rank)) {
        errno = EINVAL;
        return errprintf (errp, "rank %u of %u can't have rank %u as its parent", b->info.rank,
                          b->info.size, parent_rank);
    }
    if (b->ops->finish (b, uri, pubkey, parent_rank, errp) < 0)
        return -1;
    publish_info (b);
    return 0;
}

bool bootstrap_is_refused (const struct bootstrap *b)
{
    return b->refused;
}

void bootstrap_abort (struct bootstrap *b, const char *why)
{
    int saved = errno;

    if (b && b->ops->abort)
        b->ops->abort (b, why);
    errno = saved;
}

void bootstrap_ready (struct bootstrap *b)
{
    int saved = errno;

    if (b->ready_fd >= 0) {
        (void)!write (b->ready_fd, "", 1);
        close (b->ready_fd);
        b->ready_fd = -1;
    }
    errno = saved;
}

void bootstrap_destroy (struct bootstrap *b)
{
    int saved = errno;

    if (!b)
        return;
    if (b->ops && b->ops->destroy)
        b->ops->destroy (b);
    if (b->ready_fd >= 0)
        close (b->ready_fd);
    free (b->jobid);
    free (b->hostname);
    free (b->address);
    free (b->attrtext);
    free (b->attrs);
    free (b->munge_socket);
    free (b->instance);
    free (b->hostlist);
    free (b->parent_uri);
    free (b->parent_pubkey);
    explicit_bzero (&b->info, sizeof (b->info));
    free (b);
    errno = saved;
}
