/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/array_room.h"
#include "shell/service/job_manager/jobids.h"
#include "shell/service/kvs/kvs.h"

#define LEVELS 4 // job.xxxx.xxxx.xxxx.xxxx

/* One directory of them, or the whole. */
struct level {
    struct kvs *kvs;
    struct jobids ids; // of the entries, or the first parts of them
    uint64_t prefix;
    int depth;
};

static int add_id (struct jobids *ids, uint64_t id)
{
    if (ARRAY_ROOM (ids->id, ids->count, ids->size, 1024) < 0)
        return -1;
    ids->id[ids->count++] = id;
    return 0;
}

/* The directory is not to be looked into while it is listed: collect, then go down. */
static int take_name (const char *name, bool is_dir, void *arg)
{
    struct level *level = arg;
    char *end;
    unsigned long part = strtoul (name, &end, 16);

    if (!is_dir || strlen (name) != 4 || *end)
        return 0; // none of ours
    return add_id (&level->ids, level->prefix << 16 | part);
}

static int list_level (struct level *level)
{
    char key[64] = "job";
    size_t len = 3;

    for (int i = level->depth - 1; i >= 0; i--)
        len += snprintf (key + len, sizeof (key) - len, ".%04x",
                         (unsigned)(level->prefix >> (16 * i)) & 0xffff);
    if (kvs_local_list (level->kvs, NULL, key, take_name, level) < 0)
        return errno == ENOENT ? 0 : -1;
    return 0;
}

static int find_below (struct jobids *all, struct kvs *kvs, uint64_t prefix, int depth)
{
    struct level level = {.kvs = kvs, .prefix = prefix, .depth = depth};
    int rc = list_level (&level);

    for (size_t i = 0; rc == 0 && i < level.ids.count; i++)
        rc = depth + 1 == LEVELS ? add_id (all, level.ids.id[i])
                                 : find_below (all, kvs, level.ids.id[i], depth + 1);
    jobids_clear (&level.ids);
    return rc;
}

int jobids_find (struct jobids *ids, struct kvs *kvs)
{
    return find_below (ids, kvs, 0, 0);
}

void jobids_clear (struct jobids *ids)
{
    free (ids->id);
    *ids = (struct jobids){0};
}
