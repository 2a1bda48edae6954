/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of a job shell: understand the request, start the tasks, listen until they have ended,
 * report the result. */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/shell/jobfiles.h"
#include "lib/shell/jobtmp.h"
#include "lib/shell/proctree.h"
#include "lib/shell/proctable.h"
#include "lib/shell/rlimits.h"
#include "lib/shell/shell.h"
#include "lib/shell/stagein.h"
#include "lib/shell/spawnpkt.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/waitcode.h"

#define LEFTOVER_TIMEOUT 5. // seconds to end processes that the tasks left behind
#define DRAIN_TIMEOUT 10.   // seconds to write what is left
#define FAILED_STATUS (1 << 8)

static void check_ended_cb (void *arg)
{
    shell_check_ended (arg);
}

static void log_idle_cb (void *arg)
{
    struct shell *sh = arg;

    if (sh->output)
        output_update (sh->output);
    shell_check_ended (sh);
}

static void raised (struct link *link, const flux_msg_t *response, void *arg)
{
    shell_check_ended (arg);
}

void shell_fatal (struct shell *sh, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    if (sh->output)
        output_log (sh->output, LOG_ALERT, "%s", text);
    shell_raise (sh, "exec", 0, text);
}

void shell_raise (struct shell *sh, const char *type, int severity, const char *text)
{
    link_rpc (sh->link, "job-manager.raise", FLUX_NODEID_ANY, 0,
              json_pack ("{s:I s:s s:i s:s}", "id", (json_int_t)sh->start->id, "type", type,
                         "severity", severity, "note", text),
              raised, sh);
}

int shell_call_task (struct shell *sh, int localid, const char *topic)
{
    if (!sh->plugins)
        return 0;
    sh->current = &sh->tasks[localid];
    int rc = plugstack_call (sh->plugins, topic, NULL);
    sh->current = NULL;
    return rc;
}

/* The job's own directory, or /tmp where this node does not have it. */
int shell_change_dir (struct shell *sh)
{
    if (!sh->info->cwd)
        return sh->start->jobs > 0 ? fchdir (sh->start->home) : 0;
    if (chdir (sh->info->cwd) == 0)
        return 0;
    output_log (sh->output, LOG_ERR, "host %s: could not change directory to %s: %s; using /tmp",
                sh->info->hostname ? sh->info->hostname : "unknown", sh->info->cwd,
                strerror (errno));
    return chdir ("/tmp");
}

static int create_log (struct shell *sh, const struct outconf *conf)
{
    bool leader = sh->info->shell_rank == 0;
    struct joblog_config config = {
        .id = sh->info->id,
        .shell_rank = sh->info->shell_rank,
        .topic = leader ? "job-exec.append" : sh->write_topic,
        .nodeid = leader ? 0 : sh->info->leader_rank,
        .delay = conf->batch_timeout,
        .first_delay = conf->first_timeout,
        .idle = log_idle_cb,
        .arg = sh,
    };
    return (sh->log = joblog_create (sh->loop, sh->link, &config)) ? 0 : -1;
}

static int create_output (struct shell *sh, const struct outconf *conf)
{
    struct output_config config = {
        .info = sh->info,
        .conf = *conf,
        .tmpdir = sh->tmpdir,
        .log = sh->log,
        .link = sh->link,
        .write_topic = sh->write_topic,
        .done = check_ended_cb,
        .arg = sh,
    };
    return (sh->output = output_create (sh->loop, &config)) ? 0 : -1;
}

static int name_service (struct shell *sh)
{
    if (asprintf (&sh->service, "%u-shell-%s", (unsigned)getuid (), sh->info->id_plain) < 0 ||
        asprintf (&sh->write_topic, "%s.write", sh->service) < 0 ||
        asprintf (&sh->exit_topic, "%s.exit", sh->service) < 0 ||
        !(sh->text_seq = calloc (sh->info->nshells, sizeof (*sh->text_seq))))
        return -1;
    if (sh->info->shell_rank == 0)
        link_set_service (sh->link, sh->service, shell_methods, sh);
    return 0;
}

static void post_start (struct shell *sh)
{
    char *map = sh->unstarted ? NULL : taskmap_encode (sh->info->map, TASKMAP_ENCODE_WRAPPED);
    struct buf b = {0};

    if (map) {
        buf_printf (&b, "{\"taskmap\":%s}", map);
        joblog_event (sh->log, JOBLOG_EXEC, 0., "shell.start", b.data);
    }
    buf_clear (&b);
    free (map);
}

