/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>

#include <flux/request.h>

#include "lib/util/array_room.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/slice.h"

/* job-manager.history.get: ids of a user's jobs, the newest first (flux job last). */
struct history {
    uint32_t userid;
    json_int_t *ids;
    size_t count, size;
};

static int history_add (struct job *job, void *arg)
{
    struct history *h = arg;

    if (job->userid != h->userid)
        return 0;
    if (ARRAY_ROOM (h->ids, h->count, h->size, 64) < 0)
        return -1;
    h->ids[h->count++] = job->id;
    return 0;
}

static int newest_first (const void *a, const void *b)
{
    json_int_t x = *(const json_int_t *)a, y = *(const json_int_t *)b;
    return x > y ? -1 : x < y;
}

void history_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    int userid = -1;
    struct history h = {.userid = request_sender (msg)};
    json_t *ids = json_array ();
    const char *slice = "[:]";
    struct slice part = {0};

    if (flux_request_unpack (msg, NULL, "{s?i s?s}", "userid", &userid, "slice", &slice) == 0 &&
        userid != -1)
        h.userid = userid;
    if (flux_msg_authorize (msg, h.userid) < 0) {
        router_respond_error (rt, msg, EPERM, NULL);
        json_decref (ids);
        return;
    }
    job_manager_walk (jm, JOB_NEW | JOB_ACTIVE | JOB_INACTIVE, history_add, &h);
    if (h.count > 0)
        qsort (h.ids, h.count, sizeof (h.ids[0]), newest_first);
    if (slice_parse (&part, slice, h.count) < 0) {
        router_respond_error (rt, msg, EINVAL, "slice is not [start:stop[:step]]");
        json_decref (ids);
        free (h.ids);
        return;
    }
    for (size_t i = 0; i < part.count; i++)
        json_array_append_new (ids, json_integer (h.ids[part.start + (long)i * part.step]));
    router_respond_pack (rt, msg, "{s:o}", "jobs", ids);
    free (h.ids);
}
