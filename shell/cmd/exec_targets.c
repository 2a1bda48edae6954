/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The ranks that flux exec runs on. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "shell/cmd/exec_targets.h"

/* The ranks that a job has, from its R. */
static struct idset *job_ranks (struct cmd *c, flux_t *h, const char *job)
{
    json_t *in = cmd_pack (c, "{s:I s:[s] s:i}", "id", (json_int_t)cmd_jobid (c, job), "keys", "R",
                           "flags", 0);
    json_t *out = cmd_rpc (c, h, "job-info.lookup", FLUX_NODEID_ANY, in, job);
    const char *text = json_string_value (json_object_get (out, "R"));
    json_t *R = text ? json_loads (text, 0, NULL) : NULL, *entry;
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    size_t i;

    json_array_foreach (json_object_get (json_object_get (R, "execution"), "R_lite"), i, entry)
    {
        const char *s = json_string_value (json_object_get (entry, "rank"));
        struct idset *some = s ? idset_decode (s) : NULL;
        if (some && ids)
            idset_add (ids, some);
        idset_destroy (some);
    }
    json_decref (R);
    json_decref (out);
    if (!ids || idset_empty (ids))
        cmd_die (c, "job %s has no nodes", job);
    return ids;
}

/* --jobid: idsets of the options are places among the job's ranks. */
static struct idset *pick_places (const struct idset *ranks, const struct idset *places)
{
    struct idset *out = idset_create (0, IDSET_FLAG_AUTOGROW);
    unsigned int place = 0;

    for (unsigned int r = idset_first (ranks); out && r != IDSET_INVALID_ID;
         r = idset_next (ranks, r)) {
        if (idset_test (places, place++))
            idset_set (out, r);
    }
    return out;
}

struct idset *exec_targets (struct cmd *c, flux_t *h)
{
    struct idset *job = cmd_has (c, "jobid") ? job_ranks (c, h, cmd_str (c, "jobid", "")) : NULL;
    const char *s = cmd_str (c, "rank", "all"), *not = cmd_str (c, "exclude", NULL);
    struct idset *ids;
    uint32_t size;

    if (strcmp (s, "all") == 0) {
        if (job)
            size = (uint32_t)idset_count (job);
        else if (flux_get_size (h, &size) < 0)
            cmd_die (c, "size: %s", strerror (errno));
        if (!(ids = idset_create (size, 0)) || idset_range_set (ids, 0, size - 1) < 0)
            cmd_die (c, "size: %s", strerror (errno));
    } else if (!(ids = idset_decode (s)))
        cmd_die (c, "--rank=%s: not an idset", s);
    if (not ) {
        struct idset *out = idset_decode (not );
        if (!out)
            cmd_die (c, "--exclude=%s: not an idset", not );
        idset_subtract (ids, out);
        idset_destroy (out);
    }
    if (job) {
        struct idset *picked = pick_places (job, ids);
        idset_destroy (ids);
        idset_destroy (job);
        if (!(ids = picked))
            cmd_die (c, "out of memory");
    }
    if (idset_empty (ids))
        cmd_die (c, "there are no ranks to run on");
    return ids;
}
