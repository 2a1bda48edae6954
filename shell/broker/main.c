/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker: how it is made, and how it ends. What happens between is in broker.h's other files.
 */

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "lib/bootstrap/bootstrap.h"
#include "lib/overlay/overlay.h"
#include "lib/shell/proctree.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"
#include "lib/util/waitcode.h"
#include "shell/broker/archive.h"
#include "shell/broker/attr.h"
#include "shell/broker/boot_attrs.h"
#include "shell/broker/broker.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/grow.h"
#include "shell/broker/heartbeat.h"
#include "shell/broker/life.h"
#include "shell/broker/listener.h"
#include "shell/broker/log.h"
#include "shell/broker/lone.h"
#include "shell/broker/net.h"
#include "shell/broker/options.h"
#include "shell/broker/program.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "shell/broker/rundir.h"
#include "shell/broker/statedir.h"
#include "shell/service/services.h"

#define ORPHAN_TIMEOUT 2. // seconds

void broker_complain (struct broker *b, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    fprintf (stderr, "flux-broker: %s\n", text);
    if (b->exit_code == 0)
        b->exit_code = 1;
}

bool broker_is_leader (const struct broker *b)
{
    return b->info->rank == 0;
}

static void restart (struct ev_loop *loop, ev_timer *w, double seconds)
{
    ev_timer_stop (loop, w);
    if (seconds >= 0) {
        ev_timer_set (w, seconds, 0.);
        ev_timer_start (loop, w);
    }
}

void broker_timer_start (struct broker *b, double seconds)
{
    restart (b->loop, &b->timer, seconds);
}

void broker_slow_start (struct broker *b, double seconds)
{
    restart (b->loop, &b->slow, seconds);
}

/* To look at what an earlier instance left, and to repair it: alone, and nothing is run. */
static int check_recovery (struct broker *b, flux_error_t *errp)
{
    if (!attr_get (b->attrs, "broker.recovery-mode") || b->info->size == 1)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "broker.recovery-mode is for an instance of one broker");
}

static bool is_names (const json_t *list)
{
    return !list || json_is_strings (list);
}

static int get_access (const json_t *conf, struct listener_access *access, flux_error_t *errp)
{
    int guests = 0, root_owner = 0, private_mode = 0;
    json_t *users = NULL, *groups = NULL;
    json_error_t error;

    if (json_unpack_ex ((json_t *)conf, &error, 0, "{s?{s?b s?b s?b s?{s?{s?o s?o}}}}", "access",
                        "allow-guest-user", &guests, "allow-root-owner", &root_owner,
                        "private-mode", &private_mode, "roles", "admin", "users", &users, "groups",
                        &groups) < 0) {
        errno = EINVAL;
        return errprintf (errp, "access: %s", error.text);
    }
    if (!is_names (users) || !is_names (groups)) {
        errno = EINVAL;
        return errprintf (errp, "access.roles.admin: users and groups are arrays of names");
    }
    *access = (struct listener_access){guests, root_owner, users, groups};
    return 0;
}

static int check_conf_cb (const json_t *conf, void *arg, flux_error_t *errp)
{
    struct broker *b = arg;
    struct listener_access access;

    if (get_access (conf, &access, errp) < 0)
        return -1;
    return b->net ? net_check_config (conf, errp) : 0;
}

static void apply_conf_cb (const json_t *conf, void *arg)
{
    struct broker *b = arg;
    struct listener_access access;

    if (b->listener && get_access (conf, &access, NULL) == 0)
        listener_set_access (b->listener, &access);
    if (b->net)
        net_apply_config (b->net, conf);
}

static int init_local_socket (struct broker *b, flux_error_t *errp)
{
    const char *given = attr_get (b->attrs, "local-uri");
    struct listener_access access;
    char uri[1024];

    if (given && strncmp (given, "local://", 8) != 0) {
        errno = EINVAL;
        return errprintf (errp, "local-uri=%s: must begin with local://", given);
    }
    if (given)
        snprintf (uri, sizeof (uri), "%s", given);
    else
        snprintf (uri, sizeof (uri), "local://%s/local-%u", attr_get (b->attrs, "rundir"),
                  b->info->rank);
    if (attr_set (b->attrs, "local-uri", uri) < 0)
        return errprintf (errp, "out of memory");
    if (get_access (conf_service_get (b->conf), &access, errp) < 0)
        return -1;
    b->listener = listener_create (b->router, uri + 8, getuid (), errp);
    if (!b->listener)
        return -1;
    apply_conf_cb (conf_service_get (b->conf), b);
    return 0;
}

static void init_signals (struct broker *b)
{
    struct {
        ev_signal *w;
        int signum;
        void (*cb) (struct ev_loop *loop, ev_signal *w, int revents);
    } table[] = {
        {&b->sigterm, SIGTERM, broker_end_signal_cb},
        {&b->sigint, SIGINT, broker_end_signal_cb},
        {&b->sighup, SIGHUP, broker_end_signal_cb},
        {&b->sigusr1, SIGUSR1, broker_pass_signal_cb},
        {&b->sigusr2, SIGUSR2, broker_pass_signal_cb},
    };

    signal (SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        ev_signal_init (table[i].w, table[i].cb, table[i].signum);
        table[i].w->data = b;
        ev_signal_start (b->loop, table[i].w);
        ev_unref (b->loop);
    }
    ev_timer_init (&b->timer, broker_timer_cb, 0., 0.);
    b->timer.data = b;
    ev_timer_init (&b->slow, broker_slow_cb, 0., 0.);
    b->slow.data = b;
}

/* The broker holds keys and credentials: no core, no ptrace by others of the user. */
static void protect_memory (void)
{
    prctl (PR_SET_DUMPABLE, 0);
}

