/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Bootstrap of a broker that takes the place of one that was lost. All it must know is in one
 * record, which `flux overlay rejoin` writes to its standard input (it may come through srun). The
 * record is a WIRE_READY frame without a seal, in which
 *
 *     nonce   token, munge, or munge:SOCKET
 *     parent  an ancestor that is up
 *     text    broker attributes, name=value lines */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/bootstrap/record.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

static int fail (flux_error_t *errp, const char *text)
{
    if (errno == 0)
        errno = EPROTO;
    return errprintf (errp, "the record of the lost broker: %s", text);
}

static int read_all (int fd, char *data, size_t len, double deadline)
{
    while (len > 0) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        double left = deadline - monotime_now ();
        int n = poll (&pfd, 1, left <= 0 ? 0 : (int)(left * 1000) + 1);
        ssize_t got;

        if (n == 0 && left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (n <= 0)
            continue;
        if ((got = read (fd, data, len)) == 0) {
            errno = ECONNRESET;
            return -1;
        }
        if (got > 0) {
            data += got;
            len -= (size_t)got;
        } else if (errno != EINTR && errno != EAGAIN)
            return -1;
    }
    return 0;
}

static int read_record (int fd, struct wire_record *rec, double deadline, flux_error_t *errp)
{
    char head[4], *body;
    uint32_t len;
    int rc = -1;

    if (read_all (fd, head, sizeof (head), deadline) < 0)
        return fail (errp, strerror (errno));
    if ((len = wire_get_u32 (head)) > WIREUP_MAX_FRAME || !(body = malloc (len + 1))) {
        errno = EPROTO;
        return fail (errp, "it is too long");
    }
    if (read_all (fd, body, len, deadline) < 0)
        fail (errp, strerror (errno));
    else if ((rc = wire_record_decode (rec, body, len)) < 0)
        fail (errp, "it cannot be read");
    explicit_bzero (body, len);
    free (body);
    return rc;
}

/* Nothing of the record is left for those who read standard input later. */
static void close_stdin (void)
{
    int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        dup2 (fd, STDIN_FILENO);
        close (fd);
    }
}

/* The address from which the parent is reached. NULL: none, as with ipc://. */
static char *address_towards (const char *uri)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *ai = NULL;
    struct sockaddr_storage ss;
    socklen_t len = sizeof (ss);
    char host[NI_MAXHOST] = "", *colon, *copy;
    int fd = -1;

    if (strncmp (uri, "tcp://", 6) != 0 || !(copy = strdup (uri + 6)))
        return NULL;
    if ((colon = strrchr (copy, ':'))) {
        *colon = '\0';
        if (getaddrinfo (copy, colon + 1, &hints, &ai) == 0 &&
            (fd = socket (ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0 &&
            connect (fd, ai->ai_addr, ai->ai_addrlen) == 0 && // sends nothing
            getsockname (fd, (struct sockaddr *)&ss, &len) == 0)
            getnameinfo ((struct sockaddr *)&ss, len, host, sizeof (host), NULL, 0, NI_NUMERICHOST);
    }
    if (ai)
        freeaddrinfo (ai);
    if (fd >= 0)
        close (fd);
    free (copy);
    return *host ? strdup (host) : NULL;
}

static int use_auth (struct bootstrap *b, const char *how, flux_error_t *errp)
{
    b->info.munge = strncmp (how, "munge", 5) == 0;
    if (!b->info.munge && strcmp (how, "token") != 0)
        return fail (errp, "it says neither munge nor token");
    if (!b->info.munge || how[5] != ':')
        return 0;
    free (b->munge_socket);
    if (!(b->munge_socket = strdup (how + 6)))
        return errprintf (errp, "out of memory");
    return 0;
}

static char *move (struct wire_record *rec, enum wire_string which)
{
    char *s = rec->str[which];

    rec->str[which] = NULL;
    return s;
}

static int use_record (struct bootstrap *b, struct wire_record *rec, flux_error_t *errp)
{
    char *dot = strrchr (rec->str[WIRE_SECRET], '.'); // instance.token
    char number[16];

    errno = EPROTO;
    if (rec->kind != WIRE_READY || rec->rank == 0 || rec->rank >= rec->size ||
        rec->size > WIREUP_MAX_SIZE || rec->parent >= rec->size || rec->parent == rec->rank)
        return fail (errp, "it is none");
    if (!dot || token_from_hex (b->info.token, dot + 1) < 0)
        return fail (errp, "it has no token");
    if (use_auth (b, rec->str[WIRE_NONCE], errp) < 0)
        return -1;
    b->info.rank = rec->rank;
    b->info.size = rec->size;
    b->info.parent_rank = rec->parent;
    snprintf (number, sizeof (number), "%u", rec->jobid);
    free (b->jobid);
    free (b->attrtext);
    if (!(b->instance = strndup (rec->str[WIRE_SECRET], dot - rec->str[WIRE_SECRET])) ||
        !(b->jobid = strdup (number)))
        return errprintf (errp, "out of memory");
    if (*rec->str[WIRE_HOST]) {
        free (b->hostname);
        b->hostname = move (rec, WIRE_HOST);
    }
    b->hostlist = move (rec, WIRE_HOSTLIST);
    b->parent_uri = move (rec, WIRE_URI);
    b->parent_pubkey = move (rec, WIRE_PUBKEY);
    b->address = address_towards (b->parent_uri);
    b->attrtext = move (rec, WIRE_TEXT);
    return attrs_parse (b, errp);
}

static int rejoin_begin (struct bootstrap *b, flux_error_t *errp)
{
    struct wire_record rec = {0};
    int rc;

    if (read_record (STDIN_FILENO, &rec, monotime_now () + b->timeout, errp) < 0)
        return -1;
    close_stdin ();
    rc = use_record (b, &rec, errp);
    if (rec.str[WIRE_SECRET])
        explicit_bzero (rec.str[WIRE_SECRET], strlen (rec.str[WIRE_SECRET]));
    wire_record_clear (&rec);
    return rc;
}

/* Nobody waits for this broker's own address: its parents tell those below whom they can ask. */
static int rejoin_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                          uint32_t parent_rank, flux_error_t *errp)
{
    return 0;
}

const struct method_ops rejoin_ops = {
    .begin = rejoin_begin,
    .finish = rejoin_finish,
};
