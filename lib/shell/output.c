/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/job/jsonbuf.h"
#include "lib/shell/ioencode.h"
#include "lib/shell/outfile.h"
#include "lib/shell/output.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "lib/util/utf8.h"

#define READ_SIZE (64 * 1024)
#define LINE_MAX_SIZE (1024 * 1024) // a longer line is passed on in parts

struct stream {
    struct output *out;
    const struct outconf_stream *conf;
    struct outfile *file; // NULL: eventlog, or forwarded
    char rank[16];
    ev_io readable;
    struct buf data; // read and not yet passed on
    bool terminal;
    struct stream *prev, *next;
};

struct output {
    struct ev_loop *loop;
    struct output_config config;
    struct outfile *files;
    struct stream *streams; // not ended
    size_t logged[2];       // bytes of stdout and stderr in the eventlog
    bool stopped;
    bool redirected[2];
    int forwarding; // requests to the leader that are not answered
};

static const struct shell_info *info_of (const struct output *out)
{
    return out->config.info;
}

static bool is_leader (const struct output *out)
{
    return info_of (out)->shell_rank == 0;
}

/* The file is that of the whole job, and there are other nodes: the leader writes it. */
static bool is_remote (const struct output *out, const struct outconf_stream *conf)
{
    return conf->path && conf->scope == MUSTACHE_JOB && !is_leader (out);
}

static void post_header (struct output *out)
{
    struct buf b = {0};
    int n = info_of (out)->ntasks;

    buf_printf (&b,
                "{\"version\":1,\"encoding\":{\"stdout\":\"UTF-8\",\"stderr\":\"UTF-8\"},"
                "\"count\":{\"stdout\":%d,\"stderr\":%d},\"options\":{}}",
                n, n);
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "header", b.data);
    buf_clear (&b);
}

static void post_redirect (struct output *out, const char *stream, const char *rank,
                           const char *path)
{
    struct buf b = {0};

    buf_printf (&b, "{\"stream\":\"%s\",\"rank\":\"%s\",\"path\":", stream, rank);
    jsonbuf_string (&b, path, strlen (path));
    buf_putc (&b, '}');
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "redirect", b.data);
    buf_clear (&b);
}

struct output *output_create (struct ev_loop *loop, const struct output_config *config)
{
    struct output *out = calloc (1, sizeof (*out));

    if (out) {
        out->loop = loop;
        out->config = *config;
        if (is_leader (out))
            post_header (out);
    }
    return out;
}

static void stream_destroy (struct stream *st)
{
    ev_io_stop (st->out->loop, &st->readable);
    if (st->readable.fd >= 0)
        close (st->readable.fd);
    buf_clear (&st->data);
    free (st);
}

void output_destroy (struct output *out)
{
    if (out) {
        int saved_errno = errno;
        struct stream *st, *tmp;
        DL_FOREACH_SAFE (out->streams, st, tmp)
        stream_destroy (st);
        outfile_close_all (&out->files);
        free (out);
        errno = saved_errno;
    }
}

void output_log (struct output *out, int level, const char *fmt, ...)
{
    struct buf b = {0};
    char text[1024];
    va_list ap;

    va_start (ap, fmt);
    int n = vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    if (n < 0)
        return;
    buf_printf (&b, "{\"rank\":%d,\"level\":%d,\"message\":", info_of (out)->shell_rank, level);
    jsonbuf_string (&b, text, strlen (text));
    buf_putc (&b, '}');
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "log", b.data);
    buf_clear (&b);
}

/* True when the eventlog takes len more bytes of this stream. */
static bool within_limit (struct output *out, const char *stream, size_t len)
{
    size_t *sum = &out->logged[!strcmp (stream, "stderr")];
    size_t limit = out->config.conf.limit;
    bool fits = *sum + len <= limit;

    if (!fits && *sum <= limit)
        output_log (out, LOG_WARNING, "%s will be truncated, limit of %zu bytes exceeded", stream,
                    limit);
    *sum += len;
    return fits;
}

/* Jobs with more than one task get one event per line, for clients that put the rank before each
 * event; with one task nobody does, and a whole read is one event. */
static void log_data (struct output *out, const char *stream, const char *rank, const char *data,
                      size_t len)
{
    struct buf *b = joblog_buf (out->config.log, JOBLOG_OUTPUT);
    double now = ev_now (out->loop);

    if (!within_limit (out, stream, len))
        return;
    while (len > 0) {
        const char *nl = info_of (out)->ntasks > 1 ? memchr (data, '\n', len) : NULL;
        size_t n = nl ? (size_t)(nl - data) + 1 : len;
        ioencode_event (b, now, stream, rank, data, n, false);
        data += n;
        len -= n;
    }
    joblog_added (out->config.log);
}

