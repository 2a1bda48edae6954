/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Match policies by their text, see policies.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/policies.h"

#define POLICIES_MAX 1000

struct entry {
    char *text;
    struct policy *policy;
    UT_hash_handle hh;
};

struct policies {
    struct entry *entries;
};

struct policies *policies_create (void)
{
    return calloc (1, sizeof (struct policies));
}

static void entry_free (struct entry *e)
{
    if (e) {
        policy_destroy (e->policy);
        free (e->text);
        free (e);
    }
}

void policies_destroy (struct policies *p)
{
    struct entry *e, *tmp;

    if (!p)
        return;
    int saved_errno = errno;
    HASH_ITER (hh, p->entries, e, tmp)
    {
        HASH_DEL (p->entries, e);
        entry_free (e);
    }
    free (p);
    errno = saved_errno;
}

char *policies_text (const char *text)
{
    char *copy = strdup (text);

    for (char *s = copy; s && (s = strchr (s, ',')); s++)
        *s = ' ';
    return copy;
}

static struct entry *make (const char *text, flux_error_t *errp)
{
    struct entry *e = calloc (1, sizeof (*e));
    char *options = e && (e->text = strdup (text)) ? policies_text (text) : NULL;

    if (!options)
        errprintf (errp, "out of memory");
    else if ((e->policy = policy_create (options, errp))) {
        free (options);
        return e;
    } else
        errno = EINVAL;
    free (options);
    entry_free (e);
    return NULL;
}

const struct policy *policies_get (struct policies *p, const char *text, flux_error_t *errp)
{
    struct entry *e;

    HASH_FIND_STR (p->entries, text, e);
    if (e)
        return e->policy;
    if (HASH_COUNT (p->entries) >= POLICIES_MAX) {
        errno = ENOSPC;
        errprintf (errp, "too many different match policies");
        return NULL;
    }
    if (!(e = make (text, errp)))
        return NULL;
    HASH_ADD_KEYPTR (hh, p->entries, e->text, strlen (e->text), e);
    return e->policy;
}
