/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An instance of one broker has nobody to ask. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/bootstrap/method.h"
#include "lib/util/errprintf.h"

static int single_begin (struct bootstrap *b, flux_error_t *errp)
{
    b->info.rank = 0;
    b->info.size = 1;
    return 0;
}

static int single_finish (struct bootstrap *b, const char *uri, const char *pubkey,
                          uint32_t parent_rank, flux_error_t *errp)
{
    char name[33];

    if (random_hex (name, 16) < 0 ||
        getrandom (b->info.token, sizeof (b->info.token), 0) != sizeof (b->info.token))
        return errprintf (errp, "getrandom: %s", strerror (errno));
    if (!(b->instance = strdup (name)) || !(b->hostlist = strdup (b->hostname)))
        return errprintf (errp, "out of memory");
    return 0;
}

const struct method_ops single_ops = {
    .begin = single_begin,
    .finish = single_finish,
};
