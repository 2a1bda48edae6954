/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One loaded module, see module.h. It is over when its connection is closed and, for a process,
 * when that was waited for. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <flux/module.h>

#include "lib/util/errprintf.h"
#include "shell/broker/router_client.h"
#include "shell/service/module/module_private.h"

#define JOIN_TIMEOUT 2   // seconds at the end of the broker, for a thread that was cut off
#define JOIN_RETRY 0.001 // seconds from the end of the connection to that of the thread; doubled
#define JOIN_RETRY_MAX 1.

static void join_timer_cb (struct ev_loop *loop, ev_timer *w, int revents);

const char *module_name (const struct module *m)
{
    return m->name;
}

const char *module_path (const struct module *m)
{
    return m->path;
}

const char *module_uuid (const struct module *m)
{
    return m->uuid;
}

int module_state (const struct module *m)
{
    return m->state;
}

bool module_was_running (const struct module *m)
{
    return m->was_running;
}

int module_errnum (const struct module *m)
{
    return m->errnum;
}

const char *module_strerror (const struct module *m)
{
    return m->errtext[0] ? m->errtext : strerror (m->errnum);
}

static int set_name (struct module *m, const struct module_spec *spec, flux_error_t *errp)
{
    const char *name = spec->name ? spec->name : m->dso.name;

    if (!name) {
        if (modinfo_name (spec->path, m->name) == 0)
            return 0;
    } else if (modinfo_name_ok (name)) {
        strcpy (m->name, name);
        return 0;
    }
    errno = EINVAL;
    return errprintf (errp, "'%s' cannot be the name of a module", name ? name : spec->path);
}

static int load (struct module *m, const struct module_spec *spec, flux_error_t *errp)
{
    if (!spec->exec && moddso_open (&m->dso, m->path, errp) < 0)
        return -1;
    if (set_name (m, spec, errp) < 0)
        return -1;
    if (module_connect (m) < 0)
        return errprintf (errp, "%s", strerror (errno));
    if (client_provide (m->rt, m->uuid, m->name) < 0)
        return errprintf (
            errp, errno == EEXIST ? "a service named %s exists already" : "%s: failed", m->name);
    if (module_send_welcome (m, spec) < 0)
        return errprintf (errp, "out of memory");
    return spec->exec ? module_start_process (m, spec->loader, errp)
                      : module_start_thread (m, errp);
}

struct module *module_create (struct router *rt, const struct module_spec *spec,
                              const struct module_ops *ops, void *arg, flux_error_t *errp)
{
    struct module *m = calloc (1, sizeof (*m));

    if (!m || !(m->path = strdup (spec->path))) {
        free (m);
        errprintf (errp, "out of memory");
        return NULL;
    }
    m->rt = rt;
    m->fd = -1;
    m->ops = ops;
    m->arg = arg;
    m->active = ev_now (router_loop (rt));
    ev_init (&m->join_timer, join_timer_cb);
    m->join_timer.data = m;
    if (load (m, spec, errp) < 0) {
        module_destroy (m);
        return NULL;
    }
    return m;
}

int module_set_state (struct module *m, int state, int errnum)
{
    if (!modinfo_may_follow (m->state, state)) {
        errno = EINVAL;
        return -1;
    }
    m->state = state;
    if (state == FLUX_MODSTATE_RUNNING)
        m->was_running = true;
    if (state >= FLUX_MODSTATE_FINALIZING)
        client_unprovide_all (m->rt, m->uuid);
    if (state == FLUX_MODSTATE_EXITED)
        m->errnum = errnum;
    m->ops->state (m, m->arg);
    return 0;
}

static void join_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct module *m = w->data;

    w->repeat = w->repeat * 2 < JOIN_RETRY_MAX ? w->repeat * 2 : JOIN_RETRY_MAX;
    ev_timer_again (loop, w);
    module_end_cb (m->rt, m);
}

/* The thread closes its connection last of all, but one that is cancelled may compute for ever. */
static bool thread_is_over (struct module *m)
{
    struct ev_loop *loop = router_loop (m->rt);

    if (m->has_thread && pthread_tryjoin_np (m->thread, NULL) != 0) {
        if (!ev_is_active (&m->join_timer)) {
            m->join_timer.repeat = JOIN_RETRY;
            ev_timer_again (loop, &m->join_timer);
        }
        return false;
    }
    ev_timer_stop (loop, &m->join_timer);
    if (m->has_thread && m->cancelled)
        close (m->thread_fd);
    m->has_thread = false;
    return true;
}

/* The connection is closed, or the process is gone, or both. */
void module_end_cb (struct router *rt, void *arg)
{
    struct module *m = arg;

    if (m->connected || m->pid > 0 || !thread_is_over (m))
        return;
    if (m->state != FLUX_MODSTATE_EXITED) {
        m->state = FLUX_MODSTATE_EXITED;
        if (m->errnum == 0)
            m->errnum = ECONNRESET;
    }
    m->ops->ended (m, m->arg);
}

int module_shutdown (struct module *m)
{
    char topic[MODULE_NAME_MAX + 16];

    snprintf (topic, sizeof (topic), "%s.shutdown", m->name);
    module_defer (m, false);
    return module_push (m, topic, NULL);
}

/* A thread is cancelled at its next cancellation point; it does not close its end of the connection
 * then, so ours is closed here. */
int module_kill (struct module *m)
{
    if (m->pid > 0)
        return kill (m->pid, SIGKILL);
    if (m->has_thread) {
        m->cancelled = true;
        pthread_cancel (m->thread);
        client_close (m->rt, m->uuid);
    }
    return 0;
}

static void join_shortly (struct module *m)
{
    struct timespec until;

    pthread_cancel (m->thread);
    clock_gettime (CLOCK_REALTIME, &until);
    until.tv_sec += JOIN_TIMEOUT;
    if (pthread_timedjoin_np (m->thread, NULL, &until) != 0) {
        fprintf (stderr, "flux-broker: module %s does not end\n", m->name);
        m->dso.handle = NULL; // its code is still in use
        pthread_detach (m->thread);
    }
}

void module_destroy (struct module *m)
{
    if (m) {
        int saved_errno = errno;
        if (m->connected)
            client_close (m->rt, m->uuid);
        router_turn_end_forget (m->rt, module_end_cb, m);
        ev_timer_stop (router_loop (m->rt), &m->join_timer);
        module_release_held (m);
        if (m->has_thread)
            join_shortly (m);
        if (m->pid > 0) {
            ev_child_stop (router_loop (m->rt), &m->child);
            kill (m->pid, SIGKILL);
            waitpid (m->pid, NULL, 0);
        }
        if (m->fd >= 0)
            close (m->fd);
        moddso_close (&m->dso);
        free (m->path);
        free (m);
        errno = saved_errno;
    }
}

json_t *module_describe (const struct module *m)
{
    int idle = (int)(ev_now (router_loop (m->rt)) - m->active);
    bool empty = client_pending (m->rt, m->uuid) == 0;

    return json_pack ("{s:s s:s s:i s:i s:o s:i s:i}", "name", m->name, "path", m->path, "idle",
                      idle > 0 ? idle : 0, "status", m->state, "services",
                      client_services (m->rt, m->uuid), "sendqueue", m->nheld, "recvqueue",
                      empty ? 0 : m->nsent);
}
