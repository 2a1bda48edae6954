/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the `module` service share; nobody else includes it. */

#ifndef FLUX_SERVICE_MODULE_MODULES_PRIVATE_H
#define FLUX_SERVICE_MODULE_MODULES_PRIVATE_H

#include <ev.h>

#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/module/modconf.h"
#include "shell/service/module/module.h"
#include "shell/service/module/modtrace.h"
#include "shell/service/module/modules.h"

struct entry {
    struct modules *mods;
    struct module *module;
    const flux_msg_t *load; // waits for it to run, or NULL
    struct waiters *removes;
    bool unloading;
    ev_timer timer;
    struct entry *next, *prev;
};

struct modules {
    struct router *rt;
    const struct attrs *attrs;
    struct conf_service *conf;
    struct modconf *modconf;
    struct entry *list;
    struct modtrace *trace;
    modules_gone_f gone;
    void *gone_arg;
    ev_timer timer;
};

/* By name; or by the file it was loaded from, when that is loaded under its own name or once. */
struct entry *modules_find (struct modules *mods, const char *name);

/* modules_query.c: requests that neither load nor remove one. */
void modules_list_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void modules_status_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void modules_debug_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_MODULE_MODULES_PRIVATE_H */
