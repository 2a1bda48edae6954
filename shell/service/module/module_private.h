/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of one loaded module share; nobody else includes it.
 *
 *   module.c       its life
 *   module_link.c  its connection, as the router sees a client
 *   module_run.c   the thread or process it runs in */

#ifndef FLUX_SERVICE_MODULE_MODULE_PRIVATE_H
#define FLUX_SERVICE_MODULE_MODULE_PRIVATE_H

#include <ev.h>
#include <pthread.h>

#include "lib/util/uuid.h"
#include "shell/broker/router.h"
#include "shell/service/module/modinfo.h"
#include "shell/service/module/module.h"
#include "shell/service/module/modrun.h"

struct held;

struct module {
    struct router *rt;
    const struct module_ops *ops;
    void *arg;
    char name[MODULE_NAME_MAX];
    char *path;
    char uuid[UUID_STRING_SIZE];
    int state;
    bool was_running;
    int errnum;
    char errtext[128];
    struct moddso dso;
    int fd; // the module's end, for its thread or process
    bool has_thread;
    pthread_t thread;
    int thread_fd;
    bool cancelled;
    ev_timer join_timer;
    pid_t pid; // or 0
    ev_child child;
    bool connected;
    bool defer;
    struct held *held;
    int nheld;
    int nsent; // queued for it since it last had read everything
    ev_tstamp active;
};

/* At the end of a turn in which the connection closed or the process ended: is it over now? */
void module_end_cb (struct router *rt, void *arg);

/* m->fd is the module's end then. */
int module_connect (struct module *m);
int module_send_welcome (struct module *m, const struct module_spec *spec);

/* A request without response. payload may be NULL. */
int module_push (struct module *m, const char *topic, json_t *payload);

/* What module_defer() has kept goes on its way. */
void module_release_held (struct module *m);

/* Both take over m->fd on success. */
int module_start_thread (struct module *m, flux_error_t *errp);
int module_start_process (struct module *m, const char *loader, flux_error_t *errp);

#endif /* !FLUX_SERVICE_MODULE_MODULE_PRIVATE_H */
