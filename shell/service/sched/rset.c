/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R as a plain list, see rset.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "lib/util/stamp.h"
#include "shell/service/sched/rset.h"

#define RANKS_MAX (1u << 20)

static int decode_bits (struct bits *bits, const char *s, const char *what, flux_error_t *errp)
{
    struct idset *ids;

    if (!s)
        return 0;
    if (!(ids = idset_decode (s)) || (!idset_empty (ids) && idset_last (ids) >= BITS_MAX)) {
        idset_destroy (ids);
        errno = EINVAL;
        return errprintf (errp, "R: %s=\"%s\" is not an idset below %d", what, s, BITS_MAX);
    }
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i))
        bits_set (bits, i);
    idset_destroy (ids);
    return 0;
}

static int add_node (struct rset *rs, size_t *size, const struct rnode *node)
{
    if (rs->count == *size) {
        size_t new_size = *size ? *size * 2 : 64;
        struct rnode *nodes = realloc (rs->nodes, new_size * sizeof (*nodes));
        if (!nodes)
            return -1;
        rs->nodes = nodes;
        *size = new_size;
    }
    rs->nodes[rs->count++] = *node;
    return 0;
}

static int add_entry (struct rset *rs, size_t *size, json_t *entry, flux_error_t *errp)
{
    const char *rank = NULL, *core = NULL, *gpu = NULL;
    struct rnode node = {0};
    struct idset *ranks = NULL;

    if (json_unpack (entry, "{s:s s:{s?s s?s}}", "rank", &rank, "children", "core", &core, "gpu",
                     &gpu) < 0 ||
        !(ranks = idset_decode (rank)) || idset_empty (ranks) || idset_last (ranks) >= RANKS_MAX) {
        idset_destroy (ranks);
        errno = EINVAL;
        return errprintf (errp, "R: an entry of R_lite is malformed");
    }
    if (decode_bits (&node.cores, core, "core", errp) < 0 ||
        decode_bits (&node.gpus, gpu, "gpu", errp) < 0) {
        idset_destroy (ranks);
        return -1;
    }
    for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        node.rank = r;
        if (add_node (rs, size, &node) < 0) {
            idset_destroy (ranks);
            return errprintf (errp, "out of memory");
        }
    }
    idset_destroy (ranks);
    return 0;
}

