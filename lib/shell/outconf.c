/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/shell/outconf.h"
#include "lib/util/bytes.h"
#include "lib/util/errprintf.h"

static int inval (flux_error_t *errp, const char *name, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "invalid option output.%s%s%s", name, *name ? "." : "", what);
}

static int read_limit (struct outconf *conf, json_t *o, flux_error_t *errp)
{
    conf->limit = OUTCONF_LIMIT_DEFAULT;
    if (json_is_integer (o))
        conf->limit = json_integer_value (o);
    else if (o && (!json_is_string (o) || bytes_parse (json_string_value (o), &conf->limit) < 0))
        return inval (errp, "", "limit");
    if (conf->limit == 0 || conf->limit > OUTCONF_LIMIT_DEFAULT)
        return inval (errp, "", "limit");
    return 0;
}

static int read_stream (struct outconf_stream *st, json_t *output, flux_error_t *errp)
{
    const char *type = NULL, *buffer = NULL;
    json_t *o = json_object_get (output, st->name);
    int label = st->label;

    if (o && json_unpack (o, "{s?s s?s s?b s?{s?s}}", "type", &type, "path", &st->path, "label",
                          &label, "buffer", "type", &buffer) < 0)
        return inval (errp, st->name, "");
    st->label = label;
    if (type && !strcmp (type, "kvs"))
        st->path = NULL;
    else if (type && !strcmp (type, "term") && !st->path)
        ; // a shell has no terminal: who is attached shows it on theirs
    else if (type && !strcmp (type, "file") && !st->path)
        return inval (errp, st->name, "path");
    else if (type && strcmp (type, "file") != 0)
        return inval (errp, st->name, "type");
    if (st->path)
        st->scope = mustache_scope (st->path);
    if (buffer && !strcasecmp (buffer, "none"))
        st->line_buffered = false;
    else if (buffer && !strcasecmp (buffer, "line"))
        st->line_buffered = true;
    else if (buffer)
        return inval (errp, st->name, "buffer.type");
    return 0;
}

int outconf_init (struct outconf *conf, const struct shell_info *info, flux_error_t *errp)
{
    json_t *output = json_object_get (info->options, "output");
    const char *mode = "truncate";

    *conf = (struct outconf){.batch_timeout = OUTCONF_BATCH_TIMEOUT};
    if ((output && json_unpack (output, "{s?s}", "mode", &mode) < 0) ||
        shell_info_duration (info, "output.batch-timeout", &conf->batch_timeout) < 0)
        return inval (errp, "", "mode or batch-timeout");
    if (strcmp (mode, "truncate") != 0 && strcmp (mode, "append") != 0)
        return inval (errp, "", "mode");
    conf->first_timeout =
        json_object_get (output, "batch-timeout") ? conf->batch_timeout : OUTCONF_FIRST_TIMEOUT;
    conf->append = !strcmp (mode, "append");
    if (!(conf->batch_timeout >= 0. && conf->batch_timeout < 3600.))
        return inval (errp, "", "batch-timeout");
    if (read_limit (conf, json_object_get (output, "limit"), errp) < 0)
        return -1;
    conf->stream[0] = (struct outconf_stream){.name = "stdout", .line_buffered = true};
    if (read_stream (&conf->stream[0], output, errp) < 0)
        return -1;
    conf->stream[1] = conf->stream[0]; // but for its buffer, stderr goes where stdout goes
    conf->stream[1].name = "stderr";
    conf->stream[1].line_buffered = false;
    return read_stream (&conf->stream[1], output, errp);
}
