/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Bootstrap from the wire-up server at the other end of FLUX_BOOTSTRAP_FD. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/bootstrap/wireup.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

/* The server's own sentence should come before the broker's lonely one. */
#define GRACE_SECONDS 5

struct wireup {
    int fd;
    struct sealer sealer;
    struct wire_record self; // strings owned by this struct, not by a decode
    char *nonce;
    char *hostlist; // as the resource manager says; overrides the server's
};

/* The address by which this node is reached from where the server runs is the one to bind to. */
static char *local_address (int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof (ss);
    char host[NI_MAXHOST];

    if (getsockname (fd, (struct sockaddr *)&ss, &len) < 0 ||
        (ss.ss_family != AF_INET && ss.ss_family != AF_INET6) ||
        getnameinfo ((struct sockaddr *)&ss, len, host, sizeof (host), NULL, 0, NI_NUMERICHOST) !=
            0)
        return NULL;
    return strdup (host);
}

static int take_auth (struct bootstrap *b, struct wireup *w, flux_error_t *errp)
{
    char *auth = env_take ("FLUX_BOOTSTRAP_AUTH");
    bool munge = auth && strcmp (auth, "munge") == 0;
    bool known = munge || (auth && strcmp (auth, "token") == 0);

    free (auth);
    if (!known) {
        errno = EINVAL;
        return errprintf (errp, "FLUX_BOOTSTRAP_AUTH is neither munge nor token");
    }
    b->info.munge = munge;
    w->sealer = (struct sealer){munge, b->munge_socket};
    return 0;
}

static int take_identity (struct bootstrap *b, struct wireup *w, flux_error_t *errp)
{
    struct wire_record *self = &w->self;
    uint32_t fd;
    char *end;

    if (env_take_u32 ("FLUX_BOOTSTRAP_FD", INT32_MAX, &fd, errp) < 0)
        return -1;
    w->fd = fd;
    if (fcntl (w->fd, F_SETFD, FD_CLOEXEC) < 0)
        return errprintf (errp, "FLUX_BOOTSTRAP_FD=%u: %s", fd, strerror (errno));
    if (env_take_u32 ("FLUX_BOOTSTRAP_SIZE", WIREUP_MAX_SIZE, &self->size, errp) < 0 ||
        env_take_u32 ("FLUX_BOOTSTRAP_RANK", WIREUP_MAX_SIZE, &self->rank, errp) < 0 ||
        env_take_u32 ("FLUX_BOOTSTRAP_STEPID", UINT32_MAX, &self->stepid, errp) < 0)
        return -1;
    errno = EINVAL;
    if (self->rank >= self->size)
        return errprintf (errp, "rank %u is not below the size %u", self->rank, self->size);
    if (!b->jobid || (self->jobid = strtoul (b->jobid, &end, 10), *end))
        return errprintf (errp, "FLUX_BOOTSTRAP_JOBID is not a number");
    if (!(w->nonce = env_take ("FLUX_BOOTSTRAP_NONCE")))
        return errprintf (errp, "FLUX_BOOTSTRAP_NONCE is not set");
    w->hostlist = env_take ("FLUX_BOOTSTRAP_HOSTLIST");
    return 0;
}

static int wireup_begin (struct bootstrap *b, flux_error_t *errp)
{
    struct wireup *w = calloc (1, sizeof (*w));

    if (!w)
        return errprintf (errp, "out of memory");
    w->fd = -1;
    b->method = w;
    if (take_auth (b, w, errp) < 0 || take_identity (b, w, errp) < 0)
        return -1;
    b->info.rank = w->self.rank;
    b->info.size = w->self.size;
    b->address = local_address (w->fd);
    if (w->hostlist && !(b->hostlist = strdup (w->hostlist)))
        return errprintf (errp, "out of memory");
    return 0;
}

/* Rank 0 takes the place of a parent that is missing. */
static bool is_parent (const struct wire_record *self, uint32_t parent)
{
    return parent == self->parent || (parent == 0 && self->parent != BOOTSTRAP_NO_PARENT);
}

