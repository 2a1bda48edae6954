/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Remote procedure calls (RFC 6). nodeid is a rank, FLUX_NODEID_ANY (the nearest broker upstream
 * that has the service) or FLUX_NODEID_UPSTREAM (the same, but not this one). */

#ifndef FLUX_RPC_H
#define FLUX_RPC_H

#include <stdarg.h>
#include <flux/future.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FLUX_RPC_NORESPONSE = 1, // the future is fulfilled once the request is sent
    FLUX_RPC_STREAMING = 2,  // many responses, ended by an error (ENODATA is the regular end)
};

FLUX_EXPORT flux_future_t *flux_rpc (flux_t *h, const char *topic, const char *s, uint32_t nodeid,
                                     int flags);
FLUX_EXPORT flux_future_t *flux_rpc_pack (flux_t *h, const char *topic, uint32_t nodeid, int flags,
                                          const char *fmt, ...);
FLUX_EXPORT flux_future_t *flux_rpc_vpack (flux_t *h, const char *topic, uint32_t nodeid, int flags,
                                           const char *fmt, va_list ap);
FLUX_EXPORT flux_future_t *flux_rpc_raw (flux_t *h, const char *topic, const void *data, size_t len,
                                         uint32_t nodeid, int flags);
FLUX_EXPORT flux_future_t *flux_rpc_message (flux_t *h, const flux_msg_t *msg, uint32_t nodeid,
                                             int flags);

/* Wait for the response. What is returned belongs to the future. -1 with the errno of the response;
 * its sentence is flux_future_error_string(). */
FLUX_EXPORT int flux_rpc_get (flux_future_t *f, const char **s);
FLUX_EXPORT int flux_rpc_get_unpack (flux_future_t *f, const char *fmt, ...);
FLUX_EXPORT int flux_rpc_get_raw (flux_future_t *f, const void **data, size_t *len);

FLUX_EXPORT uint32_t flux_rpc_get_matchtag (flux_future_t *f);
FLUX_EXPORT uint32_t flux_rpc_get_nodeid (flux_future_t *f);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_RPC_H */
