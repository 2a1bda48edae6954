/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util/base64.h"
#include "lib/shell/jobfiles.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

struct file {
    const char *path;
    const char *encoding;
    json_t *data;
    int mode;
    json_int_t size;
};

static int inval (flux_error_t *errp, const char *path, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "file %s of the jobspec: %s", path, what);
}

static int failed (flux_error_t *errp, const char *path)
{
    return errprintf (errp, "file %s of the jobspec: %s", path, strerror (errno));
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

static int make_parents (int dirfd, const char *path)
{
    char parent[PATH_MAX];

    for (const char *p = path; (p = strchr (p, '/')); p++) {
        memcpy (parent, path, p - path);
        parent[p - path] = '\0';
        if (mkdirat (dirfd, parent, 0700) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* The content as bytes that the caller frees. */
static char *get_content (const struct file *f, size_t *len, flux_error_t *errp)
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
        inval (errp, f->path, "its encoding is not supported");
        return NULL;
    }
    size_t n = json_string_length (f->data);
    if (*f->encoding == 'b') {
        if (!(s = base64_decode_alloc (text, n, len)))
            inval (errp, f->path, "its base64 is malformed");
        return s;
    }
    if ((s = malloc (n + 1)))
        memcpy (s, text, n + 1);
    *len = n;
    return s;
}

static int write_regular (int dirfd, const struct file *f, flux_error_t *errp)
{
    size_t len;
    char *content = get_content (f, &len, errp);
    int rc = -1;

    if (!content)
        return -1;
    int fd = openat (dirfd, f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && fd_write_all (fd, content, len) == 0 && fchmod (fd, f->mode & 07777) == 0 &&
        (f->size <= (json_int_t)len || f->data || ftruncate (fd, f->size) == 0))
        rc = 0;
    if (rc < 0)
        failed (errp, f->path);
    if (fd >= 0)
        close (fd);
    free (content);
    return rc;
}

static int extract_one (int dirfd, const struct file *f, flux_error_t *errp)
{
    if (!valid_path (f->path))
        return inval (errp, f->path, "its path is not allowed");
    if (make_parents (dirfd, f->path) < 0)
        return failed (errp, f->path);
    if (S_ISREG (f->mode))
        return write_regular (dirfd, f, errp);
    if (S_ISDIR (f->mode)) {
        if (mkdirat (dirfd, f->path, f->mode & 0777) < 0 && errno != EEXIST)
            return failed (errp, f->path);
        return 0;
    }
    if (S_ISLNK (f->mode) && json_is_string (f->data)) {
        if (symlinkat (json_string_value (f->data), dirfd, f->path) < 0)
            return failed (errp, f->path);
        return 0;
    }
    return inval (errp, f->path, "it is of no known type");
}

static int extract_object (int dirfd, const char *path, json_t *o, flux_error_t *errp)
{
    struct file f = {.path = path};

    if (json_unpack (o, "{s?s s:i s?s s?o s?I}", "path", &f.path, "mode", &f.mode, "encoding",
                     &f.encoding, "data", &f.data, "size", &f.size) < 0 ||
        !f.path)
        return inval (errp, path ? path : "?", "malformed");
    return extract_one (dirfd, &f, errp);
}

int jobfiles_extract (json_t *files, const char *dir, flux_error_t *errp)
{
    const char *path;
    size_t index;
    json_t *o;
    int rc = 0;

    if (!files)
        return 0;
    int dirfd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return errprintf (errp, "%s: %s", dir, strerror (errno));
    json_object_foreach (files, path, o) if (rc == 0) rc = extract_object (dirfd, path, o, errp);
    json_array_foreach (files, index, o) if (rc == 0) rc = extract_object (dirfd, NULL, o, errp);
    close (dirfd);
    return rc;
}
