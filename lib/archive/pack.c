/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/archive/pack.h"
#include "lib/util/base64.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/utf8.h"

/* What goes into the archive: "a/b" for "./a//b" and "/a/b". NULL for none (the folder itself). */
static const char *clean_path (const char *path, char *buf, size_t size)
{
    size_t n = 0;

    while (*path) {
        size_t len = strcspn (path, "/");
        if (len > 0 && !(len == 1 && *path == '.')) {
            if (n + len + 2 > size)
                return NULL;
            if (n > 0)
                buf[n++] = '/';
            memcpy (buf + n, path, len);
            n += len;
        }
        path += len + (path[len] == '/');
    }
    buf[n] = '\0';
    return n > 0 ? buf : NULL;
}

static bool has_dotdot (const char *path)
{
    for (; *path; path += strcspn (path, "/"), path += *path == '/')
        if (strncmp (path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
            return true;
    return false;
}

static json_t *base_object (const char *path, const struct stat *st)
{
    return json_pack ("{s:s s:I s:I s:I}", "path", path, "mode", (json_int_t)st->st_mode, "mtime",
                      (json_int_t)st->st_mtime, "ctime", (json_int_t)st->st_ctime);
}

static int set_text (json_t *o, const char *data, size_t len)
{
    json_t *text = NULL;
    const char *encoding = "utf-8";

    if (!memchr (data, '\0', len) && utf8_valid (data, len, NULL)) {
        text = json_stringn (data, len);
    } else {
        char *b64 = base64_encode_alloc (data, len);
        encoding = "base64";
        text = b64 ? json_string (b64) : NULL;
        free (b64);
    }
    return json_object_set_new (o, "data", text) < 0 ||
                   json_object_set_new (o, "encoding", json_string (encoding)) < 0
               ? -1
               : 0;
}

static int pack_small (json_t *o, const char *path)
{
    char *data;
    ssize_t len = file_read_all (path, SSIZE_MAX - 1, &data);
    int rc = len < 0 ? -1 : len == 0 ? 0 : set_text (o, data, (size_t)len);

    if (len >= 0)
        free (data);
    if (rc == 0) // as long as it was read
        json_object_set_new (o, "size", json_integer (len));
    return rc;
}

static int store_region (const struct archive_pack *p, json_t *blobvec, const char *map,
                         off_t begin, off_t end, flux_error_t *errp)
{
    char ref[128];

    for (off_t at = begin; at < end;) {
        off_t len = p->chunk > 0 && end - at > (off_t)p->chunk ? (off_t)p->chunk : end - at;
        if (p->store (map + at, (size_t)len, ref, sizeof (ref), p->arg, errp) < 0)
            return -1;
        json_array_append_new (blobvec,
                               json_pack ("[I,I,s]", (json_int_t)at, (json_int_t)len, ref));
        at += len;
    }
    return 0;
}

/* Region by region of what is no hole. */
static int store_regions (const struct archive_pack *p, int fd, off_t size, json_t *blobvec,
                          flux_error_t *errp)
{
    char *map = mmap (NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    int rc = 0;

    if (map == MAP_FAILED)
        return errprintf (errp, "%s", strerror (errno));
    for (off_t end = 0; rc == 0 && end < size;) {
        off_t begin = lseek (fd, end, SEEK_DATA);
        if (begin < 0 && errno == ENXIO) // the rest is a hole
            break;
        if (begin < 0)
            begin = end;
        if ((end = lseek (fd, begin, SEEK_HOLE)) < 0 || end > size)
            end = size;
        rc = store_region (p, blobvec, map, begin, end, errp);
    }
    munmap (map, (size_t)size);
    return rc;
}

static int pack_large (const struct archive_pack *p, json_t *o, const char *path,
                       const struct stat *st, flux_error_t *errp)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    json_t *blobvec = json_array ();
    int rc = fd < 0 || !blobvec ? errprintf (errp, "%s", strerror (errno))
                                : store_regions (p, fd, st->st_size, blobvec, errp);

    if (rc == 0 && json_array_size (blobvec) > 0) {
        json_object_set (o, "data", blobvec);
        json_object_set_new (o, "encoding", json_string ("blobvec"));
    }
    json_object_set_new (o, "size", json_integer (st->st_size));
    json_decref (blobvec);
    if (fd >= 0)
        close (fd);
    return rc;
}

static int pack_link (json_t *o, const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlink (path, target, sizeof (target) - 1);

    if (n < 0)
        return -1;
    json_t *text = json_stringn (target, (size_t)n);
    if (!text)
        errno = EILSEQ;
    return json_object_set_new (o, "data", text);
}

static int pack_content (const struct archive_pack *p, json_t *o, const char *path,
                         const struct stat *st, flux_error_t *errp)
{
    flux_error_t error = {""};
    int rc = 0;

    if (S_ISREG (st->st_mode) && (size_t)st->st_size > p->small) {
        rc = pack_large (p, o, path, st, &error);
    } else if (S_ISREG (st->st_mode)) {
        rc = pack_small (o, path);
    } else if (S_ISLNK (st->st_mode)) {
        rc = pack_link (o, path);
    } else if (!S_ISDIR (st->st_mode)) {
        errno = EINVAL;
        return errprintf (errp, "%s: neither a file nor a folder nor a symbolic link", path);
    }
    if (rc < 0)
        errprintf (errp, "%s: %s", path, *error.text ? error.text : strerror (errno));
    return rc;
}

static int pack_entry (const struct archive_pack *p, json_t *files, const FTSENT *e,
                       flux_error_t *errp)
{
    char buf[PATH_MAX];
    const char *name = clean_path (e->fts_path, buf, sizeof (buf));

    if (e->fts_info == FTS_DP || (!name && e->fts_info == FTS_D))
        return 0;
    if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
        errno = e->fts_errno;
        return errprintf (errp, "%s: %s", e->fts_path, strerror (errno));
    }
    if (!name || has_dotdot (e->fts_path)) {
        errno = EINVAL;
        return errprintf (errp, "%s: such a path cannot be in an archive", e->fts_path);
    }
    if (p->begin)
        p->begin (name, p->arg);
    json_t *o = base_object (name, e->fts_statp);
    if (!o) {
        errno = EILSEQ;
        return errprintf (errp, "%s: its name is not UTF-8", e->fts_path);
    }
    int rc = pack_content (p, o, e->fts_accpath, e->fts_statp, errp);
    if (rc == 0)
        rc = json_array_append (files, o);
    json_decref (o);
    return rc;
}

static int by_name (const FTSENT **a, const FTSENT **b)
{
    return strcmp ((*a)->fts_name, (*b)->fts_name);
}

int archive_pack (const struct archive_pack *p, json_t *files, const char *path, flux_error_t *errp)
{
    char *const paths[] = {(char *)path, NULL};
    FTS *fts = fts_open (paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    int rc = 0;
    FTSENT *e;

    if (!fts)
        return errprintf (errp, "%s: %s", path, strerror (errno));
    while (rc == 0 && (e = fts_read (fts)))
        rc = pack_entry (p, files, e, errp);
    int saved_errno = errno;
    fts_close (fts);
    errno = saved_errno;
    return rc;
}
