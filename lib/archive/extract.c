/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/archive/extract.h"
#include "lib/util/base64.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

struct file {
    const char *path;
    const char *encoding;
    const json_t *data;
    int mode;
    json_int_t size;
};

struct job {
    const struct archive_extract *x;
    int dirfd; // where all goes
    flux_error_t *errp;
};

static int inval (const struct job *job, const char *path, const char *what)
{
    errno = EINVAL;
    return errprintf (job->errp, "%s: %s: %s", job->x->what, path, what);
}

static int failed (const struct job *job, const char *path)
{
    return errprintf (job->errp, "%s: %s: %s", job->x->what, path, strerror (errno));
}

/* Relative, and no part of it is empty, "." or "..". */
static bool valid_path (const char *path)
{
    size_t len = strlen (path);

    if (len == 0 || len >= PATH_MAX)
        return false;
    for (;;) {
        size_t n = strcspn (path, "/");
        if (n == 0 || (n == 1 && *path == '.') || (n == 2 && !strncmp (path, "..", 2)))
            return false;
        if (path[n] == '\0')
            return true;
        path += n + 1;
    }
}

/* The folder that a path's last part is in, opened part by part: none may be a link, which could
 * lead anywhere. *last points into path. */
static int open_parent (const struct job *job, const char *path, const char **last)
{
    char part[NAME_MAX + 1];
    const char *slash;
    int fd = dup (job->dirfd);

    for (; fd >= 0 && (slash = strchr (path, '/')); path = slash + 1) {
        if ((size_t)(slash - path) > NAME_MAX) {
            close (fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy (part, path, slash - path);
        part[slash - path] = '\0';
        int next = -1;
        if (mkdirat (fd, part, 0700) == 0 || errno == EEXIST)
            next = openat (fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int saved_errno = errno;
        close (fd);
        errno = saved_errno;
        fd = next;
    }
    *last = path;
    return fd;
}

/* The content as bytes that the caller frees. */
static char *get_content (const struct job *job, const struct file *f, size_t *len)
{
    char *s;

    *len = 0;
    if (!f->data)
        return strdup ("");
    if (!f->encoding) {
        s = json_dumps (f->data, JSON_ENCODE_ANY);
        *len = s ? strlen (s) : 0;
        return s;
    }
    const char *text = json_string_value (f->data);
    if (!text || (strcmp (f->encoding, "utf-8") != 0 && strcmp (f->encoding, "base64") != 0)) {
        inval (job, f->path, "its encoding is not supported");
        return NULL;
    }
    size_t n = json_string_length (f->data);
    if (*f->encoding == 'b') {
        if (!(s = base64_decode_alloc (text, n, len)))
            inval (job, f->path, "its base64 is malformed");
        return s;
    }
    if ((s = malloc (n + 1)))
        memcpy (s, text, n + 1);
    *len = n;
    return s;
}

static int fill_from_blobs (const struct job *job, const struct file *f, int fd)
{
    if (!job->x->write_blobs)
        return inval (job, f->path, "its encoding is not supported");
    if (f->size < 0)
        return inval (job, f->path, "its size is negative");
    if (ftruncate (fd, f->size) < 0)
        return failed (job, f->path);
    flux_error_t error;
    if (job->x->write_blobs (fd, f->data, job->x->arg, &error) < 0)
        return errprintf (job->errp, "%s: %s: %s", job->x->what, f->path, error.text);
    return 0;
}

static int fill_from_content (const struct job *job, const struct file *f, int fd)
{
    size_t len;
    char *content = get_content (job, f, &len);
    int rc = content ? 0 : -1;

    /* An empty one may be sparse, with a size. */
    if (rc == 0 && (fd_write_all (fd, content, len) < 0 ||
                    (!f->data && f->size > 0 && ftruncate (fd, f->size) < 0)))
        rc = failed (job, f->path);
    free (content);
    return rc;
}

static int write_regular (const struct job *job, const struct file *f, int parent, const char *name)
{
    if (job->x->overwrite && unlinkat (parent, name, 0) < 0 && errno != ENOENT)
        return failed (job, f->path);
    int fd = openat (parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed (job, f->path);
    int rc = f->encoding && strcmp (f->encoding, "blobvec") == 0 ? fill_from_blobs (job, f, fd)
                                                                 : fill_from_content (job, f, fd);
    if (rc == 0 && fchmod (fd, f->mode & 07777) < 0)
        rc = failed (job, f->path);
    close (fd);
    return rc;
}

static int extract_as (const struct job *job, const struct file *f, int parent, const char *name)
{
    if (S_ISREG (f->mode))
        return write_regular (job, f, parent, name);
    if (S_ISDIR (f->mode)) {
        if (mkdirat (parent, name, f->mode & 0777) < 0 && errno != EEXIST)
            return failed (job, f->path);
        return 0;
    }
    if (S_ISLNK (f->mode) && json_is_string (f->data)) {
        if (job->x->overwrite && unlinkat (parent, name, 0) < 0 && errno != ENOENT)
            return failed (job, f->path);
        if (symlinkat (json_string_value (f->data), parent, name) < 0)
            return failed (job, f->path);
        return 0;
    }
    return inval (job, f->path, "it is of no known type");
}

static int extract_one (const struct job *job, const struct file *f)
{
    const char *name;
    int parent, rc;

    if (!valid_path (f->path))
        return inval (job, f->path, "its path is not allowed");
    if (job->x->pattern && fnmatch (job->x->pattern, f->path, 0) != 0)
        return 0;
    if (job->x->begin)
        job->x->begin (f->path, job->x->arg);
    if ((parent = open_parent (job, f->path, &name)) < 0)
        return failed (job, f->path);
    rc = extract_as (job, f, parent, name);
    int saved_errno = errno;
    close (parent);
    errno = saved_errno;
    return rc;
}

static int extract_object (const struct job *job, const char *path, const json_t *o)
{
    struct file f = {.path = path};

    if (json_unpack ((json_t *)o, "{s?s s:i s?s s?o s?I}", "path", &f.path, "mode", &f.mode,
                     "encoding", &f.encoding, "data", &f.data, "size", &f.size) < 0 ||
        !f.path)
        return inval (job, path ? path : "?", "malformed");
    return extract_one (job, &f);
}

int archive_extract (const struct archive_extract *x, const json_t *files, const char *dir,
                     flux_error_t *errp)
{
    struct job job = {x, -1, errp};
    const char *path;
    size_t index;
    json_t *o;
    int rc = 0;

    if (!files)
        return 0;
    if ((job.dirfd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return errprintf (errp, "%s: %s", dir, strerror (errno));
    json_object_foreach ((json_t *)files, path, o)
    {
        if (rc == 0)
            rc = extract_object (&job, path, o);
    }
    json_array_foreach (files, index, o)
    {
        if (rc == 0)
            rc = extract_object (&job, NULL, o);
    }
    int saved_errno = errno;
    close (job.dirfd);
    errno = saved_errno;
    return rc;
}