/* All tasks of the job have been started. */
static void started_cb (void *arg, const void *parts, size_t len, bool ok)
{
    struct shell *sh = arg;

    if (sh->info->shell_rank == 0) {
        post_start (sh);
        shell_started (sh);
    }
    shell_check_ended (sh);
}

static void post_init (struct shell *sh)
{
    struct buf b = {0};
    bool capture;

    buf_printf (&b, "{\"service\":\"%s\",\"leader-rank\":%u,\"size\":%d", sh->service,
                (unsigned)sh->info->leader_rank, sh->info->nshells);
    if (taskptys_interactive (sh->ptys, &capture))
        buf_printf (&b, ",\"pty\":\"terminus.0\"%s", capture ? ",\"capture\":1" : "");
    buf_putc (&b, '}');
    joblog_event (sh->log, JOBLOG_EXEC, 0., "shell.init", b.data);
    buf_clear (&b);
}

/* All shells are ready. */
static void go_cb (void *arg)
{
    struct shell *sh = arg;

    if (sh->info->shell_rank == 0)
        post_init (sh);
    if (plugstack_call (sh->plugins, "shell.post-init", NULL) < 0) {
        sh->status = FAILED_STATUS;
        shell_fatal (sh, "a plugin failed at shell.post-init");
        sh->starting = false;
    } else
        shell_launch (sh);
    plugstack_call (sh->plugins, "shell.start", NULL);
    peers_collect (sh->peers, NULL, started_cb, sh);
    shell_check_ended (sh);
}

static void command_cb (void *arg, json_t *o)
{
    struct shell *sh = arg;
    const char *type = json_string_value (json_object_get (o, "type"));
    int signum;

    if (!strcmp (type, "stdin"))
        input_deliver (sh->input, json_object_get (o, "context"));
    else if (!strcmp (type, "kill") && json_unpack (o, "{s:i}", "signum", &signum) == 0)
        shell_kill_tasks (sh, signum);
    else if (!strcmp (type, "proctable"))
        proctable_answer (sh);
}

/* Without the others the job cannot go on. */
static void peers_failed_cb (void *arg, const char *reason)
{
    struct shell *sh = arg;

    if (sh->said_bye) {
        shell_check_ended (sh);
        return;
    }
    if (sh->info->shell_rank == 0)
        shell_fatal (sh, "%s", reason);
    shell_kill_tasks (sh, SIGKILL);
    sh->status = sh->status > FAILED_STATUS ? sh->status : FAILED_STATUS;
    sh->said_bye = true;
    sh->starting = false;
    sh->ended = sh->running == 0;
    if (sh->ended)
        ev_break (sh->loop, EVBREAK_ALL);
}

static void capture_cb (void *arg, int localid, const char *data, size_t len)
{
    output_terminal_data (((struct shell *)arg)->output, localid, data, len);
}

static const struct taskpty_ops pty_ops = {capture_cb, check_ended_cb};

static void pmi_abort_cb (void *arg, int taskid, int code, const char *text)
{
    shell_fatal (arg, "MPI_Abort%s%s: task %d, exit code %d", *text ? ": " : "", text, taskid,
                 code);
}

static const struct peers_ops peers_ops = {go_cb, command_cb, check_ended_cb, peers_failed_cb};

/* Those which are needed only later, too. */
static int check_options (const struct shell_info *info, flux_error_t *errp)
{
    struct task_rlimit limits[RLIMITS_MAX];
    double timeout;

    if (rlimits_parse (json_object_get (info->options, "rlimit"), limits, errp) < 0)
        return -1;
    if (!shell_info_is_none (info, "exit-timeout") &&
        shell_info_duration (info, "exit-timeout", &timeout) < 0)
        return errprintf (errp, "invalid option exit-timeout: not a duration");
    return 0;
}

