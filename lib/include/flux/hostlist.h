/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ordered lists of host names and their text form (RFC 29): "n[0-127,130],login1". Names may come
 * more than once and keep their order.
 *
 * A list has a cursor. A name that a call returns is valid until the next call that moves the
 * cursor or changes the list. */

#ifndef FLUX_HOSTLIST_H
#define FLUX_HOSTLIST_H

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hostlist;
struct hostlist_hostname;

FLUX_EXPORT struct hostlist *hostlist_create (void);
FLUX_EXPORT void hostlist_destroy (struct hostlist *hl);

/* Fails with EINVAL (no hostlist), ERANGE (a range of more than 2^20 names, or more than 2^22 names
 * in all) or ENOMEM. */
FLUX_EXPORT struct hostlist *hostlist_decode (const char *s);

/* The caller frees the text. */
FLUX_EXPORT char *hostlist_encode (struct hostlist *hl);

FLUX_EXPORT struct hostlist *hostlist_copy (const struct hostlist *hl);

/* Both return the number of names that were appended. */
FLUX_EXPORT int hostlist_append (struct hostlist *hl, const char *hosts);
FLUX_EXPORT int hostlist_append_list (struct hostlist *hl1, struct hostlist *hl2);

/* The nth name, counted from 0; ENOENT if there is none. The cursor goes there. */
FLUX_EXPORT const char *hostlist_nth (struct hostlist *hl, int n);

/* Index of the first such name; ENOENT if there is none. The cursor goes there. */
FLUX_EXPORT int hostlist_find (struct hostlist *hl, const char *hostname);

/* The same with a name that is looked up in many lists. */
FLUX_EXPORT struct hostlist_hostname *hostlist_hostname_create (const char *hostname);
FLUX_EXPORT void hostlist_hostname_destroy (struct hostlist_hostname *hn);
FLUX_EXPORT int hostlist_find_hostname (struct hostlist *hl, struct hostlist_hostname *hn);

/* For each name of `hosts` delete the first such name. Returns how many were deleted. */
FLUX_EXPORT int hostlist_delete (struct hostlist *hl, const char *hosts);

FLUX_EXPORT int hostlist_count (struct hostlist *hl);
#define hostlist_is_empty(hl) (hostlist_count (hl) == 0)

/* Sort by prefix, then by number; uniq also drops what comes twice. The cursor goes to the first
 * name. */
FLUX_EXPORT void hostlist_sort (struct hostlist *hl);
FLUX_EXPORT void hostlist_uniq (struct hostlist *hl);

/* Iteration. NULL with an empty list and past the end. After the name at the cursor was deleted,
 * hostlist_current() and the next hostlist_next() both give the name that followed it. */
FLUX_EXPORT const char *hostlist_first (struct hostlist *hl);
FLUX_EXPORT const char *hostlist_last (struct hostlist *hl);
FLUX_EXPORT const char *hostlist_next (struct hostlist *hl);
FLUX_EXPORT const char *hostlist_current (struct hostlist *hl);

/* Delete the name at the cursor. 1, or 0 when the cursor is at no name. */
FLUX_EXPORT int hostlist_remove_current (struct hostlist *hl);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_HOSTLIST_H */
