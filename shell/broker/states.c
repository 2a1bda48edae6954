/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is done in each state of the broker; when it is in which is the table in machine.c. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/overlay/overlay.h"
#include "lib/util/errprintf.h"
#include "shell/broker/archive.h"
#include "shell/broker/attr.h"
#include "shell/broker/broker.h"
#include "shell/broker/program.h"
#include "shell/broker/program_env.h"
#include "shell/service/services.h"

#define PROGRAM_GRACE 5. // from the signal that ends the instance to the program's SIGKILL

static double get_timeout (struct broker *b, const char *name)
{
    flux_error_t error;
    double value = 20.;

    if (attr_get_duration (b->attrs, name, &value, &error) < 0)
        broker_complain (b, "%s", error.text);
    return value;
}

static void enter_join (struct broker *b)
{
    if (broker_is_leader (b))
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
        broker_complain (b, "%s: %s", attr, error.text);
        done (W_EXITCODE (1, 0), b);
    }
}

static void rc1_done_cb (int wait_status, void *arg)
{
    struct broker *b = arg;
    flux_error_t error;

    if (wait_status != 0)
        broker_complain (b, "rank %u: broker.rc1_path failed", b->info->rank);
    else if ((wait_status = services_announce (b->services, b->attrs, &error)) < 0)
        broker_complain (b, "%s", error.text);
    life_post (b->life, wait_status == 0 ? "init-done" : "init-fail");
}

static void init_failed (struct broker *b, const char *why)
{
    broker_complain (b, "%s", why);
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
    if (!broker_is_leader (b) || (b->archive = archive_find (b->attrs, errp)))
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
    if (broker_is_leader (b) && life_state (b->life) == STATE_QUORUM &&
        services_ready_count (b->services) >= b->quorum)
        life_post (b->life, "quorum-full");
}

static void ready_cb (void *arg)
{
    check_quorum (arg);
}

static void enter_quorum (struct broker *b)
{
    if (broker_is_leader (b)) {
        broker_timer_start (b, get_timeout (b, "broker.quorum-timeout"));
        broker_slow_start (b, get_timeout (b, "broker.quorum-warn"));
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
        broker_complain (b, "%s", error.text);
        b->exit_code = code;
        life_post (b->life, "program-done");
    }
    program_env_free (envv);
}

static void enter_run (struct broker *b)
{
    broker_timer_start (b, -1);
    bootstrap_ready (b->bootstrap);
    if (!attr_get (b->attrs, "broker.recovery-mode"))
        services_run (b->services);
    if (broker_is_leader (b) && !attr_get (b->attrs, "broker.rc2_none"))
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
    if (!broker_is_leader (b) || !b->started) {
        life_post (b->life, "cleanup-done");
        return;
    }
    if (program_running (b->program))
        broker_timer_start (b, PROGRAM_GRACE);
    services_cleanup (b->services, get_timeout (b, "broker.cleanup-timeout"), cleanup_done_cb, b);
}

bool broker_children_online (struct broker *b)
{
    return b->net && overlay_online_count (net_overlay (b->net)) > 1;
}

static void enter_shutdown (struct broker *b)
{
    broker_timer_start (b, -1);
    program_kill (b->program, SIGKILL); // of a broker that never got to cleanup
    if (b->net)
        overlay_refuse_children (net_overlay (b->net));
    if (broker_children_online (b)) {
        broker_timer_start (b, get_timeout (b, "broker.shutdown-timeout"));
        broker_slow_start (b, get_timeout (b, "broker.shutdown-warn"));
    } else
        life_post (b->life, "children-gone");
}

static void dumped_cb (const char *failure, void *arg)
{
    struct broker *b = arg;

    if (failure)
        broker_complain (b, "%s", failure);
    life_post (b->life, "finalized");
}

static void unloaded_cb (void *arg)
{
    struct broker *b = arg;
    flux_error_t error;

    if (b->started && services_finalize (b->services, &error) < 0)
        broker_complain (b, "%s", error.text);
    if (!b->started || !broker_is_leader (b)) {
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
        broker_complain (b, "rank %u: broker.rc3_path failed", b->info->rank);
    if (b->started)
        services_unload (b->services, unloaded_cb, b);
    else
        unloaded_cb (b);
}

static void enter_finalize (struct broker *b)
{
    broker_timer_start (b, -1);
    run_rc (b, "broker.rc3_path", rc3_done_cb);
}

static void enter_goodbye (struct broker *b)
{
    if (b->shutdown_request)
        router_respond_error (b->router, b->shutdown_request, ENODATA, NULL);
    if (broker_is_leader (b) || !b->net || overlay_parent (net_overlay (b->net)) < 0) {
        life_post (b->life, "goodbye");
    } else {
        broker_timer_start (b, 5.);
        overlay_goodbye (net_overlay (b->net));
    }
}

static void enter_exit (struct broker *b)
{
    ev_break (b->loop, EVBREAK_ALL);
}

void broker_enter_state (enum broker_state state, void *arg)
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
    broker_slow_start (b, -1);
    actions[state](b);
}
