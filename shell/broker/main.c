/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker. main() reads as a table of contents; what happens when is the table in machine.c,
 * and the actions of each state are here. */

#include <errno.h>
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
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/broker/archive.h"
#include "shell/broker/attr.h"
#include "shell/broker/boot_attrs.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/heartbeat.h"
#include "shell/broker/life.h"
#include "shell/broker/listener.h"
#include "shell/broker/log.h"
#include "shell/broker/lone.h"
#include "shell/broker/net.h"
#include "shell/broker/options.h"
#include "shell/broker/program.h"
#include "shell/broker/program_env.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "shell/broker/rundir.h"
#include "shell/broker/statedir.h"
#include "shell/service/services.h"

#define QUORUM_TIMEOUT 120.  // broker.quorum-timeout
#define SHUTDOWN_TIMEOUT 20. // broker.shutdown-timeout
#define CLEANUP_TIMEOUT 20.  // broker.cleanup-timeout
#define PROGRAM_GRACE 5.     // from the signal that ends the instance to the program's SIGKILL
#define ORPHAN_GRACE 3.      // how long a broker below rank 0 waits for its parent to end it

struct broker {
    struct ev_loop *loop;
    struct attrs *attrs;
    struct bootstrap *bootstrap;
    const struct bootstrap_info *info;
    struct rundir *rundir;
    struct statedir *statedir; // rank 0
    struct archive *archive;   // while one is read or written
    struct router *router;
    struct net *net;   // NULL for one broker
    double lone_since; // when that one started
    struct listener *listener;
    struct life *life;
    struct log *log;
    struct heartbeat *heartbeat;
    struct services *services;
    struct program *program;
    char **program_argv;
    struct program *rc; // rc1 or rc3
    ev_timer timer;     // of the present state
    ev_signal sigterm, sigint, sighup, sigusr1, sigusr2;
    bool end_pending; // to end once the brokers below have
    const flux_msg_t *shutdown_request;
    char **conf_values;      // of the command line
    flux_conf_t *given_conf; // until the service has it
    struct conf_service *conf;
    uint32_t quorum, lost; // brokers to wait for; those that left meanwhile
    bool started;          // all services
    bool jobs_ended;
    int program_status; // wait status of the initial program
    int exit_code;      // when something else went wrong
};

