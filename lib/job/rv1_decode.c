/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1 (RFC 20): text to resource sets. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/job/decode.h"
#include "lib/job/limits.h"
#include "lib/job/rv1_decode.h"
#include "lib/job/rv1_private.h"
#include "lib/util/errprintf.h"

#define invalid(errp, ...) decode_invalid ((errp), "R", __VA_ARGS__)

int rv1_decode_ids (const json_t *o, const char *what, unsigned int max, struct idset **setp,
                    flux_error_t *errp)
{
    const char *s = json_string_value (o);
    idset_error_t error;
    size_t count;
    unsigned int maxid;

    *setp = NULL;
    if (!o)
        return 0;
    if (!s)
        return invalid (errp, "%s must be an idset", what);
    if (idset_decode_info (s, -1, &count, &maxid, &error) < 0)
        return invalid (errp, "%s: %s", what, error.text);
    if (count == 0)
        return 0;
    if (maxid >= max || count > RV1_MAX_RANKS)
        return invalid (errp, "%s '%.40s' holds too many or too large ids", what, s);
    if (!(*setp = idset_decode_ex (s, -1, maxid + 1, IDSET_FLAG_AUTOGROW, &error)))
        return errprintf (errp, "R: %s: %s", what, error.text);
    return 0;
}

static struct rv1_children *take_children (const json_t *o, flux_error_t *errp)
{
    struct idset *core = NULL, *gpu = NULL;

    if (!json_is_object (o)) {
        invalid (errp, "an entry of R_lite has no children");
        return NULL;
    }
    if (rv1_decode_ids (json_object_get (o, "core"), "core", RV1_MAX_ID, &core, errp) < 0 ||
        rv1_decode_ids (json_object_get (o, "gpu"), "gpu", RV1_MAX_ID, &gpu, errp) < 0) {
        idset_destroy (core);
        return NULL;
    }
    struct rv1_children *c = rv1_children_create (core, gpu);
    if (!c)
        errprintf (errp, "out of memory");
    return c;
}

