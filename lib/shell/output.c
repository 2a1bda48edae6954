/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Output of tasks: what is read, and where it goes on to. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/shell/ioencode.h"
#include "lib/shell/output_private.h"
#include "lib/util/errprintf.h"
#include "lib/util/utf8.h"

#define READ_SIZE (64 * 1024)
#define LINE_MAX_SIZE (1024 * 1024) // a longer line is passed on in parts

struct output *output_create (struct ev_loop *loop, const struct output_config *config)
{
    struct output *out = calloc (1, sizeof (*out));

    if (out) {
        out->loop = loop;
        out->config = *config;
        if (output_is_leader (out))
            output_post_header (out);
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
    struct stream *st, *tmp;

    if (!out)
        return;
    DL_FOREACH_SAFE (out->streams, st, tmp)
    stream_destroy (st);
    outfile_close_all (&out->files);
    free (out);
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
    if (o && link_rpc (out->config.link, out->config.write_topic, output_info (out)->leader_rank, 0,
                       o, forwarded, out) == 0)
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
    } else if (output_is_remote (out, st->conf))
        forward (st, st->data.data, len);
    else
        output_log_data (out, st->conf->name, st->rank, st->data.data, len);
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
        output_log_eof (out, st->conf->name, st->rank);
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

struct stream *output_add_stream (struct output *out, const struct outconf_stream *conf, int fd,
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
    struct stream *st = find_terminal (out, output_info (out)->taskids[localid]);

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
    struct outfile *f = conf->path ? output_open_file (out, conf, -1, errp) : NULL;
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
