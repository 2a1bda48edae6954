/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the resource service share. */

#ifndef FLUX_SERVICE_RESOURCE_PRIVATE_H
#define FLUX_SERVICE_RESOURCE_PRIVATE_H

#include <stdbool.h>
#include <flux/idset.h>

#include "lib/job/rv1.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/resource/resource.h"

struct rank_state {
    char *host;
    uint32_t cores, gpus;
    bool known; // has announced itself
    bool online;
    bool drained;
    double drain_time;
    char *drain_reason;
};

struct resource {
    struct router *rt;
    struct kvs *kvs;
    struct sched *sched;
    struct uplink *uplink;    // NULL: no enclosing instance
    struct rank_state *ranks; // rank 0 only
    uint32_t size;
    uint32_t ready;
    json_t *R;
    bool defined;         // so it was logged
    bool recovery;        // nothing is to be run: all ranks are offline
    bool R_given;         // by a file or the enclosing instance: ranks say only that they are there
    const char *excluded; // by the configuration; only while R is taken
    struct idset *exclude;     // ranks that no job gets; NULL: none
    struct waiters *followers; // of the eventlog
    struct waiters *waitups;   // until so many ranks are online
    json_t *drained_before;    // in an earlier instance (reslog.c)
    struct acquired *acquired;
    const struct resource_ops *ops;
    void *arg;
};

/* reslog.c: write an event of RFC 44, with its context as of json_pack(). */
void resource_log (struct resource *r, const char *name, const char *fmt, ...);
void resource_journal_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void resource_journal_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void resource_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg);
/* Which hosts were drained when the log ended. */
json_t *reslog_drained (struct resource *r);

/* Tell the scheduler whether the rank may be used. */
void resource_tell_state (struct resource *r, uint32_t rank);

/* Resources or their state changed. */
void resource_tell_changed (struct resource *r);

/* Make R that of the instance: give it to the scheduler and to the KVS. */
int resource_define (struct resource *r, json_t *R, flux_error_t *errp);

/* Ranks by idset, or nodes by hostlist. NULL with EINVAL and a sentence. */
struct idset *resource_targets (const struct resource *r, const char *targets, flux_error_t *errp);

/* The same by the hosts of R, or (NULL) of the brokers. */
struct idset *resource_targets_of (const struct resource *r, const json_t *R, const char *targets,
                                   flux_error_t *errp);

/* given.c: R from a file or the enclosing instance, if there is one. */
int resource_take_given (struct resource *r, const struct attrs *attrs, const json_t *conf,
                         flux_error_t *errp);

/* config.c: R of the array resource.config. NULL with EINVAL and a sentence. */
json_t *resource_config_R (const json_t *entries, flux_error_t *errp);

/* reload.c: new resources from a file. */
void resource_reload_cb (struct router *rt, const flux_msg_t *msg, void *arg);

/* A JSON file; `what` says in errors where its name came from. NULL with a sentence. */
json_t *resource_read_json (const char *what, const char *path, flux_error_t *errp);

/* drain.c */
void resource_drain_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void resource_undrain_cb (struct router *rt, const flux_msg_t *msg, void *arg);
/* The rank's host was drained in an earlier instance: it still is. */
void drain_again (struct resource *r, uint32_t rank);
/* {"0-1":{"timestamp":f,"reason":s}}: ranks that were drained alike share an entry. */
json_t *drain_to_json (const struct resource *r);

/* acquire.c: who follows the resources, and what they know of them. */
struct acquired *acquired_create (void);
void acquired_destroy (struct acquired *a);
void acquire_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void acquire_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void acquire_disconnect (struct resource *r, const flux_msg_t *msg);
void acquire_changed (struct resource *r);

/* report.c */
void resource_status_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void sched_status_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void resource_waitup_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void resource_check_waitups (struct resource *r); // ranks came or went
void group_get_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_RESOURCE_PRIVATE_H */
