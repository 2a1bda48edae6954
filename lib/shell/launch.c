/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Starts the tasks of a job on this node. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/shell/jobtmp.h"
#include "lib/shell/mustache.h"
#include "lib/shell/rlimits.h"
#include "lib/shell/shell.h"
#include "lib/util/errprintf.h"

static int set_job_ids (struct shell *sh)
{
    const struct shell_info *info = sh->info;
    const char *uri = shell_info_attr (info, "local-uri");
    const char *path = shell_info_attr (info, "jobid-path"); // of the instance
    struct envlist *env = &sh->env;

    if (!path || !strcmp (path, "/"))
        path = "";
    const char *enclosing = strrchr (path, '/');
    envlist_unset (env, "FLUX_ENCLOSING_ID");
    if ((uri && envlist_set (env, "FLUX_URI", uri) < 0) ||
        envlist_setf (env, "FLUX_JOB_ID_PATH", "%s/%s", path, info->id_f58) < 0 ||
        envlist_setf (env, "FLUX_KVS_NAMESPACE", "job-%" PRIu64, sh->info->id) < 0 ||
        envlist_setf (env, "FLUX_JOB_SIZE", "%d", info->ntasks) < 0 ||
        envlist_setf (env, "FLUX_JOB_NNODES", "%d", info->nshells) < 0 ||
        envlist_set (env, "FLUX_JOB_ID", info->id_f58) < 0 ||
        (enclosing && envlist_set (env, "FLUX_ENCLOSING_ID", enclosing + 1) < 0))
        return -1;
    return 0;
}

