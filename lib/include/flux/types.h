/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Types that several public headers share. */

#ifndef FLUX_TYPES_H
#define FLUX_TYPES_H

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with hidden symbols; what is public says so. */
#define FLUX_EXPORT __attribute__ ((visibility ("default")))

/* The sentence that a person reads when a call fails. Always NUL-terminated; cut when too long. */
struct flux_error {
    char text[160];
};
typedef struct flux_error flux_error_t;

typedef void (*flux_free_f) (void *arg);

/* The opaque objects, by the names that programs written for Flux use. */
typedef struct flux_msg flux_msg_t;
typedef struct flux_handle flux_t;
typedef struct flux_watcher flux_watcher_t;
typedef struct flux_reactor flux_reactor_t;
typedef struct flux_future flux_future_t;

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_TYPES_H */