static int create_parts (struct shell *sh, flux_error_t *errp)
{
    struct outconf conf;

    if (!(sh->info =
              shell_info_create (sh->start->request, sh->start->len, &sh->start->known, errp)) ||
        outconf_init (&conf, sh->info, errp) < 0 ||
        affinity_init (&sh->affinity, sh->info, sh->start->topo, errp) < 0)
        return -1;
    if (check_options (sh->info, errp) < 0)
        return -1;
    sh->own_group = !shell_info_flag (sh->info, "nosetpgrp");
    sh->tasks = calloc (sh->info->nlocal > 0 ? sh->info->nlocal : 1, sizeof (*sh->tasks));
    if (!sh->tasks || name_service (sh) < 0 || create_log (sh, &conf) < 0 ||
        shell_prepare_env (sh) < 0 || create_output (sh, &conf) < 0 ||
        !(sh->peers = peers_create (sh->loop, sh->link, sh->info, sh->service, &peers_ops, sh)) ||
        !(sh->pmi =
              taskpmi_create (sh->loop, sh->info, sh->peers, sh->start->libpmi, pmi_abort_cb, sh)))
        return errprintf (errp, "%s", strerror (errno));
    if (sh->tmpdir && jobfiles_extract (sh->info->files, sh->tmpdir, errp) < 0)
        return -1;
    if (stagein_run (sh->info, sh->tmpdir, sh->env.v, errp) < 0 ||
        shell_export_topology (sh, errp) < 0)
        return -1;
    if (!(sh->ptys = taskptys_create (sh->loop, sh->link, sh->info, &pty_ops, sh, errp)))
        return -1;
    if (!(sh->input = input_create (sh->loop, sh->info, sh->tmpdir, sh->log, errp)))
        return -1;
    if (sysmon_create (&sh->sysmon, sh->loop, sh->info, sh->output, errp) < 0)
        return -1;
    if (shell_change_dir (sh) < 0)
        return errprintf (errp, "%s", strerror (errno));
    plugapi_set_shell (sh);
    if (plugstack_load (&sh->plugins, sh, errp) < 0)
        return -1;
    if (plugstack_call (sh->plugins, "shell.init", NULL) < 0)
        return errprintf (errp, "a plugin failed at shell.init");
    return 0;
}

/* The packet is the last thing that the broker hears from this shell of this job. */
static void report (struct shell *sh)
{
    struct buf b = {0};

    link_drain (sh->link, DRAIN_TIMEOUT);
    buf_printf (&b, "{\"status\":%d", sh->status);
    if (sh->log && sh->info->shell_rank == 0) {
        buf_puts (&b, ",\"append\":");
        joblog_take (sh->log, &b);
    }
    buf_putc (&b, '}');
    struct spawnpkt pkt = {SPAWNPKT_RESULT, SPAWNPKT_LEAVES, sh->start->id, -1, b.data, b.len};
    if (b.err || !shell_offer (sh, &pkt))
        sh->spent = true;
    if (!b.err && spawnpkt_send (sh->start->sock, &pkt) < 0)
        sh->spent = true;
    if (pkt.fd >= 0)
        close (pkt.fd);
    buf_clear (&b);
}

static void run (struct shell *sh)
{
    sh->starting = true;
    shell_signals_start (sh);
    peers_ready (sh->peers);
    if (!sh->ended)
        ev_run (sh->loop, 0);
    shell_signals_stop (sh);
    plugstack_call (sh->plugins, "shell.exit", NULL);
    if (waitpid (-1, NULL, WNOHANG) >= 0) {
        sh->spent = true;
        proctree_clear (LEFTOVER_TIMEOUT);
    }
    if (sh->info)
        jobtmp_remove (sh->tmpdir, sh->info, sh->start->slot);
}

/* The request could not be understood, or what it wants could not be had. */
static void failed (struct shell *sh, const char *text)
{
    sh->status = FAILED_STATUS;
    sh->spent = true;
    shell_fatal (sh, "%s", text);
    while (link_pending (sh->link) > 0)
        ev_run (sh->loop, EVRUN_ONCE);
    if (sh->info)
        jobtmp_remove (sh->tmpdir, sh->info, sh->start->slot);
}

int shell_run (struct shell_start *start)
{
    struct shell sh = {.start = start};
    flux_error_t error = {"out of memory"};

    sh.loop = ev_loop_new (EVBACKEND_POLL | EVFLAG_NOENV);
    if (!sh.loop || !(sh.link = link_create (sh.loop, start->sock, start->id)))
        return 1;
    if (create_parts (&sh, &error) < 0)
        failed (&sh, error.text);
    else
        run (&sh);
    report (&sh);
    if (sh.spent)
        return waitcode (sh.status);
    shell_clear (&sh);
    return -1;
}
