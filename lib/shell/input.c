/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/shell/input.h"
#include "lib/shell/ioencode.h"
#include "lib/shell/mustache.h"
#include "lib/shell/outconf.h"
#include "lib/util/bytes.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"

/* The end of a task's stdin that is written to. */
struct feed {
    struct input *in;
    ev_io writable; // its fd is -1 when closed, or when the task reads from a file
    struct buf data;
    bool eof;
};

struct input {
    struct ev_loop *loop;
    const struct shell_info *info;
    const char *tmpdir;
    struct joblog *log;
    const char *path; // template; NULL: service
    struct feed *feeds;
    struct idset *closed; // global ranks that have been sent their end of input
    bool all_closed;
    bool header;
    size_t limit;
    size_t total;
    double batch_timeout; // that what comes may wait for its log; below 0: as output
};

static int inval (flux_error_t *errp, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "invalid option input.%s", what);
}

static int read_options (struct input *in, flux_error_t *errp)
{
    json_t *o = json_object_get (in->info->options, "input"), *limit = NULL;
    const char *type = NULL;

    in->limit = INPUT_LIMIT_DEFAULT;
    in->batch_timeout = -1.;
    if (!o)
        return 0;
    if (shell_info_duration (in->info, "input.batch-timeout", &in->batch_timeout) < 0)
        return inval (errp, "batch-timeout");
    if (json_unpack (o, "{s?o s?{s?s s?s}}", "limit", &limit, "stdin", "type", &type, "path",
                     &in->path) < 0)
        return inval (errp, "stdin");
    if (type && !strcmp (type, "service"))
        in->path = NULL;
    else if (type && (strcmp (type, "file") != 0 || !in->path))
        return inval (errp, "stdin.type");
    if (json_is_integer (limit))
        in->limit = json_integer_value (limit);
    else if (limit &&
             (!json_is_string (limit) || bytes_parse (json_string_value (limit), &in->limit) < 0))
        return inval (errp, "limit");
    return in->limit == 0 || in->limit > INPUT_LIMIT_MAX ? inval (errp, "limit") : 0;
}

static void feed_close (struct feed *f)
{
    if (f->writable.fd >= 0) {
        ev_io_stop (f->in->loop, &f->writable);
        close (f->writable.fd);
        f->writable.fd = -1;
    }
    buf_clear (&f->data);
}

static void feed_write (struct feed *f)
{
    ssize_t n = 0;

    if (f->writable.fd < 0)
        return;
    while (f->data.len > 0 && (n = write (f->writable.fd, f->data.data, f->data.len)) > 0)
        buf_consume (&f->data, n);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        feed_close (f); // the task reads no more
    else if (f->data.len == 0 && f->eof)
        feed_close (f);
    else if (f->data.len > 0)
        ev_io_start (f->in->loop, &f->writable);
    else
        ev_io_stop (f->in->loop, &f->writable);
}

static void writable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    feed_write (w->data);
}

struct input *input_create (struct ev_loop *loop, const struct shell_info *info, const char *tmpdir,
                            struct joblog *log, flux_error_t *errp)
{
    struct input *in = calloc (1, sizeof (*in));

    if (!in || !(in->feeds = calloc (info->nlocal > 0 ? info->nlocal : 1, sizeof (*in->feeds)))) {
        input_destroy (in);
        errprintf (errp, "out of memory");
        return NULL;
    }
    in->loop = loop;
    in->info = info;
    in->tmpdir = tmpdir;
    in->log = log;
    for (int i = 0; i < info->nlocal; i++) {
        in->feeds[i].in = in;
        ev_io_init (&in->feeds[i].writable, writable_cb, -1, EV_WRITE);
        in->feeds[i].writable.data = &in->feeds[i];
    }
    if (read_options (in, errp) < 0) {
        input_destroy (in);
        return NULL;
    }
    return in;
}

void input_destroy (struct input *in)
{
    if (in) {
        int saved_errno = errno;
        for (int i = 0; in->info && i < in->info->nlocal; i++)
            feed_close (&in->feeds[i]);
        free (in->feeds);
        idset_destroy (in->closed);
        free (in);
        errno = saved_errno;
    }
}

