/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/backing.h"

/* Digests are evenly spread: their first byte chooses a table, the next ones the place in it. Many
 * small tables grow one after the other, none for long. */
enum { TABLES = 256, TABLE_MIN = 16, IOV_SIZE = 256 };

/* A place: the digest, then this. Not in use while `offset` is NOWHERE. */
struct where {
    uint64_t offset;
    uint32_t len;
} __attribute__ ((packed));

#define NOWHERE UINT64_MAX

struct table {
    uint8_t *places;
    uint32_t size, used; // a power of two, or 0
};

struct spool {
    char *path;
    int fd;
    unsigned digest_size;
    uint64_t end; // of the file
    struct table tables[TABLES];
};

static size_t place_size (const struct spool *sp)
{
    return sp->digest_size + sizeof (struct where);
}

static void get_where (const struct spool *sp, const uint8_t *place, struct where *w)
{
    memcpy (w, place + sp->digest_size, sizeof (*w));
}

static void set_where (const struct spool *sp, uint8_t *place, const struct where *w)
{
    memcpy (place + sp->digest_size, w, sizeof (*w));
}

/* The place of a digest, or the one that is free for it. */
static uint8_t *find_place (const struct spool *sp, const struct table *t, const uint8_t *digest,
                            struct where *w)
{
    uint32_t hash;

    memcpy (&hash, digest + 1, sizeof (hash));
    for (uint32_t i = hash;; i++) {
        uint8_t *place = t->places + (i & (t->size - 1)) * place_size (sp);
        get_where (sp, place, w);
        if (w->offset == NOWHERE || memcmp (place, digest, sp->digest_size) == 0)
            return place;
    }
}

static bool find (const struct spool *sp, const uint8_t *digest, struct where *w)
{
    const struct table *t = &sp->tables[digest[0]];

    if (t->size == 0)
        return false;
    find_place (sp, t, digest, w);
    return w->offset != NOWHERE;
}

static void put (const struct spool *sp, struct table *t, const uint8_t *digest,
                 const struct where *w)
{
    struct where old;
    uint8_t *place = find_place (sp, t, digest, &old);

    if (old.offset != NOWHERE)
        return;
    memcpy (place, digest, sp->digest_size);
    set_where (sp, place, w);
    t->used++;
}

static int grow (const struct spool *sp, struct table *t)
{
    struct table bigger = {.size = t->size ? 2 * t->size : TABLE_MIN};
    const struct where nowhere = {NOWHERE, 0};
    struct where w;

    if (t->used < t->size - t->size / 4)
        return 0;
    if (!(bigger.places = malloc (bigger.size * place_size (sp))))
        return ENOMEM;
    for (uint32_t i = 0; i < bigger.size; i++)
        set_where (sp, bigger.places + i * place_size (sp), &nowhere);
    for (uint32_t i = 0; i < t->size; i++) {
        const uint8_t *place = t->places + i * place_size (sp);
        get_where (sp, place, &w);
        if (w.offset != NOWHERE)
            put (sp, &bigger, place, &w);
    }
    free (t->places);
    *t = bigger;
    return 0;
}

int spool_take (struct spool *sp, const struct backing_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct table *t = &sp->tables[items[i].digest[0]];
        struct where w = {items[i].offset, items[i].len};
        if (w.offset == NOWHERE) // it was there
            continue;
        int rc = grow (sp, t);
        if (rc)
            return rc;
        put (sp, t, items[i].digest, &w);
    }
    return 0;
}

/* ---- the file */

static int write_all (int fd, struct iovec *iov, int count, uint64_t offset)
{
    while (count > 0) {
        ssize_t n = pwritev (fd, iov, count, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        offset += n;
        for (; count > 0 && (size_t)n >= iov->iov_len; iov++, count--)
            n -= iov->iov_len;
        if (count > 0) {
            iov->iov_base = (char *)iov->iov_base + n;
            iov->iov_len -= n;
        }
    }
    return 0;
}

int spool_write (struct spool *sp, struct backing_item *items, size_t count)
{
    struct iovec iov[IOV_SIZE];
    uint64_t begin = sp->end, end = begin;
    struct where w;
    int n = 0, rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        items[i].offset = NOWHERE;
        if (!find (sp, items[i].digest, &w)) {
            items[i].offset = end;
            end += items[i].len;
            if (items[i].len > 0)
                iov[n++] = (struct iovec){(void *)items[i].data, items[i].len};
        }
        if (n == IOV_SIZE || (n > 0 && i + 1 == count)) {
            rc = write_all (sp->fd, iov, n, begin);
            begin = end;
            n = 0;
        }
    }
    if (rc == 0)
        sp->end = end;
    else if (ftruncate (sp->fd, sp->end) < 0) // give back what was not enough
        rc = rc ? rc : errno;
    return rc;
}

void *spool_get (struct spool *sp, const uint8_t *digest, size_t *lenp)
{
    struct where w;
    size_t got = 0;
    char *data;

    if (!find (sp, digest, &w)) {
        errno = ENOENT;
        return NULL;
    }
    if (!(data = malloc ((size_t)w.len + 1)))
        return NULL;
    while (got < w.len) {
        ssize_t n = pread (sp->fd, data + got, w.len - got, w.offset + got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int saved_errno = n < 0 ? errno : EIO;
            free (data);
            errno = saved_errno;
            return NULL;
        }
        got += n;
    }
    data[w.len] = '\0';
    *lenp = w.len;
    return data;
}

struct spool *spool_open (const char *path, unsigned digest_size, flux_error_t *errp)
{
    struct spool *sp = calloc (1, sizeof (*sp));

    if (!sp || !(sp->path = strdup (path))) {
        free (sp);
        errprintf (errp, "out of memory");
        return NULL;
    }
    sp->digest_size = digest_size;
    sp->fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (sp->fd < 0) {
        int saved_errno = errno;
        errprintf (errp, "%s: %s", path, strerror (errno));
        free (sp->path);
        free (sp);
        errno = saved_errno;
        return NULL;
    }
    return sp;
}

bool spool_has (const struct spool *sp, const uint8_t *digest)
{
    struct where w;

    return find (sp, digest, &w);
}

size_t spool_count (const struct spool *sp)
{
    size_t n = 0;

    for (int i = 0; i < TABLES; i++)
        n += sp->tables[i].used;
    return n;
}

static void spool_free (struct spool *sp)
{
    close (sp->fd);
    for (int i = 0; i < TABLES; i++)
        free (sp->tables[i].places);
    free (sp->path);
    free (sp);
}

void spool_close (struct spool *sp)
{
    if (!sp)
        return;
    int saved_errno = errno;
    unlink (sp->path);
    spool_free (sp);
    errno = saved_errno;
}

void spool_replace (struct spool *old, struct spool *other)
{
    char *path = other->path;

    other->path = old->path;
    old->path = path;
    spool_free (old);
}