static void complain (struct broker *b, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

static void complain (struct broker *b, const char *fmt, ...)
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

static bool is_leader (const struct broker *b)
{
    return b->info->rank == 0;
}

static double get_timeout (struct broker *b, const char *name, double def)
{
    flux_error_t error;
    double value = def;

    if (attr_get_duration (b->attrs, name, def, &value, &error) < 0)
        complain (b, "%s", error.text);
    return value;
}

/* The timer of a state: a negative time is none. */
static void state_timer_start (struct broker *b, double seconds)
{
    ev_timer_stop (b->loop, &b->timer);
    if (seconds >= 0) {
        ev_timer_set (&b->timer, seconds, 0.);
        ev_timer_start (b->loop, &b->timer);
    }
}

/* ---- what is done in each state ---- */

static void enter_join (struct broker *b)
{
    if (is_leader (b))
        life_post (b->life, "parent-none");
}

static void ready_cb (void *arg);

/* The command of an attribute, as rc1 and rc3 are: done comes at once when there is none. */
static void run_rc (struct broker *b, const char *attr, program_exit_f done)
{
    const char *command = attr_get (b->attrs, attr);
    char *argv[] = {"/bin/sh", "-c", (char *)command, NULL};
    char *envv[PROGRAM_ENV_MAX + 1];
    flux_error_t error = {""};

    if (!command || !*command) {
        done (0, b);
        return;
    }
    program_destroy (b->rc);
    b->rc = NULL;
    if (program_env_make (envv, b->attrs, &error) == 0)
        b->rc = program_start (b->loop, argv, envv, NULL, done, b, &error);
    program_env_free (envv);
    if (!b->rc) {
        complain (b, "%s: %s", attr, error.text);
        done (W_EXITCODE (1, 0), b);
    }
}

static void rc1_done_cb (int wait_status, void *arg)
{
    struct broker *b = arg;
    flux_error_t error;

    if (wait_status != 0)
        complain (b, "rank %u: broker.rc1_path failed", b->info->rank);
    else if ((wait_status = services_announce (b->services, b->attrs, &error)) < 0)
        complain (b, "%s", error.text);
    life_post (b->life, wait_status == 0 ? "init-done" : "init-fail");
}

static void init_failed (struct broker *b, const char *why)
{
    complain (b, "%s", why);
    life_post (b->life, "init-fail");
}

static void start_services (struct broker *b)
{
    flux_error_t error;

    if (services_start (b->services, b->attrs, b->conf, getuid (), &error) < 0) {
        init_failed (b, error.text);
        return;
    }
    b->started = true;
    services_on_ready (b->services, ready_cb, b);
    run_rc (b, "broker.rc1_path", rc1_done_cb);
}

static void restored_cb (const char *failure, void *arg)
{
    struct broker *b = arg;
    flux_error_t error;

    if (failure)
        errprintf (&error, "%s", failure);
    bool good = !failure && services_reload (b->services, &error) == 0;
    archive_settle (b->archive, good);
    archive_destroy (b->archive);
    b->archive = NULL;
    if (good)
        start_services (b);
    else
        init_failed (b, error.text);
}

static int find_archive (struct broker *b, flux_error_t *errp)
{
    if (!is_leader (b) || (b->archive = archive_find (b->attrs, errp)))
        return 0;
    return errno == 0 ? 0 : -1;
}

static void enter_init (struct broker *b)
{
    flux_error_t error;

    if (find_archive (b, &error) < 0 ||
        !(b->services = services_create (b->router, b->attrs, &error)) ||
        (b->archive && archive_run (b->archive, b->loop, restored_cb, b, &error) < 0))
        init_failed (b, error.text);
    else if (!b->archive)
        start_services (b);
}

static void check_quorum (struct broker *b)
{
    if (is_leader (b) && life_state (b->life) == STATE_QUORUM &&
        services_ready_count (b->services) >= b->quorum)
        life_post (b->life, "quorum-full");
}

static void ready_cb (void *arg)
{
    check_quorum (arg);
}

static void enter_quorum (struct broker *b)
{
    if (is_leader (b)) {
        state_timer_start (b, get_timeout (b, "broker.quorum-timeout", QUORUM_TIMEOUT));
        check_quorum (b);
    } else {
        life_follow_parent (b->life);
    }
}

/* The jobs are ended, and so is the program, whose exit is to become the broker's. */
static void check_cleanup (struct broker *b)
{
    if (life_state (b->life) == STATE_CLEANUP && b->jobs_ended && !program_running (b->program))
        life_post (b->life, "cleanup-done");
}

static void program_exit_cb (int wait_status, void *arg)
{
    struct broker *b = arg;

    b->program_status = wait_status;
    life_post (b->life, "program-done");
    check_cleanup (b);
}

static void run_program (struct broker *b)
{
    char *envv[PROGRAM_ENV_MAX + 1];
    char prompt[128];
    flux_error_t error;

    int rc = program_env_make (envv, b->attrs, &error);
    program_prompt (prompt, sizeof (prompt), b->attrs);
    bootstrap_scrub_environ ();
    if (rc == 0)
        b->program =
            program_start (b->loop, b->program_argv, envv, prompt, program_exit_cb, b, &error);
    if (!b->program) { // with the exit code that a shell would give
        int code = rc < 0 ? 1 : errno == ENOENT ? 127 : 126;
        complain (b, "%s", error.text);
        b->exit_code = code;
        life_post (b->life, "program-done");
    }
    program_env_free (envv);
}

static void enter_run (struct broker *b)
{
    state_timer_start (b, -1);
    bootstrap_ready (b->bootstrap);
    if (!attr_get (b->attrs, "broker.recovery-mode"))
        services_run (b->services);
    if (is_leader (b) && !attr_get (b->attrs, "broker.rc2_none"))
        run_program (b);
}

static void cleanup_done_cb (void *arg)
{
    struct broker *b = arg;

    b->jobs_ended = true;
    check_cleanup (b);
}

static void enter_cleanup (struct broker *b)
{
    if (!is_leader (b) || !b->started) {
        life_post (b->life, "cleanup-done");
        return;
    }
    if (program_running (b->program))
        state_timer_start (b, PROGRAM_GRACE);
    services_cleanup (b->services, get_timeout (b, "broker.cleanup-timeout", CLEANUP_TIMEOUT),
                      cleanup_done_cb, b);
}

static bool children_online (struct broker *b)
{
    return b->net && overlay_online_count (net_overlay (b->net)) > 1;
}

static void enter_shutdown (struct broker *b)
{
    state_timer_start (b, -1);
    program_kill (b->program, SIGKILL); // of a broker that never got to cleanup
    if (b->net)
        overlay_refuse_children (net_overlay (b->net));
    if (children_online (b))
        state_timer_start (b, get_timeout (b, "broker.shutdown-timeout", SHUTDOWN_TIMEOUT));
    else
        life_post (b->life, "children-gone");
}

static void dumped_cb (const char *failure, void *arg)
{
    struct broker *b = arg;

    if (failure)
        complain (b, "%s", failure);
    life_post (b->life, "finalized");
}

static void unloaded_cb (void *arg)
{
    struct broker *b = arg;
    flux_error_t error;

    if (b->started && services_finalize (b->services, &error) < 0)
        complain (b, "%s", error.text);
    if (!b->started || !is_leader (b)) {
        life_post (b->life, "finalized");
    } else if (!(b->archive = archive_plan (b->attrs, &error))) {
        dumped_cb (errno ? error.text : NULL, b);
    } else if (archive_run (b->archive, b->loop, dumped_cb, b, &error) < 0) {
        dumped_cb (error.text, b);
    }
}

static void rc3_done_cb (int wait_status, void *arg)
{
    struct broker *b = arg;

    if (wait_status != 0)
        complain (b, "rank %u: broker.rc3_path failed", b->info->rank);
    if (b->started)
        services_unload (b->services, unloaded_cb, b);
    else
        unloaded_cb (b);
}

static void enter_finalize (struct broker *b)
{
    state_timer_start (b, -1);
    run_rc (b, "broker.rc3_path", rc3_done_cb);
}

static void enter_goodbye (struct broker *b)
{
    if (b->shutdown_request)
        router_respond_error (b->router, b->shutdown_request, ENODATA, NULL);
    if (is_leader (b) || !b->net || overlay_parent (net_overlay (b->net)) < 0) {
        life_post (b->life, "goodbye");
    } else {
        state_timer_start (b, 5.);
        overlay_goodbye (net_overlay (b->net));
    }
}

static void enter_exit (struct broker *b)
{
    ev_break (b->loop, EVBREAK_ALL);
}

static void enter_state (enum broker_state state, void *arg)
{
    static void (*const actions[]) (struct broker * b) = {
        [STATE_JOIN] = enter_join,         [STATE_INIT] = enter_init,
        [STATE_QUORUM] = enter_quorum,     [STATE_RUN] = enter_run,
        [STATE_CLEANUP] = enter_cleanup,   [STATE_SHUTDOWN] = enter_shutdown,
        [STATE_FINALIZE] = enter_finalize, [STATE_GOODBYE] = enter_goodbye,
        [STATE_EXIT] = enter_exit,
    };
    struct broker *b = arg;

    attr_set (b->attrs, "broker.state", machine_name (state));
    actions[state](b);
}

/* ---- what comes from outside ---- */

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct broker *b = w->data;

    switch (life_state (b->life)) {
    case STATE_QUORUM:
        complain (b, "only %u of %u brokers joined in time", services_ready_count (b->services),
                  b->quorum);
        life_post (b->life, "quorum-fail");
        break;
    case STATE_CLEANUP: // it was told to end and does not
        program_kill (b->program, SIGKILL);
        break;
    case STATE_SHUTDOWN:
        complain (b, "some brokers did not leave in time");
        life_post (b->life, "children-gone");
        break;
    case STATE_GOODBYE:
        life_post (b->life, "goodbye");
        break;
    default: // a signal's grace is over
        life_post (b->life, "shutdown");
    }
}

