/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What tasks get for their standard output and error: pipes, files, terminals. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/shell/output_private.h"
#include "lib/util/errprintf.h"

/* A job's own file is told of once, with all ranks; files of nodes and tasks by each task. */
static void note_redirect (struct output *out, const struct outconf_stream *conf, int taskid,
                           const char *path)
{
    const struct shell_info *info = output_info (out);
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
    output_post_redirect (out, conf->name, rank, path);
}

struct outfile *output_open_file (struct output *out, const struct outconf_stream *conf,
                                  int localid, flux_error_t *errp)
{
    int taskid = localid < 0 ? -1 : output_info (out)->taskids[localid];
    struct mustache m = {output_info (out), out->config.tmpdir, taskid, localid};
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

    if (conf->path && !output_is_remote (out, conf)) {
        if (!(file = output_open_file (out, conf, localid, errp)))
            return -1;
        if (conf == &out->config.conf.stream[1] && !out->error_file)
            out->error_file = file;
        bool shared = conf->scope == MUSTACHE_JOB && output_info (out)->nshells > 1;
        if (!conf->label && !shared) {
            *fd = file->fd;
            return 0;
        }
    }
    if (pipe2 (pfd, O_CLOEXEC) < 0)
        return errprintf (errp, "pipe: %s", strerror (errno));
    struct stream *st = output_add_stream (out, conf, pfd[0], output_info (out)->taskids[localid]);
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

    if (conf->path && !output_is_remote (out, conf) &&
        !(file = output_open_file (out, conf, localid, errp)))
        return -1;
    struct stream *st = output_add_stream (out, conf, -1, output_info (out)->taskids[localid]);
    if (!st)
        return errprintf (errp, "out of memory");
    st->file = file;
    st->terminal = true;
    return 0;
}
