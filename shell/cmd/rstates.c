/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "shell/cmd/rstates.h"

static const char *const names[] = {"all", "up", "down", "allocated", "free"};

struct rv1 *rstates_R (const json_t *R)
{
    return !R || json_is_null (R) ? rv1_create () : rv1_from_json (R, NULL);
}

int rstates_create (struct rstates *s, const json_t *status)
{
    *s = (struct rstates){
        .all = rstates_R (json_object_get (status, "all")),
        .down = rstates_R (json_object_get (status, "down")),
        .allocated = rstates_R (json_object_get (status, "allocated")),
    };
    if (s->all && s->down && s->allocated && (s->up = rv1_diff (s->all, s->down)) &&
        (s->free = rv1_diff (s->up, s->allocated)))
        return 0;
    rstates_clear (s);
    return -1;
}

void rstates_clear (struct rstates *s)
{
    rv1_destroy (s->all);
    rv1_destroy (s->down);
    rv1_destroy (s->allocated);
    rv1_destroy (s->up);
    rv1_destroy (s->free);
    *s = (struct rstates){0};
}

static struct rv1 **member (struct rstates *s, const char *name)
{
    struct rv1 **const members[] = {&s->all, &s->up, &s->down, &s->allocated, &s->free};

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        if (strcmp (name, names[i]) == 0)
            return members[i];
    }
    return NULL;
}

struct rv1 *rstates_get (const struct rstates *s, const char *name)
{
    struct rv1 **rs = member ((struct rstates *)s, name);

    return rs ? *rs : NULL;
}

int rstates_keep (struct rstates *s, const struct idset *ranks)
{
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        struct rv1 **rs = member (s, names[i]), *kept = rv1_copy_ranks (*rs, ranks);
        if (!kept)
            return -1;
        rv1_destroy (*rs);
        *rs = kept;
    }
    return 0;
}

json_t *rstates_counts (const struct rstates *s, const struct idset *ranks)
{
    json_t *out = json_object ();

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        struct rv1 *part = ranks ? rv1_copy_ranks (rstates_get (s, names[i]), ranks) : NULL;
        const struct rv1 *rs = part ? part : rstates_get (s, names[i]);
        json_object_set_new (out, names[i],
                             json_pack ("{s:i s:i s:i}", "nnodes", (int)rs->nnodes, "ncores",
                                        (int)rv1_ncores (rs), "ngpus", (int)rv1_ngpus (rs)));
        rv1_destroy (part);
    }
    return out;
}

char *rstates_hosts (const struct rv1 *rs)
{
    struct hostlist *hl = rv1_nodelist (rs);
    char *s = hl ? hostlist_encode (hl) : NULL;

    hostlist_destroy (hl);
    return s ? s : strdup ("");
}

char *rstates_list (const struct rv1 *rs)
{
    struct buf b = {0};

    rv1_dump_buf (&b, rs);
    for (char *p = b.data; p && (p = strchr (p, ' ')); p++)
        *p = ',';
    return buf_steal (&b, NULL);
}

struct idset *rstates_find (const struct rv1 *rs, const char *targets)
{
    struct idset *ids = idset_decode (targets);
    struct hostlist *hl;

    if (ids || !(hl = hostlist_decode (targets)))
        return ids;
    ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    for (size_t i = 0; ids && i < rs->nnodes; i++) {
        if (*rs->node[i].host && hostlist_find (hl, rs->node[i].host) >= 0)
            idset_set (ids, rs->node[i].rank);
    }
    hostlist_destroy (hl);
    return ids;
}
