/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a handle reaches its broker, for those who bring their own way. */

#ifndef FLUX_CONNECTOR_H
#define FLUX_CONNECTOR_H

#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All may be NULL. pollfd and pollevents follow flux_pollfd() and flux_pollevents(); recv and send
 * fail with EAGAIN when flags have FLUX_O_NONBLOCK and they would wait. */
struct flux_handle_ops {
    int (*setopt) (void *impl, const char *option, const void *val, size_t len);
    int (*getopt) (void *impl, const char *option, void *val, size_t len);
    int (*pollfd) (void *impl);
    int (*pollevents) (void *impl);
    int (*send) (void *impl, const flux_msg_t *msg, int flags);
    flux_msg_t *(*recv) (void *impl, int flags);
    int (*reconnect) (void *impl);
    void (*impl_destroy) (void *impl);
    int (*send_new) (void *impl, flux_msg_t **msg, int flags);
    void *_pad[4];
};

/* On success impl belongs to the handle. */
FLUX_EXPORT flux_t *flux_handle_create (void *impl, const struct flux_handle_ops *ops, int flags);
FLUX_EXPORT void flux_handle_destroy (flux_t *h);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_CONNECTOR_H */
