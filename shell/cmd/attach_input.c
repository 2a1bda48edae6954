/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/attach_input.h"
#include "shell/cmd/iodata.h"

/* Requests under way; while there are so many, standard input is not read. */
#define INPUT_PENDING_MAX 16
#define INPUT_CHUNK 16384

struct attach_input {
    flux_t *h;
    char *topic;
    char *ranks;
    int rank;
    flux_watcher_t *w;
    int pending;
    bool started, eof, sent_data;
};

static void on_sent (flux_future_t *f, void *arg)
{
    struct attach_input *in = arg;

    in->pending--;
    if (flux_future_get (f, NULL) < 0) {
        if (in->sent_data && !in->eof) // a job may take no input; one line says so
            fprintf (stderr, "flux-job: stdin not accepted by job\n");
        in->eof = true;
    }
    if (!in->eof && in->started)
        flux_watcher_start (in->w);
    flux_future_destroy (f);
}

int attach_input_send (struct attach_input *in, const char *ranks, const void *data, size_t len,
                       bool eof)
{
    flux_future_t *f;
    json_t *o = iodata_encode ("stdin", ranks, data, len, eof);

    if (!o || !(f = flux_rpc_pack (in->h, in->topic, in->rank, 0, "o", o)))
        return -1;
    if (flux_future_then (f, -1., on_sent, in) < 0) {
        flux_future_destroy (f);
        return -1;
    }
    in->pending++;
    return 0;
}

static void on_readable (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct attach_input *in = arg;
    char data[INPUT_CHUNK];
    ssize_t n = read (STDIN_FILENO, data, sizeof (data));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        in->sent_data = true;
        attach_input_send (in, in->ranks, data, n, false);
    } else {
        attach_input_send (in, in->ranks, NULL, 0, true);
        in->eof = true;
    }
    if (in->eof || in->pending >= INPUT_PENDING_MAX)
        flux_watcher_stop (in->w);
}

/* A terminal from which another process group reads would stop us. */
static bool in_background (void)
{
    return isatty (STDIN_FILENO) && tcgetpgrp (STDIN_FILENO) != getpgrp ();
}

static flux_watcher_t *make_watcher (struct attach_input *in)
{
    return flux_fd_watcher_create (flux_get_reactor (in->h), STDIN_FILENO, FLUX_POLLIN, on_readable,
                                   in);
}

struct attach_input *attach_input_create (flux_t *h, const char *service, int rank,
                                          const char *ranks)
{
    struct attach_input *in = calloc (1, sizeof (*in));

    if (!in)
        return NULL;
    in->h = h;
    in->rank = rank;
    if (asprintf (&in->topic, "%s.stdin", service) < 0)
        in->topic = NULL;
    in->ranks = strdup (ranks);
    if (!in->topic || !in->ranks || !(in->w = make_watcher (in))) {
        attach_input_destroy (in);
        return NULL;
    }
    return in;
}

int attach_input_start (struct attach_input *in)
{
    if (fcntl (STDIN_FILENO, F_GETFD) < 0) // closed: as good as empty
        return attach_input_send (in, in->ranks, NULL, 0, true);
    if (in_background ())
        return 0;
    in->started = true;
    flux_watcher_start (in->w);
    return 0;
}

void attach_input_stop (struct attach_input *in)
{
    in->eof = true;
    flux_watcher_stop (in->w);
}

void attach_input_destroy (struct attach_input *in)
{
    if (!in)
        return;
    flux_watcher_destroy (in->w);
    free (in->topic);
    free (in->ranks);
    free (in);
}
