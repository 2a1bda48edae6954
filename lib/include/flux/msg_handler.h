/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Callbacks for messages. Of the handlers that match, requests and responses go to the youngest,
 * and those for one exact topic or matchtag come before globs; events go to all. A request that
 * nobody handles is answered with ENOSYS. */

#ifndef FLUX_MSG_HANDLER_H
#define FLUX_MSG_HANDLER_H

#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flux_msg_handler flux_msg_handler_t;
typedef void (*flux_msg_handler_f) (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg,
                                    void *arg);

/* Created stopped. May be destroyed in its own callback. */
FLUX_EXPORT flux_msg_handler_t *flux_msg_handler_create (flux_t *h, struct flux_match match,
                                                         flux_msg_handler_f cb, void *arg);
FLUX_EXPORT void flux_msg_handler_destroy (flux_msg_handler_t *mh);
FLUX_EXPORT void flux_msg_handler_start (flux_msg_handler_t *mh);
FLUX_EXPORT void flux_msg_handler_stop (flux_msg_handler_t *mh);

/* Messages from the instance owner are always delivered; others need a role that was allowed, and
 * get EPERM. */
FLUX_EXPORT void flux_msg_handler_allow_rolemask (flux_msg_handler_t *mh, uint32_t rolemask);
FLUX_EXPORT void flux_msg_handler_deny_rolemask (flux_msg_handler_t *mh, uint32_t rolemask);

struct flux_msg_handler_spec {
    int typemask;
    const char *topic_glob;
    flux_msg_handler_f cb;
    uint32_t rolemask;
};
#define FLUX_MSGHANDLER_TABLE_END                                                                  \
    {                                                                                              \
        0, NULL, NULL, 0                                                                           \
    }

/* Create and start all of a table, which ends with FLUX_MSGHANDLER_TABLE_END. _ex puts
 * "service_name." before each topic. delvec accepts NULL. */
FLUX_EXPORT int flux_msg_handler_addvec (flux_t *h, const struct flux_msg_handler_spec tab[],
                                         void *arg, flux_msg_handler_t **msg_handlers[]);
FLUX_EXPORT int flux_msg_handler_addvec_ex (flux_t *h, const char *service_name,
                                            const struct flux_msg_handler_spec tab[], void *arg,
                                            flux_msg_handler_t **msg_handlers[]);
FLUX_EXPORT void flux_msg_handler_delvec (flux_msg_handler_t *msg_handlers[]);

/* Give the messages that a clone has read and not handled back to the handle. */
FLUX_EXPORT int flux_dispatch_requeue (flux_t *h);

/* The watcher that reads messages for the handlers. */
FLUX_EXPORT flux_watcher_t *flux_get_handle_watcher (flux_t *h);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_MSG_HANDLER_H */
