/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job arrays: one job of the instance for each index. The memo `array` of each is ID_INDEX, where
 * ID is that of the first, as it is the array's. */

#ifndef FLUX_WRAPPERS_ARRAY_H
#define FLUX_WRAPPERS_ARRAY_H

#include <stdbool.h>
#include <flux/job.h>

#include "contrib/wrappers/wrap.h"

struct array {
    unsigned *index;
    int count;
    int limit; // how many may run at once, 0: any number
    flux_jobid_t *ids;
};

/* "0-9", "1,3,5-7", "0-100:10", with "%N" behind it. 0, or -1 when it is of no known form. */
int array_parse (struct array *a, const char *s);
void array_clear (struct array *a);

/* What element i is called by: its variables, before it is submitted. */
void array_set_environ (const struct array *a, int i);
void array_unset_environ (void);
/* Words for its job beside those of every job. */
void array_add_words (const struct array *a, int i, struct words *w);
/* Tell the instance which jobs belong together. */
void array_set_memos (struct cmd *c, const struct array *a);

/* The jobs that a user means by "ID", which may be an array's, "ID_INDEX" or "ID_[INDICES]"; only
 * those that have not ended when `active`. Ends the program when there is no such element. */
void array_expand (const struct cmd *c, const char *s, bool active, struct words *ids);

#endif /* !FLUX_WRAPPERS_ARRAY_H */