static void log_eof (struct output *out, const char *stream, const char *rank)
{
    ioencode_event (joblog_buf (out->config.log, JOBLOG_OUTPUT), ev_now (out->loop), stream, rank,
                    NULL, 0, true);
    joblog_added (out->config.log);
}

static void check_done (struct output *out)
{
    if (output_ended (out))
        out->config.done (out->config.arg);
}

static void forwarded (struct link *link, const flux_msg_t *response, void *arg)
{
    struct output *out = arg;

    out->forwarding--;
    output_update (out);
    check_done (out);
}

static void forward (struct stream *st, const char *data, size_t len)
{
    struct output *out = st->out;
    struct buf b = {0};

    ioencode_context (&b, st->conf->name, st->rank, data, len, false);
    json_t *o = b.err ? NULL : json_pack ("{s:o}", "file", json_loadb (b.data, b.len, 0, NULL));
    buf_clear (&b);
    if (o && link_rpc (out->config.link, out->config.write_topic, info_of (out)->leader_rank, 0, o,
                       forwarded, out) == 0)
        out->forwarding++;
}

static void file_error (struct output *out, const char *path)
{
    output_log (out, LOG_ERR, "write %s: %s", path, strerror (errno));
}

static void pass_on (struct stream *st, size_t len)
{
    struct output *out = st->out;

    if (len == 0)
        return;
    if (st->file) {
        if (outfile_write (st->file, st->conf->label ? st->rank : NULL, st->data.data, len) < 0)
            file_error (out, st->file->path);
    } else if (is_remote (out, st->conf))
        forward (st, st->data.data, len);
    else
        log_data (out, st->conf->name, st->rank, st->data.data, len);
    buf_consume (&st->data, len);
}

/* How much of what was read can go on: whole lines, or all but a character that is cut short. */
static size_t ready_length (const struct stream *st)
{
    size_t cut = 0;

    if (st->conf->line_buffered && !st->terminal && st->data.len < LINE_MAX_SIZE) {
        const char *nl = memrchr (st->data.data, '\n', st->data.len);
        return nl ? (size_t)(nl - st->data.data) + 1 : 0;
    }
    utf8_valid (st->data.data, st->data.len, &cut);
    return st->data.len - cut;
}

static void stream_end (struct stream *st)
{
    struct output *out = st->out;

    pass_on (st, st->data.len);
    if (!st->conf->path)
        log_eof (out, st->conf->name, st->rank);
    DL_DELETE (out->streams, st);
    stream_destroy (st);
    check_done (out);
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct stream *st = w->data;
    struct output *out = st->out;

    if (buf_reserve (&st->data, READ_SIZE) < 0)
        return;
    ssize_t n = read (w->fd, st->data.data + st->data.len, READ_SIZE);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { // a terminal whose other side was closed gives EIO
        stream_end (st);
        return;
    }
    st->data.len += n;
    st->data.data[st->data.len] = '\0';
    pass_on (st, ready_length (st));
    output_update (out);
}

static struct stream *add_stream (struct output *out, const struct outconf_stream *conf, int fd,
                                  int taskid)
{
    struct stream *st = calloc (1, sizeof (*st));

    if (!st)
        return NULL;
    st->out = out;
    st->conf = conf;
    snprintf (st->rank, sizeof (st->rank), "%d", taskid);
    ev_io_init (&st->readable, readable_cb, fd, EV_READ);
    st->readable.data = st;
    DL_APPEND (out->streams, st);
    if (!out->stopped && fd >= 0)
        ev_io_start (out->loop, &st->readable);
    return st;
}

/* A job's own file is told of once, with all ranks; files of nodes and tasks by each task. */
static void note_redirect (struct output *out, const struct outconf_stream *conf, int taskid,
                           const char *path)
{
    const struct shell_info *info = info_of (out);
    char rank[48];

    if (conf->scope != MUSTACHE_JOB || info->ntasks == 1)
        snprintf (rank, sizeof (rank), "%d", taskid);
    else {
        bool *done = &out->redirected[conf - out->config.conf.stream];
        if (*done)
            return;
        *done = true;
        snprintf (rank, sizeof (rank), "[0-%d]", info->ntasks - 1);
    }
    post_redirect (out, conf->name, rank, path);
}

