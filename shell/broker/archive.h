/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The KVS as an archive (flux-dump(1)) at the begin and the end of an instance: the attributes
 * content.restore and content.dump. Either is a path, or "auto": the file that the link RESTORE in
 * the folder `dump` of the state folder (else of the working folder) leads to, which a dump with
 * "auto" makes. A store that is made anew from its dump has no garbage in it. */

#ifndef FLUX_BROKER_ARCHIVE_H
#define FLUX_BROKER_ARCHIVE_H

#include <ev.h>
#include <stdbool.h>
#include <flux/types.h>

struct archive;
struct attrs;

/* What is to be restored, NULL with errno 0 when there is nothing. What the content store has is
 * put aside: to be called before that is opened. */
struct archive *archive_find (struct attrs *attrs, flux_error_t *errp);

/* Where to dump to at the end; NULL with errno 0: nowhere. */
struct archive *archive_plan (struct attrs *attrs, flux_error_t *errp);

/* Run flux restore or flux dump; the broker must serve. cb gets a sentence when that failed, else
 * NULL. */
typedef void (*archive_done_f) (const char *error, void *arg);
int archive_run (struct archive *ar, struct ev_loop *loop, archive_done_f cb, void *arg,
                 flux_error_t *errp);

/* The restored store is good (or not: then the old one comes back). */
void archive_settle (struct archive *ar, bool good);

void archive_destroy (struct archive *ar);

#endif /* !FLUX_BROKER_ARCHIVE_H */