static void conf_followed_cb (int errnum, void *arg)
{
    struct broker *b = arg;

    if (errnum != 0)
        complain (b, "rank %u: no configuration from its parent: %s", b->info->rank,
                  strerror (errnum));
    life_post (b->life, errnum == 0 ? "parent-ready" : "parent-fail");
}

static void parent_up_cb (void *arg)
{
    struct broker *b = arg;

    if (life_state (b->life) == STATE_JOIN)
        conf_service_follow (b->conf, conf_followed_cb, b);
    else
        life_follow_parent (b->life);
}

static void parent_lost_cb (bool final, const char *reason, void *arg)
{
    struct broker *b = arg;

    if (!final)
        return;
    if (life_state (b->life) == STATE_GOODBYE) {
        life_post (b->life, "goodbye");
        return;
    }
    if (reason)
        complain (b, "rank %u: %s", b->info->rank, reason);
    life_post (b->life, "parent-fail");
}

/* One that will not come is not waited for, when the others are too few. */
static void lost_before_start (struct broker *b, uint32_t rank)
{
    if (b->info->size - ++b->lost < b->quorum) {
        complain (b, "rank %u ended before the instance had started", rank);
        life_post (b->life, "quorum-fail");
    }
}

/* A rank that looks for another parent is only out of reach: its jobs go on. */
static void rank_state_cb (uint32_t rank, enum overlay_rank_state state, void *arg)
{
    struct broker *b = arg;

    if (!b->services)
        return;
    if (state == OVERLAY_RANK_LOST && life_state (b->life) == STATE_QUORUM)
        lost_before_start (b, rank);
    if (state == OVERLAY_RANK_LOST)
        services_rank_lost (b->services, rank);
    else
        services_rank_online (b->services, rank, state == OVERLAY_RANK_ONLINE);
}