static int open_file (struct input *in, int localid, flux_error_t *errp)
{
    struct mustache m = {in->info, in->tmpdir, in->info->taskids[localid], localid};
    char *path = mustache_render (&m, in->path);

    if (!path)
        return errprintf (errp, "out of memory");
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        errprintf (errp, "could not open input file %s: %s", path, strerror (errno));
    free (path);
    return fd;
}

int input_open_task (struct input *in, int localid, flux_error_t *errp)
{
    int pfd[2];

    if (in->path)
        return open_file (in, localid, errp);
    if (pipe2 (pfd, O_CLOEXEC) < 0)
        return errprintf (errp, "pipe: %s", strerror (errno));
    fd_set_nonblocking (pfd[1]);
    ev_io_set (&in->feeds[localid].writable, pfd[1], EV_WRITE);
    return pfd[0];
}

void input_task_started (struct input *in, int localid, int fd)
{
    close (fd);
    feed_write (&in->feeds[localid]); // what came before it started
}

void input_task_ended (struct input *in, int localid)
{
    feed_close (&in->feeds[localid]);
}

static void deliver_to (struct input *in, int localid, const char *data, size_t len, bool eof)
{
    struct feed *f = &in->feeds[localid];

    if (f->writable.fd < 0 || f->eof)
        return;
    if (buf_append (&f->data, data, len) < 0)
        return;
    f->eof = eof;
    feed_write (f);
}

void input_deliver (struct input *in, json_t *context)
{
    const char *rank;
    char *data;
    size_t len;
    bool eof;

    if (ioencode_decode (context, NULL, &rank, &data, &len, &eof) < 0)
        return;
    bool all = !strcmp (rank, "all");
    struct idset *ids = all ? NULL : idset_decode (rank);
    for (int i = 0; i < in->info->nlocal; i++)
        if (all || idset_test (ids, in->info->taskids[i]))
            deliver_to (in, i, data ? data : "", len, eof);
    idset_destroy (ids);
    free (data);
}

static void log_event (struct input *in, const char *name, const char *context)
{
    struct buf *b = joblog_buf (in->log, JOBLOG_INPUT);

    buf_printf (b, "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":%s}\n", walltime_now (), name,
                context);
}

/* An end does not wait. */
static void log_context (struct input *in, json_t *context, bool eof)
{
    char *s = json_dumps (context, JSON_COMPACT);

    if (!in->header)
        log_event (in, "header",
                   "{\"version\":1,\"encoding\":{\"stdin\":\"UTF-8\"},\"count\":{\"stdin\":1},"
                   "\"options\":{}}");
    in->header = true;
    if (s)
        log_event (in, "data", s);
    free (s);
    joblog_added_within (in->log, eof && in->batch_timeout >= 0. ? 0. : in->batch_timeout);
}

/* Remember whose input has ended. ranks NULL: that of all. */
static int note_eof (struct input *in, const struct idset *ranks)
{
    if (!ranks) {
        in->all_closed = true;
        return 0;
    }
    if (!in->closed && !(in->closed = idset_create (in->info->ntasks, 0)))
        return -1;
    return idset_add (in->closed, ranks);
}

static int check (struct input *in, const struct idset *ids, bool all)
{
    if (!all && (!ids || idset_empty (ids))) {
        errno = EPROTO;
        return -1;
    }
    if (in->path || in->all_closed || idset_has_intersection (in->closed, ids) ||
        (ids && idset_last (ids) >= (unsigned)in->info->ntasks)) {
        errno = EPIPE;
        return -1;
    }
    if (in->total > in->limit) {
        errno = EFBIG;
        return -1;
    }
    return 0;
}

size_t input_limit (const struct input *in)
{
    return in->limit;
}

int input_write (struct input *in, json_t *context)
{
    const char *rank;
    size_t len;
    bool eof;

    if (ioencode_decode (context, NULL, &rank, NULL, &len, &eof) < 0)
        return -1;
    bool all = !strcmp (rank, "all");
    struct idset *ids = all ? NULL : idset_decode (rank);
    in->total += len;
    int rc = check (in, ids, all);
    if (rc == 0) {
        log_context (in, context, eof);
        input_deliver (in, context);
        if (eof)
            rc = note_eof (in, ids);
    }
    int saved_errno = errno;
    idset_destroy (ids);
    errno = saved_errno;
    return rc;
}
