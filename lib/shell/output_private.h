/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the output of tasks share; nobody else includes it.
 *
 *   output.c       streams: what is read, and where it goes on to
 *   output_open.c  what tasks get for their standard output and error
 *   output_log.c   the eventlog guest.output */

#ifndef FLUX_SHELL_OUTPUT_PRIVATE_H
#define FLUX_SHELL_OUTPUT_PRIVATE_H

#include "lib/shell/outfile.h"
#include "lib/shell/output.h"
#include "lib/util/buf.h"

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
    struct outfile *error_file; // the first one that has a task's stderr, or NULL
    struct stream *streams;     // not ended
    size_t logged[2];           // bytes of stdout and stderr in the eventlog
    bool stopped;
    bool redirected[2];
    int forwarding; // requests to the leader that are not answered
};

static inline const struct shell_info *output_info (const struct output *out)
{
    return out->config.info;
}

static inline bool output_is_leader (const struct output *out)
{
    return output_info (out)->shell_rank == 0;
}

/* The file is that of the whole job, and there are other nodes: the leader writes it. */
static inline bool output_is_remote (const struct output *out, const struct outconf_stream *conf)
{
    return conf->path && conf->scope == MUSTACHE_JOB && !output_is_leader (out);
}

void output_post_header (struct output *out);
void output_post_redirect (struct output *out, const char *stream, const char *rank,
                           const char *path);
void output_log_data (struct output *out, const char *stream, const char *rank, const char *data,
                      size_t len);
void output_log_eof (struct output *out, const char *stream, const char *rank);

/* fd -1: a terminal, whose data comes by output_terminal_data(). */
struct stream *output_add_stream (struct output *out, const struct outconf_stream *conf, int fd,
                                  int taskid);

/* By the template of the stream; localid -1: for the whole job. */
struct outfile *output_open_file (struct output *out, const struct outconf_stream *conf,
                                  int localid, flux_error_t *errp);

#endif /* !FLUX_SHELL_OUTPUT_PRIVATE_H */