int rv1_decode_ranks (const json_t *entry, struct idset **setp, flux_error_t *errp)
{
    json_t *rank = json_object_get (entry, "rank");

    *setp = NULL;
    if (json_is_integer (rank) && json_integer_value (rank) >= 0 &&
        json_integer_value (rank) < (json_int_t)IDSET_MAX_UNIVERSE) {
        if (!(*setp = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
            idset_set (*setp, json_integer_value (rank)) < 0) {
            idset_destroy (*setp);
            return errprintf (errp, "out of memory");
        }
        return 0;
    }
    if (rv1_decode_ids (rank, "rank", IDSET_MAX_UNIVERSE, setp, errp) < 0)
        return -1;
    return *setp ? 0 : invalid (errp, "an entry of R_lite has no rank");
}

/* {"rank":idset, "children":{...}} */
static int take_entry (struct rv1 *rs, const json_t *o, flux_error_t *errp)
{
    struct idset *ranks;
    int rc = -1;

    if (rv1_decode_ranks (o, &ranks, errp) < 0)
        return -1;
    struct rv1_children *c = take_children (json_object_get (o, "children"), errp);
    if (!c)
        goto out;
    rc = 0;
    for (unsigned int id = idset_first (ranks); id != IDSET_INVALID_ID && rc == 0;
         id = idset_next (ranks, id))
        rc = rv1_push (rs, id, NULL, c);
    if (rc < 0)
        errprintf (errp, "R: %s", strerror (errno));
    rv1_children_decref (c);
out:
    idset_destroy (ranks);
    return rc;
}

struct hostlist *rv1_decode_nodelist (const json_t *list, size_t nranks, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_create ();
    size_t i;
    json_t *o;

    if (!hl || !json_is_array (list)) {
        invalid (errp, "nodelist must be a list of hostlists");
        goto error;
    }
    json_array_foreach (list, i, o)
    {
        if (!json_is_string (o) || hostlist_append (hl, json_string_value (o)) < 0) {
            invalid (errp, "nodelist must be a list of hostlists");
            goto error;
        }
    }
    if (hostlist_count (hl) == 0 || (size_t)hostlist_count (hl) == nranks)
        return hl;
    invalid (errp, "nodelist has %d names for %zu ranks", hostlist_count (hl), nranks);
error:
    hostlist_destroy (hl);
    return NULL;
}

static int take_nodelist (struct rv1 *rs, const json_t *list, flux_error_t *errp)
{
    struct hostlist *hl = rv1_decode_nodelist (list, rs->nnodes, errp);
    const char *host = hostlist_first (hl);
    int rc = hl ? 0 : -1;

    for (size_t i = 0; host && i < rs->nnodes; i++, host = hostlist_next (hl)) {
        if (!(rs->node[i].host = rv1_name (rs, host))) {
            rs->node[i].host = "";
            rc = errprintf (errp, "out of memory");
            break;
        }
    }
    hostlist_destroy (hl);
    return rc;
}

static int take_properties (struct rv1 *rs, const json_t *props, flux_error_t *errp)
{
    const char *name;
    json_t *o;

    if (!json_is_object (props))
        return invalid (errp, "properties must be an object");
    json_object_foreach ((json_t *)props, name, o)
    {
        struct idset *ranks;
        flux_error_t error;
        if (rv1_decode_ids (o, "property", IDSET_MAX_UNIVERSE, &ranks, errp) < 0)
            return -1;
        int rc = ranks ? rv1_set_property (rs, name, ranks, &error) : 0;
        idset_destroy (ranks);
        if (rc < 0)
            return invalid (errp, "%s", error.text);
    }
    return 0;
}

static int take_time (const json_t *exec, const char *key, double *dp, flux_error_t *errp)
{
    json_t *o = json_object_get (exec, key);
    double d = json_number_value (o);

    if (o && (!json_is_number (o) || !(d >= 0) || isinf (d)))
        return invalid (errp, "%s must be a number >= 0", key);
    *dp = d;
    return 0;
}

json_t *rv1_decode_lite (const json_t *R, flux_error_t *errp)
{
    json_t *lite = json_object_get (json_object_get (R, "execution"), "R_lite");

    if (json_integer_value (json_object_get (R, "version")) != 1)
        invalid (errp, "version must be 1");
    else if (!json_is_array (lite))
        invalid (errp, "execution.R_lite must be a list");
    else
        return lite;
    return NULL;
}

static int take_all (struct rv1 *rs, const json_t *o, flux_error_t *errp)
{
    json_t *exec = json_object_get (o, "execution"), *lite, *entry;
    json_t *nodelist = json_object_get (exec, "nodelist");
    json_t *props = json_object_get (exec, "properties");
    json_t *nslots = json_object_get (exec, "nslots");
    size_t i;

    if (!(lite = rv1_decode_lite (o, errp)))
        return -1;
    json_array_foreach (lite, i, entry)
    {
        if (take_entry (rs, entry, errp) < 0)
            return -1;
    }
    if (rv1_normalize (rs) < 0)
        return errprintf (errp, "R: %s", strerror (errno));
    if ((nodelist && take_nodelist (rs, nodelist, errp) < 0) ||
        (props && take_properties (rs, props, errp) < 0) ||
        take_time (exec, "starttime", &rs->starttime, errp) < 0 ||
        take_time (exec, "expiration", &rs->expiration, errp) < 0)
        return -1;
    if (rs->starttime > 0 && rs->expiration > 0 && rs->expiration <= rs->starttime)
        return invalid (errp, "expiration must be after starttime");
    if (nslots && (!json_is_integer (nslots) || json_integer_value (nslots) < 1 ||
                   json_integer_value (nslots) > INT32_MAX))
        return invalid (errp, "nslots must be a positive integer");
    rs->nslots = json_integer_value (nslots);
    if ((rs->scheduling = json_incref (json_object_get (o, "scheduling"))) &&
        !json_is_object (rs->scheduling))
        return invalid (errp, "scheduling must be an object");
    return 0;
}

struct rv1 *rv1_from_json (const json_t *o, flux_error_t *errp)
{
    struct rv1 *rs = rv1_create ();

    if (!rs) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (take_all (rs, o, errp) < 0) {
        rv1_destroy (rs);
        return NULL;
    }
    return rs;
}

struct rv1 *rv1_decode (const char *s, size_t len, flux_error_t *errp)
{
    json_t *o = decode_json (s, len, RV1_TEXT_MAX, "R", errp);
    struct rv1 *rs = o ? rv1_from_json (o, errp) : NULL;

    decode_json_free (o);
    return rs;
}