static int init_conf (struct broker *b)
{
    b->conf = conf_service_create (b->router, b->given_conf, attr_get (b->attrs, "config.path"));
    if (!b->conf)
        return -1;
    b->given_conf = NULL;
    return conf_service_watch (b->conf, check_conf_cb, apply_conf_cb, b);
}

static int set_quorum (struct broker *b, flux_error_t *errp)
{
    if (!attr_is_set (b->attrs, "broker.quorum") &&
        attr_set_uint (b->attrs, "broker.quorum", b->info->size) < 0)
        return errprintf (errp, "out of memory");
    return attr_get_uint32 (b->attrs, "broker.quorum", &b->quorum, errp);
}

static int broker_init (struct broker *b, flux_error_t *errp)
{
    if (!(b->loop =
              ev_default_loop (EVFLAG_AUTO | EVFLAG_NOSIGMASK))) // child watchers need this one
        return errprintf (errp, "the event loop cannot be made");
    if (!(b->bootstrap = bootstrap_begin (errp)))
        return -1;
    b->info = bootstrap_get_info (b->bootstrap);
    if (boot_attrs_init (b->attrs, b->info, errp) < 0 ||
        !(b->given_conf = options_conf (b->attrs, b->conf_values, errp)) ||
        check_recovery (b, errp) < 0 || set_quorum (b, errp) < 0 ||
        !(b->rundir = rundir_create (b->attrs, errp)) ||
        (broker_is_leader (b) && !(b->statedir = statedir_create (b->attrs, errp))))
        return -1;
    if (!(b->router = router_create (b->loop, b->info->rank, b->info->size, getuid ())) ||
        !(b->life = life_create (b->router, broker_enter_state, b)) ||
        attr_service_add (b->attrs, b->router) < 0 || init_conf (b) < 0 ||
        router_service_add (b->router, "shutdown", broker_shutdown_rows, b) < 0 ||
        router_service_add (b->router, "broker", grow_rows, b) < 0 || grow_follow (b) < 0)
        return errprintf (errp, "out of memory");
    if (!(b->log = log_create (b->router, b->attrs, errp)) ||
        !(b->heartbeat = heartbeat_create (b->router, b->attrs, errp)))
        return -1;
    init_signals (b);
    if (b->info->size > 1 ? !(b->net = net_create (b->router, b->attrs, conf_service_get (b->conf),
                                                   b->bootstrap, &broker_net_ops, b, errp))
                          : bootstrap_finish (b->bootstrap, "", "", BOOTSTRAP_NO_PARENT, errp) < 0)
        return -1;
    if (!b->net && lone_overlay_service_add (b->router, &b->lone_since) < 0)
        return errprintf (errp, "out of memory");
    if (boot_attrs_late (b->attrs, b->info) < 0)
        return errprintf (errp, "out of memory");
    return init_local_socket (b, errp);
}

static void broker_fini (struct broker *b)
{
    listener_destroy (b->listener);
    flux_msg_decref (b->shutdown_request);
    archive_destroy (b->archive);
    services_destroy (b->services);
    statedir_destroy (b->statedir);
    program_destroy (b->program);
    program_destroy (b->rc);
    net_destroy (b->net);
    life_destroy (b->life);
    conf_service_destroy (b->conf);
    flux_conf_decref (b->given_conf);
    free (b->conf_values);
    heartbeat_destroy (b->heartbeat);
    log_destroy (b->log);
    router_destroy (b->router);
    rundir_destroy (b->rundir);
    bootstrap_destroy (b->bootstrap);
    attrs_destroy (b->attrs);
    if (b->loop)
        ev_loop_destroy (b->loop);
}

/* The initial program's end is the instance's: its exit code, or its death by a signal. */
static int exit_like (int exit_code, int wait_status)
{
    if (exit_code == 0 && WIFSIGNALED (wait_status)) {
        signal (WTERMSIG (wait_status), SIG_DFL);
        raise (WTERMSIG (wait_status));
        return waitcode (wait_status);
    }
    if (WIFEXITED (wait_status) && WEXITSTATUS (wait_status) != 0)
        return WEXITSTATUS (wait_status);
    return exit_code;
}

/* In a step of a resource manager nothing is left when the instance ends, not even what the program
 * has cut off from itself, as Slurm without cgroups loses sight of that. What was started by hand
 * with `flux start` may stay. */
static bool adopt_orphans (const struct broker *b)
{
    const struct bootstrap_info *info = b->info;
    bool step = info->jobid && (info->method == BOOTSTRAP_SINGLE ||
                                (info->method == BOOTSTRAP_WIREUP && info->munge));

    return step && prctl (PR_SET_CHILD_SUBREAPER, 1) == 0;
}

int main (int argc, char **argv)
{
    struct broker b = {0};
    flux_error_t error;
    bool adopts = false;

    setlocale (LC_CTYPE, ""); // job ids in texts are written with an ƒ where that can be shown
    protect_memory ();
    if (!(b.attrs = attrs_create ()))
        return 1;
    b.program_argv = options_parse (argc, argv, b.attrs, &b.conf_values);
    if (broker_init (&b, &error) < 0) {
        if (b.bootstrap && bootstrap_is_refused (b.bootstrap))
            b.exit_code = 1;
        else
            broker_complain (&b, "%s", error.text);
        if (b.bootstrap)
            bootstrap_abort (b.bootstrap, error.text);
    } else {
        adopts = adopt_orphans (&b);
        life_post (b.life, "start");
        if (life_state (b.life) != STATE_EXIT) // else it could not even begin
            ev_run (b.loop, 0);
    }
    broker_fini (&b);
    if (adopts)
        proctree_clear (ORPHAN_TIMEOUT);
    return exit_like (b.exit_code, b.program_status);
}
