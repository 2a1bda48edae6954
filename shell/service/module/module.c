/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One loaded module, see module.h. It is over when its connection is closed and, for a process,
 * when that was waited for. */

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/module.h>
#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "lib/util/spawn.h"
#include "shell/broker/router.h"
#include "shell/broker/router_client.h"
#include "shell/service/module/modinfo.h"
#include "shell/service/module/module.h"
#include "shell/service/module/modrun.h"

#define JOIN_TIMEOUT 2   // seconds at the end of the broker, for a thread that was cut off
#define JOIN_RETRY 0.001 // seconds from the end of the connection to that of the thread; doubled
#define JOIN_RETRY_MAX 1.

struct held {
    flux_msg_t *msg;
    struct held *next, *prev;
};

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

static void end_cb (struct router *rt, void *arg);
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

/* ---- its connection ---- */

static bool received_cb (flux_msg_t *msg, void *arg)
{
    struct module *m = arg;
    struct held *held;

    m->active = ev_now (router_loop (m->rt));
    m->ops->passed (m, "tx", msg, m->arg);
    if (!m->defer || !(held = malloc (sizeof (*held))))
        return false;
    held->msg = msg;
    DL_APPEND (m->held, held);
    m->nheld++;
    return true;
}

static void sending_cb (const flux_msg_t *msg, void *arg)
{
    struct module *m = arg;

    if (client_pending (m->rt, m->uuid) == 0)
        m->nsent = 0;
    m->nsent++;
    m->ops->passed (m, "rx", msg, m->arg);
}

static void gone_cb (void *arg)
{
    struct module *m = arg;

    m->connected = false;
    router_at_turn_end (m->rt, end_cb, m);
}

static const struct client_ops client_ops = {received_cb, sending_cb, gone_cb};

static void release_held (struct module *m)
{
    struct held *held;

    while ((held = m->held)) {
        DL_DELETE (m->held, held);
        m->nheld--;
        client_inject (m->rt, m->uuid, held->msg); // drops it when the module is gone
        free (held);
    }
}

void module_defer (struct module *m, bool defer)
{
    m->defer = defer;
    if (!defer)
        release_held (m);
}

static int connect_client (struct module *m)
{
    struct flux_msg_cred cred = {getuid (), FLUX_ROLE_OWNER};
    int fd[2];

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -1;
    m->fd = fd[1];
    if (client_add_ops (m->rt, fd[0], cred.userid, cred.rolemask, &client_ops, m, m->uuid) < 0)
        return -1;
    m->connected = true;
    return 0;
}

static int push (struct module *m, const char *topic, json_t *payload)
{
    char *text = payload ? json_dumps (payload, JSON_COMPACT) : NULL;
    flux_msg_t *msg = payload && !text ? NULL : flux_request_encode (topic, text);
    struct flux_msg_cred cred = {getuid (), FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};
    int rc = -1;

    if (msg && flux_msg_set_noresponse (msg) == 0 && flux_msg_set_cred (msg, cred) == 0) {
        flux_msg_route_enable (msg);
        rc = client_push (m->rt, m->uuid, msg);
    }
    flux_msg_decref (msg);
    free (text);
    return rc;
}

static int send_welcome (struct module *m, const struct module_spec *spec)
{
    json_t *o = json_pack ("{s:O s:O s:O s:s s:s}", "args", spec->args, "attrs", spec->attrs,
                           "conf", spec->conf, "name", m->name, "uuid", m->uuid);
    int rc = o ? push (m, "welcome", o) : -1;

    json_decref (o);
    return rc;
}

/* ---- thread or process ---- */

static void *thread_main (void *arg)
{
    struct module *m = arg; // of which only what never changes is touched here
    int fd = m->thread_fd;
    mod_main_f main = m->dso.main;
    char uri[32];
    flux_t *h;

    snprintf (uri, sizeof (uri), "fd://%d", fd);
    if (!(h = flux_open (uri, 0))) {
        close (fd);
        return NULL;
    }
    modrun (h, main, 0);
    flux_close (h);
    return NULL;
}

/* Signals are for the broker's own thread. */
static int start_thread (struct module *m, flux_error_t *errp)
{
    sigset_t all, old;
    int rc;

    m->thread_fd = m->fd;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    rc = pthread_create (&m->thread, NULL, thread_main, m);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        errno = rc;
        return errprintf (errp, "thread: %s", strerror (rc));
    }
    m->has_thread = true;
    m->fd = -1;
    return 0;
}

static void child_cb (struct ev_loop *loop, ev_child *w, int revents)
{
    struct module *m = w->data;

    ev_child_stop (loop, w);
    m->pid = 0;
    if (WIFSIGNALED (w->rstatus)) {
        m->errnum = ECONNRESET;
        snprintf (m->errtext, sizeof (m->errtext), "its process was killed by signal %d",
                  WTERMSIG (w->rstatus));
    }
    router_at_turn_end (m->rt, end_cb, m);
}

static void pass_fd (void *arg)
{
    struct module *m = arg;
    char uri[32];
    int fd = dup (m->fd); // without close-on-exec

    snprintf (uri, sizeof (uri), "fd://%d", fd);
    setenv ("FLUX_MODULE_URI", uri, 1);
}

static int start_process (struct module *m, flux_error_t *errp)
{
    char *program = peer_find ("flux-module-exec", "service/module");
    char *argv[] = {program, m->path, NULL};
    struct spawn_spec spec = {
        .argv = argv, .fds = {-1, -1, -1}, .pdeathsig = SIGTERM, .setup = pass_fd, .arg = m};
    pid_t pid;

    if (!program)
        return errprintf (errp, "flux-module-exec was not found");
    pid = spawn_program (&spec, errp);
    free (program);
    if (pid < 0)
        return -1;
    m->pid = pid;
    ev_child_init (&m->child, child_cb, pid, 0);
    m->child.data = m;
    ev_child_start (router_loop (m->rt), &m->child);
    close (m->fd);
    m->fd = -1;
    return 0;
}

/* ---- life ---- */

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
    if (connect_client (m) < 0)
        return errprintf (errp, "%s", strerror (errno));
    if (client_provide (m->rt, m->uuid, m->name) < 0)
        return errprintf (
            errp, errno == EEXIST ? "a service named %s exists already" : "%s: failed", m->name);
    if (send_welcome (m, spec) < 0)
        return errprintf (errp, "out of memory");
    return spec->exec ? start_process (m, errp) : start_thread (m, errp);
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
    end_cb (m->rt, m);
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
static void end_cb (struct router *rt, void *arg)
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
    return push (m, topic, NULL);
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
        router_turn_end_forget (m->rt, end_cb, m);
        ev_timer_stop (router_loop (m->rt), &m->join_timer);
        release_held (m);
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