static void online_cb (void *arg)
{
    struct broker *b = arg;

    if (life_state (b->life) == STATE_SHUTDOWN && !children_online (b))
        life_post (b->life, "children-gone");
    else if (b->end_pending && !children_online (b)) {
        b->end_pending = false;
        life_post (b->life, "shutdown");
    }
}

static const struct net_ops net_ops = {
    .parent_up = parent_up_cb,
    .parent_lost = parent_lost_cb,
    .rank_state = rank_state_cb,
    .online = online_cb,
};

/* A request to end. Rank 0 passes it to the initial program, whose end is the instance's. The
 * others are told by their parents; should that not come, they end by themselves. */
static void end_signal_cb (struct ev_loop *loop, ev_signal *w, int revents)
{
    struct broker *b = w->data;

    /* Beside the tasks of a Slurm step: each broker is ended with the tasks of its node, and must
     * not take the instance from those whose tasks still run. */
    if (attr_get (b->attrs, "broker.last-out")) {
        b->end_pending = children_online (b);
        if (!b->end_pending)
            life_post (b->life, "shutdown");
    } else if (!is_leader (b)) {
        state_timer_start (b, ORPHAN_GRACE);
    } else {
        program_kill (b->program, w->signum);
        life_post (b->life, "shutdown");
    }
}

static void pass_signal_cb (struct ev_loop *loop, ev_signal *w, int revents)
{
    struct broker *b = w->data;

    program_kill (b->program, w->signum);
}

/* shutdown.start: with a streaming request, lines for the user until the end of it. */
static void shutdown_start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;

    if (!is_leader (b)) {
        router_respond_error (rt, msg, EINVAL, "shutdown is for rank 0");
    } else if (life_state (b->life) > STATE_RUN) {
        router_respond_error (rt, msg, EINVAL, "shutdown is already in progress");
    } else {
        if (flux_msg_is_streaming (msg))
            b->shutdown_request = flux_msg_incref (msg);
        else
            router_respond (rt, msg, NULL);
        program_kill (b->program, SIGHUP);
        life_post (b->life, "shutdown");
    }
}

static void shutdown_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;

    if (b->shutdown_request && flux_msg_route_match_first (b->shutdown_request, msg)) {
        flux_msg_decref (b->shutdown_request);
        b->shutdown_request = NULL;
    }
}