static int by_rank (const void *a, const void *b)
{
    const struct rnode *x = a, *y = b;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int decode_hosts (struct rset *rs, json_t *nodelist, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_create ();
    size_t i;
    json_t *entry;

    if (!hl || !(rs->hosts = calloc (rs->count + 1, sizeof (rs->hosts[0]))))
        goto error;
    json_array_foreach (nodelist, i, entry)
    {
        if (!json_is_string (entry) || hostlist_append (hl, json_string_value (entry)) < 0)
            goto error;
    }
    if ((size_t)hostlist_count (hl) != rs->count)
        goto error;
    const char *host = hostlist_first (hl);
    for (i = 0; i < rs->count && host; i++, host = hostlist_next (hl)) {
        if (!(rs->hosts[i] = strdup (host)))
            goto error;
    }
    hostlist_destroy (hl);
    return 0;
error:
    hostlist_destroy (hl);
    errno = EINVAL;
    return errprintf (errp, "R: nodelist does not name one host for each rank");
}

int rset_decode (struct rset *rs, const json_t *R, flux_error_t *errp)
{
    int version;
    json_t *R_lite, *nodelist = NULL, *entry;
    size_t i, size = 0;

    *rs = (struct rset){0};
    if (json_unpack ((json_t *)R, "{s:i s:{s:o s?o}}", "version", &version, "execution", "R_lite",
                     &R_lite, "nodelist", &nodelist) < 0 ||
        version != 1 || !json_is_array (R_lite)) {
        errno = EINVAL;
        return errprintf (errp, "R is not of version 1");
    }
    json_array_foreach (R_lite, i, entry)
    {
        if (add_entry (rs, &size, entry, errp) < 0)
            goto error;
    }
    if (nodelist && decode_hosts (rs, nodelist, errp) < 0)
        goto error;
    if (rs->count > 0)
        qsort (rs->nodes, rs->count, sizeof (rs->nodes[0]), by_rank);
    for (i = 1; i < rs->count; i++) {
        if (rs->nodes[i].rank == rs->nodes[i - 1].rank) {
            errno = EINVAL;
            errprintf (errp, "R: rank %u is listed twice", (unsigned)rs->nodes[i].rank);
            goto error;
        }
    }
    return 0;
error:
    rset_clear (rs);
    return -1;
}

void rset_clear (struct rset *rs)
{
    int saved_errno = errno;

    for (size_t i = 0; rs->hosts && i < rs->count; i++)
        free (rs->hosts[i]);
    free (rs->hosts);
    free (rs->nodes);
    *rs = (struct rset){0};
    errno = saved_errno;
}

void bits_encode (struct buf *b, const struct bits *bits)
{
    const char *sep = "";

    for (unsigned int i = 0; i < BITS_MAX; i++) {
        if (!bits_test (bits, i))
            continue;
        unsigned int first = i;
        while (i + 1 < BITS_MAX && bits_test (bits, i + 1))
            i++;
        buf_printf (b, first == i ? "%s%u" : "%s%u-%u", sep, first, i);
        sep = ",";
    }
}

/* The ranks of those among nodes[i..] that have the same children as nodes[i], in one idset. */
static void encode_ranks (struct buf *b, const struct rnode *nodes, size_t count, size_t i,
                          bool *done)
{
    const char *sep = "";
    size_t j = i;

    while (j < count) {
        if (done[j] || !bits_equal (&nodes[i].cores, &nodes[j].cores) ||
            !bits_equal (&nodes[i].gpus, &nodes[j].gpus)) {
            j++;
            continue;
        }
        uint32_t first = nodes[j].rank, last = first;
        done[j++] = true;
        while (j < count && !done[j] && nodes[j].rank == last + 1 &&
               bits_equal (&nodes[i].cores, &nodes[j].cores) &&
               bits_equal (&nodes[i].gpus, &nodes[j].gpus)) {
            last++;
            done[j++] = true;
        }
        buf_printf (b, first == last ? "%s%u" : "%s%u-%u", sep, first, last);
        sep = ",";
    }
}

void rset_encode (struct buf *b, const struct rnode *nodes, size_t count, const char *nodelist,
                  double starttime, double expiration)
{
    const char *sep = "";
    struct bits none = {{0}};
    char stamp[STAMP_SIZE];
    bool one = false;
    bool *done = count > 1 ? calloc (count, sizeof (*done)) : &one;

    if (!done) {
        b->err = ENOMEM;
        return;
    }
    buf_puts (b, "{\"version\":1,\"execution\":{\"R_lite\":[");
    for (size_t i = 0; i < count; i++) {
        if (done[i])
            continue;
        buf_printf (b, "%s{\"rank\":\"", sep);
        encode_ranks (b, nodes, count, i, done);
        buf_puts (b, "\",\"children\":{\"core\":\"");
        bits_encode (b, &nodes[i].cores);
        if (!bits_equal (&nodes[i].gpus, &none)) {
            buf_puts (b, "\",\"gpu\":\"");
            bits_encode (b, &nodes[i].gpus);
        }
        buf_puts (b, "\"}}");
        sep = ",";
    }
    buf_puts (b, "],\"starttime\":");
    buf_append (b, stamp, stamp_format (stamp, starttime));
    buf_puts (b, ",\"expiration\":");
    buf_append (b, stamp, stamp_format (stamp, expiration));
    if (nodelist) {
        buf_puts (b, ",\"nodelist\":[\"");
        buf_puts (b, nodelist);
        buf_puts (b, "\"]");
    }
    buf_puts (b, "}}");
    if (done != &one)
        free (done);
}