static struct outfile *open_file (struct output *out, const struct outconf_stream *conf,
                                  int localid, flux_error_t *errp)
{
    int taskid = localid < 0 ? -1 : info_of (out)->taskids[localid];
    struct mustache m = {info_of (out), out->config.tmpdir, taskid, localid};
    char *path = mustache_render (&m, conf->path);

    if (!path) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    struct outfile *f = outfile_open (&out->files, path, out->config.conf.append);
    if (!f)
        errprintf (errp, "could not open output file %s: %s", path, strerror (errno));
    else
        note_redirect (out, conf, taskid, path);
    free (path);
    return f;
}

static int open_stream (struct output *out, int localid, const struct outconf_stream *conf, int *fd,
                        flux_error_t *errp)
{
    struct outfile *file = NULL;
    int pfd[2];

    if (conf->path && !is_remote (out, conf)) {
        if (!(file = open_file (out, conf, localid, errp)))
            return -1;
        bool shared = conf->scope == MUSTACHE_JOB && info_of (out)->nshells > 1;
        if (!conf->label && !shared) {
            *fd = file->fd;
            return 0;
        }
    }
    if (pipe2 (pfd, O_CLOEXEC) < 0)
        return errprintf (errp, "pipe: %s", strerror (errno));
    struct stream *st = add_stream (out, conf, pfd[0], info_of (out)->taskids[localid]);
    if (!st) {
        close (pfd[0]);
        close (pfd[1]);
        return errprintf (errp, "out of memory");
    }
    st->file = file;
    *fd = pfd[1];
    return 0;
}

static bool is_file (const struct output *out, int fd)
{
    struct outfile *f;

    LL_FOREACH (out->files, f)
    if (f->fd == fd)
        return true;
    return false;
}

void output_task_started (struct output *out, int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0 && !is_file (out, fds[i]))
            close (fds[i]);
        fds[i] = -1;
    }
}

int output_open_task (struct output *out, int localid, int fds[2], flux_error_t *errp)
{
    fds[0] = fds[1] = -1;
    for (int i = 0; i < 2; i++) {
        if (open_stream (out, localid, &out->config.conf.stream[i], &fds[i], errp) < 0) {
            output_task_started (out, fds);
            return -1;
        }
    }
    return 0;
}

int output_open_terminal (struct output *out, int localid, flux_error_t *errp)
{
    const struct outconf_stream *conf = &out->config.conf.stream[0];
    struct outfile *file = NULL;

    if (conf->path && !is_remote (out, conf) && !(file = open_file (out, conf, localid, errp)))
        return -1;
    struct stream *st = add_stream (out, conf, -1, info_of (out)->taskids[localid]);
    if (!st)
        return errprintf (errp, "out of memory");
    st->file = file;
    st->terminal = true;
    return 0;
}

static struct stream *find_terminal (struct output *out, int taskid)
{
    struct stream *st;

    DL_FOREACH (out->streams, st)
    if (st->terminal && atoi (st->rank) == taskid)
        return st;
    return NULL;
}

void output_terminal_data (struct output *out, int localid, const char *data, size_t len)
{
    struct stream *st = find_terminal (out, info_of (out)->taskids[localid]);

    if (!st)
        return;
    if (len == 0) {
        stream_end (st);
        return;
    }
    if (buf_append (&st->data, data, len) == 0)
        pass_on (st, ready_length (st));
}

int output_write_remote (struct output *out, json_t *context, flux_error_t *errp)
{
    const char *stream, *rank;
    char *data;
    size_t len;

    if (ioencode_decode (context, &stream, &rank, &data, &len, NULL) < 0)
        return errprintf (errp, "malformed data");
    const struct outconf_stream *conf = &out->config.conf.stream[!strcmp (stream, "stderr")];
    struct outfile *f = conf->path ? open_file (out, conf, -1, errp) : NULL;
    int rc = f ? outfile_write (f, conf->label ? rank : NULL, data, len) : -1;
    if (f && rc < 0)
        errprintf (errp, "write %s: %s", f->path, strerror (errno));
    free (data);
    return rc;
}

#define FORWARDING_MAX 64

void output_update (struct output *out)
{
    bool stop = joblog_busy (out->config.log) || out->forwarding >= FORWARDING_MAX;
    struct stream *st;

    if (stop == out->stopped)
        return;
    out->stopped = stop;
    DL_FOREACH (out->streams, st)
    {
        if (st->readable.fd < 0)
            continue;
        if (stop)
            ev_io_stop (out->loop, &st->readable);
        else
            ev_io_start (out->loop, &st->readable);
    }
}

bool output_ended (const struct output *out)
{
    return !out->streams && out->forwarding == 0;
}