/* Option env-expand: variables whose value is a template. */
static int expand_env (struct shell *sh)
{
    struct mustache m = {sh->info, sh->tmpdir, -1, -1};
    json_t *o = json_object_get (sh->info->options, "env-expand"), *value;
    const char *name;

    json_object_foreach (o, name, value)
    {
        char *s = json_is_string (value) ? mustache_render (&m, json_string_value (value)) : NULL;
        int rc = s ? envlist_set (&sh->env, name, s) : 0;
        free (s);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Open MPI names its shared memory by host and number on the node: without a folder of each shell's
 * own, several jobs on a node, or several brokers on a host, would take each other's. */
static int set_mpi_env (struct shell *sh)
{
    const char *mpi = json_string_value (shell_info_option (sh->info, "mpi"));
    static const char name[] = "OMPI_MCA_btl_vader_backing_directory";

    if ((mpi && !strcmp (mpi, "none")) || envlist_get (&sh->env, name))
        return 0;
    return envlist_set (&sh->env, name, sh->tmpdir);
}

int shell_prepare_env (struct shell *sh)
{
    struct envlist *env = &sh->env;

    const char *text = sh->info->environ_text;
    int rc = text ? envlist_init_text (env, text) : envlist_init (env, sh->info->environment);

    if (rc < 0 || set_job_ids (sh) < 0)
        return -1;
    envlist_unset (env, "FLUX_PROXY_REMOTE");
    if (sh->info->hostname && envlist_get (env, "HOSTNAME") &&
        envlist_set (env, "HOSTNAME", sh->info->hostname) < 0)
        return -1;
    sh->tmpdir = jobtmp_create (sh->info, envlist_get (env, "TMPDIR"), sh->start->slot);
    if (sh->tmpdir && envlist_set (env, "FLUX_JOB_TMPDIR", sh->tmpdir) < 0)
        return -1;
    if (sh->tmpdir && set_mpi_env (sh) < 0)
        return -1;
    const char *tmp = envlist_get (env, "TMPDIR");
    if (tmp && access (tmp, W_OK) < 0 && envlist_set (env, "TMPDIR", "/tmp") < 0)
        return -1;
    return expand_env (sh);
}

static void free_argv (char **argv)
{
    for (size_t i = 0; argv && argv[i]; i++)
        free (argv[i]);
    free (argv);
}

static char **make_argv (struct shell *sh, int localid)
{
    struct mustache m = {sh->info, sh->tmpdir, sh->info->taskids[localid], localid};
    char **argv = calloc (json_array_size (sh->info->command) + 1, sizeof (*argv));
    size_t index;
    json_t *arg;

    json_array_foreach (sh->info->command, index, arg)
    {
        if (!argv || !(argv[index] = mustache_render (&m, json_string_value (arg)))) {
            free_argv (argv);
            return NULL;
        }
    }
    return argv;
}

/* Option slurm-env: what a program that is used to srun looks for. */
static int set_slurm_env (struct shell *sh, int localid)
{
    const struct shell_info *info = sh->info;
    struct envlist *env = &sh->env;

    if (envlist_setf (env, "SLURM_PROCID", "%d", info->taskids[localid]) < 0 ||
        envlist_setf (env, "SLURM_LOCALID", "%d", localid) < 0 ||
        envlist_setf (env, "SLURM_NODEID", "%d", info->shell_rank) < 0 ||
        envlist_setf (env, "SLURM_NTASKS", "%d", info->ntasks) < 0 ||
        envlist_setf (env, "SLURM_NPROCS", "%d", info->ntasks) < 0 ||
        envlist_setf (env, "SLURM_STEP_NUM_TASKS", "%d", info->ntasks) < 0 ||
        envlist_setf (env, "SLURM_NNODES", "%d", info->nshells) < 0 ||
        envlist_setf (env, "SLURM_STEP_NUM_NODES", "%d", info->nshells) < 0)
        return -1;
    return info->hostname ? envlist_set (env, "SLURMD_NODENAME", info->hostname) : 0;
}

static int set_task_env (struct shell *sh, int localid)
{
    if (shell_info_flag (sh->info, "slurm-env") && set_slurm_env (sh, localid) < 0)
        return -1;
    if (envlist_setf (&sh->env, "FLUX_TASK_RANK", "%d", sh->info->taskids[localid]) < 0 ||
        envlist_setf (&sh->env, "FLUX_TASK_LOCAL_ID", "%d", localid) < 0 ||
        (sh->start->cpus && envlist_set (&sh->env, "FLUX_NODE_CPUS", sh->start->cpus) < 0))
        return -1;
    return affinity_gpus (&sh->affinity, localid, &sh->env);
}

/* localid -1: of the shell. */
static void log_cpus (struct shell *sh, int localid, const cpu_set_t *cpus)
{
    char *text = affinity_format_cpus (cpus);

    if (localid < 0)
        output_log (sh->output, LOG_NOTICE, "cpu-affinity: cpus: %s", text ? text : "all");
    else
        output_log (sh->output, LOG_NOTICE, "cpu-affinity: task %d: cpus: %s",
                    sh->info->taskids[localid], text ? text : "all");
    free (text);
}

/* Those of the job on this node, then what the task gets of them. */
static void tell_cpus (struct shell *sh, int localid, bool bound, cpu_set_t *cpus)
{
    cpu_set_t all;

    affinity_job_cpus (&sh->affinity, &all);
    if (localid == 0)
        log_cpus (sh, -1, &all);
    log_cpus (sh, localid, bound ? cpus : &all);
}

/* Option stop-tasks-in-exec: the task has met its debugger, which is this process, at its exec; let
 * go of it, and it stays stopped until somebody continues it. One that died instead is left to be
 * reaped.
 */
static int leave_stopped (pid_t pid)
{
    siginfo_t si;

    while (waitid (P_PID, (id_t)pid, &si, WEXITED | WSTOPPED | WNOWAIT) < 0)
        if (errno != EINTR)
            return -1;
    if (si.si_code != CLD_TRAPPED && si.si_code != CLD_STOPPED)
        return 0;
    waitid (P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG);
    return ptrace (PTRACE_DETACH, pid, NULL, SIGSTOP) < 0 ? -1 : 0;
}

/* With `limits` parsed and stdio open. */
static pid_t launch (struct shell *sh, int localid, struct task_spec *spec, flux_error_t *errp)
{
    cpu_set_t cpus;

    bool bound = affinity_cpus (&sh->affinity, localid, &cpus);
    if (bound && !sh->affinity.dry_run) {
        spec->cpus = &cpus;
        spec->cpus_size = sizeof (cpus);
    }
    if (sh->affinity.verbose)
        tell_cpus (sh, localid, bound, &cpus);
    if (set_task_env (sh, localid) < 0)
        return errprintf (errp, "out of memory");
    if (shell_call_task (sh, localid, "task.init") < 0) {
        errno = EINVAL;
        return errprintf (errp, "a plugin failed at task.init");
    }
    if (!(spec->argv = make_argv (sh, localid)))
        return errprintf (errp, "out of memory");
    spec->env = sh->env.v;
    spec->own_group = sh->own_group;
    spec->trace = shell_info_flag (sh->info, "stop-tasks-in-exec");
    pid_t pid = task_launch (spec, errp);
    free_argv (spec->argv);
    if (pid > 0 && spec->trace && leave_stopped (pid) < 0)
        output_log (sh->output, LOG_ERR, "stop-tasks-in-exec: %s", strerror (errno));
    return pid;
}

static int open_stdio (struct shell *sh, int localid, struct task_spec *spec, flux_error_t *errp)
{
    if (!taskptys_wanted (sh->ptys, localid)) {
        if ((spec->stdio[0] = input_open_task (sh->input, localid, errp)) < 0)
            return -1;
        return output_open_task (sh->output, localid, &spec->stdio[1], errp);
    }
    if (taskptys_captured (sh->ptys, localid) &&
        output_open_terminal (sh->output, localid, errp) < 0)
        return -1;
    int fd = taskptys_open (sh->ptys, localid);
    if (fd < 0)
        return errprintf (errp, "pty: %s", strerror (errno));
    spec->stdio[0] = spec->stdio[1] = spec->stdio[2] = fd;
    spec->controlling = true;
    return envlist_setf (&sh->env, "FLUX_TERMINUS_SESSION", "%d", sh->info->taskids[localid]);
}

static void close_stdio (struct shell *sh, int localid, struct task_spec *spec)
{
    if (spec->controlling)
        close (spec->stdio[0]);
    else {
        output_task_started (sh->output, &spec->stdio[1]);
        if (spec->stdio[0] >= 0)
            input_task_started (sh->input, localid, spec->stdio[0]);
    }
    taskpmi_task_started (sh->pmi, spec->keep_fd);
}

/* When it fails, *code is the exit code that a shell would give. */
static pid_t start_task (struct shell *sh, int localid, const struct task_rlimit *limits,
                         size_t nlimits, int *code, flux_error_t *errp)
{
    struct task_spec spec = {
        .stdio = {-1, -1, -1}, .keep_fd = -1, .rlimits = limits, .nrlimits = nlimits};
    pid_t pid = -1;

    if (open_stdio (sh, localid, &spec, errp) == 0) {
        spec.keep_fd = taskpmi_open_task (sh->pmi, localid, &sh->env);
        if (spec.keep_fd < 0 && errno != 0)
            output_log (sh->output, LOG_ERR, "pmi: %s", strerror (errno));
        if ((pid = launch (sh, localid, &spec, errp)) < 0)
            *code = errno == ENOENT ? 127 : 126;
    }
    int saved_errno = errno;
    close_stdio (sh, localid, &spec);
    errno = saved_errno;
    return pid;
}

static void start_failed (struct shell *sh, int localid, int code, const char *text)
{
    shell_fatal (sh, "task %d%s%s: start failed: %s", sh->info->taskids[localid],
                 sh->info->hostname ? " on host " : "",
                 sh->info->hostname ? sh->info->hostname : "", text);
    shell_task_ended (sh, localid, code << 8);
}

/* Option oom.adjust: how likely a task is to be ended when memory is short. */
static void adjust_oom (struct shell *sh, pid_t pid)
{
    json_t *o = shell_info_option (sh->info, "oom.adjust");
    char path[64];

    if (!o)
        return;
    snprintf (path, sizeof (path), "/proc/%d/oom_score_adj", (int)pid);
    FILE *f = fopen (path, "we");
    if (!f || fprintf (f, "%d", (int)json_integer_value (o)) < 0 || fflush (f) != 0)
        output_log (sh->output, LOG_WARNING, "oom.adjust: %s", strerror (errno));
    if (f)
        fclose (f);
}

void shell_launch (struct shell *sh)
{
    struct task_rlimit limits[RLIMITS_MAX];
    flux_error_t error;
    int n = rlimits_parse (json_object_get (sh->info->options, "rlimit"), limits, &error);

    for (int i = 0; i < sh->info->nlocal; i++) {
        int code = 1;
        pid_t pid = start_task (sh, i, limits, n, &code, &error);
        if (pid < 0) {
            start_failed (sh, i, code, error.text);
            break;
        }
        sh->tasks[i].pid = pid;
        sh->running++;
        adjust_oom (sh, pid);
        shell_call_task (sh, i, "task.fork");
    }
    sh->starting = false;
}