/* Is this the answer to what we asked? */
static int check_ready (const struct wireup *w, const struct wire_record *rec, flux_error_t *errp)
{
    const struct wire_record *self = &w->self;

    errno = EPROTO;
    if (rec->kind == WIRE_FAILED)
        return errprintf (errp, "%s", rec->str[WIRE_TEXT]);
    if (rec->kind != WIRE_READY || rec->jobid != self->jobid || rec->stepid != self->stepid ||
        rec->rank != self->rank || rec->size != self->size || !is_parent (self, rec->parent) ||
        strcmp (rec->str[WIRE_NONCE], w->nonce) != 0)
        return errprintf (errp, "wire-up: the answer is not one to this broker");
    return 0;
}

/* Move the strings of an answer to where they belong. */
static int use_ready (struct bootstrap *b, struct wire_record *rec, flux_error_t *errp)
{
    char *secret = rec->str[WIRE_SECRET];
    char *dot = strchr (secret, '.'); // instance.token

    if (!dot || token_from_hex (b->info.token, dot + 1) < 0) {
        errno = EPROTO;
        return errprintf (errp, "wire-up: the answer has no token");
    }
    if (!(b->instance = strndup (secret, dot - secret)))
        return errprintf (errp, "out of memory");
    if (!b->hostlist) {
        b->hostlist = rec->str[WIRE_HOSTLIST];
        rec->str[WIRE_HOSTLIST] = NULL;
    }
    b->info.parent_rank = rec->parent;
    if (rec->parent != BOOTSTRAP_NO_PARENT) {
        b->parent_uri = rec->str[WIRE_URI];
        b->parent_pubkey = rec->str[WIRE_PUBKEY];
        rec->str[WIRE_URI] = rec->str[WIRE_PUBKEY] = NULL;
    }
    return 0;
}

static int send_self (struct bootstrap *b, enum wire_kind kind, const char *uri, const char *pubkey,
                      const char *text, double deadline, flux_error_t *errp)
{
    struct wireup *w = b->method;
    struct wire_record rec = w->self;

    rec.kind = kind;
    rec.str[WIRE_NONCE] = w->nonce;
    rec.str[WIRE_HOST] = b->hostname;
    rec.str[WIRE_HOSTLIST] = w->hostlist;
    rec.str[WIRE_URI] = (char *)uri;
    rec.str[WIRE_PUBKEY] = (char *)pubkey;
    rec.str[WIRE_TEXT] = (char *)text;
    return wireup_send (w->fd, &w->sealer, &rec, deadline, errp);
}

static void hang_up (struct wireup *w)
{
    if (w->fd >= 0)
        close (w->fd);
    w->fd = -1;
}

static int wireup_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                          uint32_t parent_rank, flux_error_t *errp)
{
    struct wireup *w = b->method;
    struct wire_record rec;
    double deadline = monotime_now () + b->timeout + GRACE_SECONDS;
    int rc = -1;

    w->self.parent = parent_rank;
    if (send_self (b, WIRE_HELLO, uri, pubkey, NULL, deadline, errp) < 0 ||
        wireup_recv (w->fd, &w->sealer, &rec, deadline, errp) < 0)
        return -1;
    b->refused = rec.kind == WIRE_FAILED;
    if (check_ready (w, &rec, errp) == 0)
        rc = use_ready (b, &rec, errp);
    wire_record_clear (&rec);
    hang_up (w);
    return rc;
}

static void wireup_abort (struct bootstrap *b, const char *why)
{
    struct wireup *w = b->method;

    if (w && w->fd >= 0) {
        (void)send_self (b, WIRE_ABORT, NULL, NULL, why, monotime_now () + 2, NULL);
        hang_up (w);
    }
}

static void wireup_destroy (struct bootstrap *b)
{
    struct wireup *w = b->method;

    if (w) {
        hang_up (w);
        free (w->nonce);
        free (w->hostlist);
        free (w);
    }
}

const struct method_ops wireup_ops = {
    .begin = wireup_begin,
    .finish = wireup_finish,
    .abort = wireup_abort,
    .destroy = wireup_destroy,
};
