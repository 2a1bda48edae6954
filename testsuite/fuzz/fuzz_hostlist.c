/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/hostlist.h>

#include "testsuite/fuzz/fuzz.h"

/* The text of a list reads back as the same names. */
static void check_text (struct hostlist *hl)
{
    char *text = hostlist_encode (hl);
    struct hostlist *again = hostlist_decode (text);

    MUST (again && hostlist_count (again) == hostlist_count (hl));
    for (int i = 0; i < hostlist_count (hl); i++)
        MUST (strcmp (hostlist_nth (hl, i), hostlist_nth (again, i)) == 0);
    hostlist_destroy (again);
    free (text);
}

static void check_order (struct hostlist *hl)
{
    struct hostlist *sorted = hostlist_copy (hl), *uniq = hostlist_copy (hl);

    hostlist_sort (sorted);
    hostlist_uniq (uniq);
    check_text (sorted);
    check_text (uniq);
    MUST (hostlist_count (sorted) == hostlist_count (hl));
    for (int i = 0; i < hostlist_count (hl); i++) {
        char *name = strdup (hostlist_nth (hl, i));
        int n = hostlist_find (hl, name);
        MUST (n >= 0 && n <= i);
        MUST (hostlist_find (sorted, name) >= 0);
        MUST (hostlist_find (uniq, name) >= 0);
        free (name);
    }
    for (int i = 0; i < hostlist_count (uniq); i++) {
        char *name = strdup (hostlist_nth (uniq, i));
        MUST (hostlist_find (uniq, name) == i);
        free (name);
    }
    while (hostlist_count (sorted) > 0)
        MUST (hostlist_nth (sorted, hostlist_count (sorted) / 2) &&
              hostlist_remove_current (sorted) == 1);
    hostlist_destroy (sorted);
    hostlist_destroy (uniq);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);
    struct hostlist *hl = hostlist_decode (s);

    if (hl && hostlist_count (hl) < 2000) {
        check_text (hl);
        check_order (hl);
    }
    hostlist_destroy (hl);
    free (s);
    return 0;
}
