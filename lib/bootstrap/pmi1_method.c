/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Bootstrap through a PMI-1 server. Each rank puts its record; after a barrier each gets its
 * parent's, and rank 0 gets the names of all and puts the hostlist, in pieces, for a second
 * barrier: O(size) for rank 0 and O(1) for the others.
 *
 *     flux.rank.R   "hostname uri pubkey" in hex: servers exist that end a value at a space
 * (Slurm's mpi/pmi2, 22.05), and keys have signs that mean something to others flux.instance
 * instance.token flux.hosts    number of pieces; flux.hosts.I a piece */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/method.h"
#include "lib/bootstrap/pmi1.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"

#define MAX_PIECES 65536

static int pmi1_begin (struct bootstrap *b, flux_error_t *errp)
{
    uint32_t fd, rank, size;

    if (env_take_u32 ("PMI_FD", INT32_MAX, &fd, errp) < 0 ||
        env_take_u32 ("PMI_RANK", PMI1_MAX_SIZE, &rank, errp) < 0 ||
        env_take_u32 ("PMI_SIZE", PMI1_MAX_SIZE, &size, errp) < 0)
        return -1;
    if (rank >= size) {
        errno = EINVAL;
        return errprintf (errp, "PMI_RANK=%u is not below PMI_SIZE=%u", rank, size);
    }
    b->info.rank = rank;
    b->info.size = size;
    return (b->method = pmi1_create (fd, b->timeout, errp)) ? 0 : -1;
}

static void key_of (char *key, size_t size, const char *what, uint32_t n)
{
    snprintf (key, size, "flux.%s.%u", what, n);
}

static char *hex_decode (const char *hex)
{
    size_t n = strlen (hex) / 2;
    char *s = calloc (1, n + 1);

    if (s && bytes_from_hex ((uint8_t *)s, n, hex) < 0) {
        free (s);
        s = NULL;
    }
    return s;
}

/* Word i (0, 1, 2) of a rank's record; the caller frees. */
static char *get_field (struct pmi1 *pmi, uint32_t rank, int i, flux_error_t *errp)
{
    char key[32];
    char *hex, *record, *word, *save = NULL;

    key_of (key, sizeof (key), "rank", rank);
    if (!(hex = pmi1_get (pmi, key, errp)))
        return NULL;
    record = hex_decode (hex);
    free (hex);
    word = record ? strtok_r (record, " ", &save) : NULL;
    while (word && i-- > 0)
        word = strtok_r (NULL, " ", &save);
    if (!word) {
        errno = EPROTO;
        errprintf (errp, "PMI: the record of rank %u is not complete", rank);
    }
    word = word ? strdup (word) : NULL;
    free (record);
    return word;
}

static int put_self (struct bootstrap *b, const char *uri, const char *pubkey, flux_error_t *errp)
{
    struct buf value = {0}, hex = {0};
    char key[32];
    int rc;

    key_of (key, sizeof (key), "rank", b->info.rank);
    /* A word can't be empty. */
    buf_printf (&value, "%s %s %s", b->hostname, *uri ? uri : "-", *pubkey ? pubkey : "-");
    for (size_t i = 0; i < value.len; i++)
        buf_printf (&hex, "%02x", (unsigned char)value.data[i]);
    rc = value.err || hex.err ? errprintf (errp, "out of memory")
                              : pmi1_put (b->method, key, hex.data, errp);
    buf_clear (&value);
    buf_clear (&hex);
    return rc;
}

static int put_instance (struct bootstrap *b, flux_error_t *errp)
{
    char secret[32 + 1 + 2 * BOOTSTRAP_TOKEN_SIZE + 1];
    int rc;

    if (random_hex (secret, 16) < 0 || random_hex (secret + 33, BOOTSTRAP_TOKEN_SIZE) < 0)
        return errprintf (errp, "getrandom: %s", strerror (errno));
    secret[32] = '.';
    rc = pmi1_put (b->method, "flux.instance", secret, errp);
    explicit_bzero (secret, sizeof (secret));
    return rc;
}

static int get_instance (struct bootstrap *b, flux_error_t *errp)
{
    char *secret = pmi1_get (b->method, "flux.instance", errp);
    char *dot;
    int rc = -1;

    if (!secret)
        return -1;
    if (!(dot = strchr (secret, '.')) || token_from_hex (b->info.token, dot + 1) < 0)
        errprintf (errp, "PMI: flux.instance has no token");
    else if ((b->instance = strndup (secret, dot - secret)))
        rc = 0;
    explicit_bzero (secret, strlen (secret));
    free (secret);
    return rc;
}

static int gather_hosts (struct bootstrap *b, struct buf *hosts, flux_error_t *errp)
{
    for (uint32_t rank = 0; rank < b->info.size; rank++) {
        char *host = get_field (b->method, rank, 0, errp);

        if (!host)
            return -1;
        buf_printf (hosts, "%s%s", rank > 0 ? "," : "", host);
        free (host);
    }
    return hosts->err ? errprintf (errp, "out of memory") : 0;
}

static int put_hosts (struct bootstrap *b, const char *hosts, flux_error_t *errp)
{
    size_t max = pmi1_value_max (b->method);
    char key[32], count[16];
    char *piece = malloc (max + 1);
    uint32_t n = 0;
    int rc = 0;

    if (!piece)
        return errprintf (errp, "out of memory");
    for (size_t len = strlen (hosts), off = 0; rc == 0 && off < len; off += max, n++) {
        snprintf (piece, max + 1, "%s", hosts + off);
        key_of (key, sizeof (key), "hosts", n);
        rc = pmi1_put (b->method, key, piece, errp);
    }
    free (piece);
    snprintf (count, sizeof (count), "%u", n);
    return rc < 0 ? -1 : pmi1_put (b->method, "flux.hosts", count, errp);
}

static int get_hosts (struct bootstrap *b, flux_error_t *errp)
{
    struct buf hosts = {0};
    char *count = pmi1_get (b->method, "flux.hosts", errp);
    unsigned long pieces = count ? strtoul (count, NULL, 10) : 0;
    char key[32];

    free (count);
    if (pieces == 0 || pieces > MAX_PIECES) {
        errno = EPROTO;
        return errprintf (errp, "PMI: flux.hosts is not a count of pieces");
    }
    for (unsigned long i = 0; i < pieces; i++) {
        char *piece;

        key_of (key, sizeof (key), "hosts", i);
        if (!(piece = pmi1_get (b->method, key, errp))) {
            buf_clear (&hosts);
            return -1;
        }
        buf_puts (&hosts, piece);
        free (piece);
    }
    b->hostlist = buf_steal (&hosts, NULL);
    return b->hostlist ? 0 : errprintf (errp, "out of memory");
}

static int share_hosts (struct bootstrap *b, flux_error_t *errp)
{
    struct buf hosts = {0};
    int rc = 0;

    if (b->info.rank == 0)
        rc = gather_hosts (b, &hosts, errp) < 0 ? -1 : put_hosts (b, hosts.data, errp);
    if (rc == 0)
        rc = pmi1_barrier (b->method, errp);
    buf_clear (&hosts);
    return rc < 0 ? -1 : get_hosts (b, errp);
}

static int get_parent (struct bootstrap *b, uint32_t rank, flux_error_t *errp)
{
    if (rank == BOOTSTRAP_NO_PARENT)
        return 0;
    return (b->parent_uri = get_field (b->method, rank, 1, errp)) &&
                   (b->parent_pubkey = get_field (b->method, rank, 2, errp))
               ? 0
               : -1;
}

static int pmi1_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                        uint32_t parent_rank, flux_error_t *errp)
{
    if (put_self (b, uri, pubkey, errp) < 0 || (b->info.rank == 0 && put_instance (b, errp) < 0) ||
        pmi1_barrier (b->method, errp) < 0 || get_instance (b, errp) < 0 ||
        get_parent (b, parent_rank, errp) < 0 || share_hosts (b, errp) < 0)
        return -1;
    return pmi1_finalize (b->method, errp);
}

static void pmi1_give_up (struct bootstrap *b, const char *why)
{
    if (b->method)
        pmi1_abort (b->method);
}

static void pmi1_end (struct bootstrap *b)
{
    pmi1_destroy (b->method);
}

const struct method_ops pmi1_ops = {
    .begin = pmi1_begin,
    .finish = pmi1_finish,
    .abort = pmi1_give_up,
    .destroy = pmi1_end,
};
