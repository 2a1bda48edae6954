/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Properties of resource sets: each a name and the ranks that have it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/rv1_private.h"
#include "lib/util/errprintf.h"

/* Properties. */

bool rv1_property_valid (const char *name)
{
    return name && *name && !strpbrk (name, "!&'\"^`|()");
}

void rv1_property_delete (struct rv1 *rs, struct rv1_property *p)
{
    HASH_DEL (rs->props, p);
    idset_destroy (p->ranks);
    free (p->name);
    free (p);
}

struct rv1_property *rv1_property_get (struct rv1 *rs, const char *name, bool create)
{
    struct rv1_property *p;

    HASH_FIND_STR (rs->props, name, p);
    if (p || !create || !(p = calloc (1, sizeof (*p))))
        return p;
    p->name = strdup (name);
    p->ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    if (!p->name || !p->ranks) {
        idset_destroy (p->ranks);
        free (p->name);
        free (p);
        return NULL;
    }
    HASH_ADD_KEYPTR (hh, rs->props, p->name, strlen (p->name), p);
    return p;
}

int rv1_set_property (struct rv1 *rs, const char *name, const struct idset *ranks,
                      flux_error_t *errp)
{
    if (!rv1_property_valid (name)) {
        errno = EINVAL;
        return errprintf (errp, "'%s' is no name of a property", name ? name : "");
    }
    for (unsigned int id = idset_first (ranks); id != IDSET_INVALID_ID;
         id = idset_next (ranks, id)) {
        if (!rv1_find (rs, id)) {
            errno = ENOENT;
            return errprintf (errp, "property '%s': rank %u is not there", name, id);
        }
    }
    struct rv1_property *p = rv1_property_get (rs, name, true);
    if (!p || idset_add (p->ranks, ranks) < 0) {
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    return 0;
}

const struct idset *rv1_property (const struct rv1 *rs, const char *name)
{
    struct rv1_property *p = rv1_property_get ((struct rv1 *)rs, name, false);
    return p && !idset_empty (p->ranks) ? p->ranks : NULL;
}

json_t *rv1_properties_to_json (const struct rv1 *rs)
{
    json_t *o = json_object ();

    for (struct rv1_property *p = rs->props; p; p = p->hh.next) {
        char *s = idset_encode (p->ranks, IDSET_FLAG_RANGE);
        int rc = s ? json_object_set_new (o, p->name, json_string (s)) : -1;
        free (s);
        if (rc < 0) {
            json_decref (o);
            return NULL;
        }
    }
    return o;
}

char *rv1_rank_properties (const struct rv1 *rs, uint32_t rank)
{
    struct buf b = {0};

    buf_append (&b, "", 0);
    for (struct rv1_property *p = rs->props; p; p = p->hh.next) {
        if (idset_test (p->ranks, rank))
            buf_printf (&b, "%s%s", b.len ? "," : "", p->name);
    }
    return buf_steal (&b, NULL);
}
