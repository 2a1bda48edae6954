/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The log of starts, see startlog.h. */

#include "config.h"

#include <stdio.h>

#include "lib/util/monotime.h"
#include "lib/util/stamp.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/startlog.h"

#define KEY "admin.eventlog"

static int post (struct kvs *kvs, const char *name, const char *more)
{
    char entry[256], stamp[STAMP_SIZE];

    stamp_format (stamp, walltime_now ());
    int n = snprintf (entry, sizeof (entry),
                      "{\"timestamp\":%s,\"name\":\"%s\",\"context\":{\"version\":1%s}}\n", stamp,
                      name, more);
    return kvs_local_append (kvs, NULL, KEY, entry, n);
}

int startlog_start (struct kvs *kvs)
{
    return post (kvs, "start", ",\"core_version\":\"" PACKAGE_VERSION "\"");
}

int startlog_finish (struct kvs *kvs)
{
    return post (kvs, "finish", "");
}
