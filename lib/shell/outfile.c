/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/shell/outfile.h"
#include "lib/util/buf.h"
#include "lib/util/fdutil.h"

struct outfile *outfile_open (struct outfile **files, const char *path, bool append)
{
    struct outfile *f;

    LL_FOREACH (*files, f)
    if (!strcmp (f->path, path))
        return f;
    if (!(f = calloc (1, sizeof (*f))) || !(f->path = strdup (path))) {
        free (f);
        return NULL;
    }
    f->at_line_start = true;
    f->fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (append ? 0 : O_TRUNC), 0644);
    if (f->fd < 0) {
        free (f->path);
        free (f);
        return NULL;
    }
    LL_PREPEND (*files, f);
    return f;
}

void outfile_close_all (struct outfile **files)
{
    struct outfile *f, *tmp;

    LL_FOREACH_SAFE (*files, f, tmp)
    {
        close (f->fd);
        free (f->path);
        free (f);
    }
    *files = NULL;
}

static int write_labelled (struct outfile *f, const char *label, const char *data, size_t len)
{
    struct buf b = {0};
    const char *end = data + len, *next;

    for (; data < end; data = next) {
        const char *nl = memchr (data, '\n', end - data);
        next = nl ? nl + 1 : end;
        if (f->at_line_start)
            buf_printf (&b, "%s: ", label);
        buf_append (&b, data, next - data);
        f->at_line_start = nl != NULL;
    }
    int rc = b.err ? -1 : fd_write_all (f->fd, b.data, b.len);
    buf_clear (&b);
    return rc;
}

int outfile_write (struct outfile *f, const char *label, const char *data, size_t len)
{
    if (len == 0)
        return 0;
    if (label)
        return write_labelled (f, label, data, len);
    return fd_write_all (f->fd, data, len);
}
