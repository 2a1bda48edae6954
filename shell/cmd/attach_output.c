/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Output of a job that is attached to, and log messages of its shells. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/job/logtext.h"
#include "shell/cmd/attach_private.h"

#define LABEL_SIZE 256 // ranks of a job and two characters

bool attach_on_data (struct jobstream *js, const struct iodata *io, void *arg)
{
    struct attach *a = arg;
    FILE *f = strcmp (io->stream, "stdout") == 0 ? stdout : stderr;
    bool seen = a->pty && a->pty_capture && strcmp (io->rank, "0") == 0;

    if (a->tail) // it is not known yet whether this is of the last lines
        return false;
    if (io->len > 0 && !seen) {
        char label[LABEL_SIZE];
        snprintf (label, sizeof (label), "%s: ", io->rank);
        iodata_print (f, io, a->opts->label_io ? label : NULL);
    }
    return true;
}

static void on_data_event (struct attach *a, json_t *context)
{
    struct iodata io;

    if (iodata_decode (&io, context) < 0)
        return;
    attach_on_data (a->js, &io, a);
    iodata_clear (&io);
}

void attach_print_log (FILE *f, double t, json_t *context, bool verbose)
{
    struct buf b = {0};

    logtext_append (&b, t, context, verbose);
    if (b.data)
        fputs (b.data, f);
    buf_clear (&b);
}

static void print_output (struct attach *a, double t, const char *name, json_t *context)
{
    const char *stream = "", *rank = "", *path = NULL;

    if (strcmp (name, "data") == 0)
        on_data_event (a, context);
    else if (strcmp (name, "log") == 0) {
        if (!a->opts->quiet)
            attach_print_log (stderr, t - jobstream_t0 (a->js), context, a->opts->verbose);
    } else if (strcmp (name, "redirect") == 0 && !a->opts->quiet && !a->opts->no_redirects) {
        json_unpack (context, "{s?s s?s s?s}", "stream", &stream, "rank", &rank, "path", &path);
        fprintf (stderr, "%s: %s redirected%s%s\n", rank, stream, path ? " to " : "",
                 path ? path : "");
    }
}

/* With --tail, keep the last lines until the output so far was told. */
void attach_output_event (struct attach *a, double t, const char *name, json_t *context)
{
    if (!a->tail || (strcmp (name, "data") != 0 && strcmp (name, "log") != 0)) {
        print_output (a, t, name, context);
        return;
    }
    if (!json_object_get (context, "data") && strcmp (name, "data") == 0)
        return;
    json_array_append_new (a->tail, json_pack ("[f s O]", t, name, context));
    if (json_array_size (a->tail) > (size_t)a->opts->tail)
        json_array_remove (a->tail, 0);
}

void attach_tail_flush (struct attach *a)
{
    json_t *tail = a->tail, *o;
    size_t i;

    a->tail = NULL;
    json_array_foreach (tail, i, o)
        print_output (a, json_number_value (json_array_get (o, 0)),
                      json_string_value (json_array_get (o, 1)), json_array_get (o, 2));
    json_decref (tail);
}
