/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sets of non-negative integers and their text form (RFC 22): "0-3,7" or "[0-3,7]".
 *
 * A set has a universe: it holds ids from 0 to universe size - 1. Every call on a single id costs
 * the same whatever the set holds; a run of ids costs no more than its 4096-id blocks. */

#ifndef FLUX_IDSET_H
#define FLUX_IDSET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum idset_flags {
    IDSET_FLAG_AUTOGROW = 1,    // the universe doubles until an id that is set fits
    IDSET_FLAG_BRACKETS = 2,    // encode: brackets around more than one id
    IDSET_FLAG_RANGE = 4,       // encode: "2,3,4,8" as "2-4,8"
    IDSET_FLAG_INITFULL = 8,    // a new set, and what it grows by, is full
    IDSET_FLAG_COUNT_LAZY = 16, // accepted; the count costs nothing here
    IDSET_FLAG_ALLOC_RR = 32,   // idset_alloc() goes on after the id that it gave last
};

typedef struct {
    char text[160];
} idset_error_t;

#define IDSET_INVALID_ID (UINT_MAX - 1)
#define IDSET_MAX_UNIVERSE ((size_t)(INT_MAX) + 1)

struct idset;

/* size 0 means a default. Fails with EINVAL (flags), ERANGE (size) or ENOMEM. */
FLUX_EXPORT struct idset *idset_create (size_t size, int flags);
FLUX_EXPORT void idset_destroy (struct idset *idset);
FLUX_EXPORT struct idset *idset_copy (const struct idset *idset);

FLUX_EXPORT size_t idset_universe_size (const struct idset *idset);

/* Text of the set, which the caller frees; "" for the empty set. */
FLUX_EXPORT char *idset_encode (const struct idset *idset, int flags);

/* Text to an auto-growing set. Ids ascend (RFC 22); anything else is EINVAL. */
FLUX_EXPORT struct idset *idset_decode (const char *s);

/* In the calls below `len` < 0 means all of s, and `error` may be NULL.
 * size < 0: the universe is made to fit the largest id; then the empty set needs AUTOGROW. */
FLUX_EXPORT struct idset *idset_decode_ex (const char *s, ssize_t len, ssize_t size, int flags,
                                           idset_error_t *error);
FLUX_EXPORT struct idset *idset_ndecode (const char *s, size_t len) __attribute__ ((deprecated));

/* True if s is a well-formed empty set. */
FLUX_EXPORT bool idset_decode_empty (const char *s, ssize_t len);

/* Number of ids and the largest (IDSET_INVALID_ID when there is none), without making a set. */
FLUX_EXPORT int idset_decode_info (const char *s, ssize_t len, size_t *count, unsigned int *maxid,
                                   idset_error_t *error);

/* Add the ids of s to a set, or take them away. On a failure the set may have part of them. */
FLUX_EXPORT int idset_decode_add (struct idset *idset, const char *s, ssize_t len,
                                  idset_error_t *error);
FLUX_EXPORT int idset_decode_subtract (struct idset *idset, const char *s, ssize_t len,
                                       idset_error_t *error);

/* Set or clear an id, or all from lo to hi (either order). An id past the universe: setting fails
 * with EINVAL unless the set grows; clearing does nothing. In a set made with INITFULL it is the
 * other way round: clearing grows or fails, setting does nothing. */
FLUX_EXPORT int idset_set (struct idset *idset, unsigned int id);
FLUX_EXPORT int idset_range_set (struct idset *idset, unsigned int lo, unsigned int hi);
FLUX_EXPORT int idset_clear (struct idset *idset, unsigned int id);
FLUX_EXPORT int idset_range_clear (struct idset *idset, unsigned int lo, unsigned int hi);

/* These take NULL for an empty set. */
FLUX_EXPORT bool idset_test (const struct idset *idset, unsigned int id);
FLUX_EXPORT unsigned int idset_first (const struct idset *idset);
FLUX_EXPORT unsigned int idset_next (const struct idset *idset, unsigned int id);
FLUX_EXPORT unsigned int idset_last (const struct idset *idset);
FLUX_EXPORT unsigned int idset_prev (const struct idset *idset, unsigned int id);
FLUX_EXPORT size_t idset_count (const struct idset *idset);
FLUX_EXPORT bool idset_empty (const struct idset *idset);
FLUX_EXPORT bool idset_equal (const struct idset *a, const struct idset *b);
FLUX_EXPORT bool idset_has_intersection (const struct idset *a, const struct idset *b);

/* New sets, which the caller destroys. b may be NULL (empty) except for an intersection. */
FLUX_EXPORT struct idset *idset_union (const struct idset *a, const struct idset *b);
FLUX_EXPORT struct idset *idset_difference (const struct idset *a, const struct idset *b);
FLUX_EXPORT struct idset *idset_intersect (const struct idset *a, const struct idset *b);

/* a += b and a -= b. */
FLUX_EXPORT int idset_add (struct idset *a, const struct idset *b);
FLUX_EXPORT int idset_subtract (struct idset *a, const struct idset *b);

#define idset_clear_all(x) idset_subtract ((x), (x))

/* A set made with INITFULL as an allocator of integers: what is in the set is free.
 * idset_free_check() fails with EEXIST when val is free already. */
FLUX_EXPORT int idset_alloc (struct idset *idset, unsigned int *val);
FLUX_EXPORT void idset_free (struct idset *idset, unsigned int val);
FLUX_EXPORT int idset_free_check (struct idset *idset, unsigned int val);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_IDSET_H */