static const struct handler_row shutdown_rows[] = {
    {"start", shutdown_start_cb, FLUX_ROLE_OWNER},
    {"disconnect", shutdown_disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

/* The broker itself has only what every service has: ping, rusage, stats-get. */
static const struct handler_row broker_rows[] = {
    {NULL, NULL, 0},
};

/* ---- set-up and end ---- */

/* To look at what an earlier instance left, and to repair it: alone, and nothing is run. */
static int check_recovery (struct broker *b, flux_error_t *errp)
{
    if (!attr_get (b->attrs, "broker.recovery-mode") || b->info->size == 1)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "broker.recovery-mode is for an instance of one broker");
}

static int get_access (const json_t *conf, struct listener_access *access, flux_error_t *errp)
{
    int guests = 0, root_owner = 0;
    json_error_t error;

    if (json_unpack_ex ((json_t *)conf, &error, 0, "{s?{s?b s?b}}", "access", "allow-guest-user",
                        &guests, "allow-root-owner", &root_owner) < 0) {
        errno = EINVAL;
        return errprintf (errp, "access: %s", error.text);
    }
    *access = (struct listener_access){guests, root_owner};
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
        {&b->sigterm, SIGTERM, end_signal_cb},  {&b->sigint, SIGINT, end_signal_cb},
        {&b->sighup, SIGHUP, end_signal_cb},    {&b->sigusr1, SIGUSR1, pass_signal_cb},
        {&b->sigusr2, SIGUSR2, pass_signal_cb},
    };

    signal (SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        ev_signal_init (table[i].w, table[i].cb, table[i].signum);
        table[i].w->data = b;
        ev_signal_start (b->loop, table[i].w);
        ev_unref (b->loop);
    }
    ev_timer_init (&b->timer, timer_cb, 0., 0.);
    b->timer.data = b;
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
        check_recovery (b, errp) < 0 ||
        attr_get_uint32 (b->attrs, "broker.quorum", b->info->size, &b->quorum, errp) < 0 ||
        !(b->rundir = rundir_create (b->attrs, errp)) ||
        (is_leader (b) && !(b->statedir = statedir_create (b->attrs, errp))))
        return -1;
    if (!(b->router = router_create (b->loop, b->info->rank, b->info->size, getuid ())) ||
        !(b->life = life_create (b->router, enter_state, b)) ||
        attr_service_add (b->attrs, b->router) < 0 || init_conf (b) < 0 ||
        router_service_add (b->router, "shutdown", shutdown_rows, b) < 0 ||
        router_service_add (b->router, "broker", broker_rows, b) < 0)
        return errprintf (errp, "out of memory");
    if (!(b->log = log_create (b->router, b->attrs, errp)) ||
        !(b->heartbeat = heartbeat_create (b->router, b->attrs, errp)))
        return -1;
    init_signals (b);
    if (b->info->size > 1 ? !(b->net = net_create (b->router, b->attrs, conf_service_get (b->conf),
                                                   b->bootstrap, &net_ops, b, errp))
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
        return 128 + WTERMSIG (wait_status);
    }
    if (WIFEXITED (wait_status) && WEXITSTATUS (wait_status) != 0)
        return WEXITSTATUS (wait_status);
    return exit_code;
}

int main (int argc, char **argv)
{
    struct broker b = {0};
    flux_error_t error;

    protect_memory ();
    if (!(b.attrs = attrs_create ()))
        return 1;
    b.program_argv = options_parse (argc, argv, b.attrs, &b.conf_values);
    if (broker_init (&b, &error) < 0) {
        if (b.bootstrap && bootstrap_is_refused (b.bootstrap))
            b.exit_code = 1;
        else
            complain (&b, "%s", error.text);
        if (b.bootstrap)
            bootstrap_abort (b.bootstrap, error.text);
    } else {
        life_post (b.life, "start");
        if (life_state (b.life) != STATE_EXIT) // else it could not even begin
            ev_run (b.loop, 0);
    }
    broker_fini (&b);
    return exit_like (b.exit_code, b.program_status);
}
