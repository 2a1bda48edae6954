/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The calls of <flux/shell.h>. */

#include <errno.h>
#include <flux/idset.h>
#include <flux/shell.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/shell/plugstack.h"
#include "lib/shell/shell.h"
#include "lib/util/aux.h"
#include "lib/util/fail.h"
#include "lib/util/waitcode.h"

/* Log messages and exceptions come without a handle; there is one shell in a process. */
static struct shell *the_shell;

void plugapi_set_shell (struct shell *sh)
{
    the_shell = sh;
}

flux_shell_t *flux_plugin_get_shell (flux_plugin_t *p)
{
    flux_shell_t *sh = flux_plugin_aux_get (p, "flux::shell");

    if (!sh)
        errno = EINVAL;
    return sh;
}

int flux_shell_aux_set (flux_shell_t *shell, const char *name, void *aux, flux_free_f free_fn)
{
    return shell ? aux_set (&shell->aux, name, aux, free_fn) : fail (EINVAL);
}

void *flux_shell_aux_get (flux_shell_t *shell, const char *name)
{
    return shell ? aux_get (shell->aux, name) : NULL;
}

/* Takes the reference of o. */
static int give_text (json_t *o, char **json_str)
{
    if (!o || !json_str) {
        json_decref (o);
        return fail (o ? EINVAL : ENOMEM);
    }
    *json_str = json_dumps (o, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref (o);
    return *json_str ? 0 : fail (ENOMEM);
}

/* What is unpacked must live on: the shell keeps the object. */
static int unpack (struct shell *sh, json_t *o, const char *fmt, va_list ap)
{
    if (!o || !fmt || aux_set (&sh->aux, NULL, o, (flux_free_f)json_decref) < 0) {
        json_decref (o);
        return fail (EINVAL);
    }
    return json_vunpack_ex (o, NULL, 0, fmt, ap) < 0 ? fail (EINVAL) : 0;
}

int flux_shell_getopt (flux_shell_t *shell, const char *name, char **json_str)
{
    json_t *o = shell && name ? json_object_get (shell->info->options, name) : NULL;

    if (!shell || !name)
        return fail (EINVAL);
    if (!o)
        return 0;
    return json_str && give_text (json_incref (o), json_str) < 0 ? -1 : 1;
}

int flux_shell_getopt_unpack (flux_shell_t *shell, const char *name, const char *fmt, ...)
{
    json_t *o = shell && name ? json_object_get (shell->info->options, name) : NULL;
    va_list ap;

    if (!shell || !name || !fmt)
        return fail (EINVAL);
    if (!o)
        return 0;
    va_start (ap, fmt);
    int rc = json_vunpack_ex (o, NULL, JSON_DECODE_ANY, fmt, ap);
    va_end (ap);
    return rc < 0 ? fail (EINVAL) : 1;
}

static int set_option (flux_shell_t *shell, const char *name, json_t *o)
{
    return o && json_object_set_new (shell->info->options, name, o) == 0 ? 0 : fail (EINVAL);
}

int flux_shell_setopt (flux_shell_t *shell, const char *name, const char *json_str)
{
    if (!shell || !name)
        return fail (EINVAL);
    if (!json_str) {
        json_object_del (shell->info->options, name);
        return 0;
    }
    return set_option (shell, name, json_loads (json_str, JSON_DECODE_ANY, NULL));
}

int flux_shell_setopt_pack (flux_shell_t *shell, const char *name, const char *fmt, ...)
{
    va_list ap;

    if (!shell || !name || !fmt)
        return fail (EINVAL);
    va_start (ap, fmt);
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    return set_option (shell, name, o);
}

const char *flux_shell_getenv (flux_shell_t *shell, const char *name)
{
    return shell && name ? envlist_get (&shell->env, name) : NULL;
}

int flux_shell_setenvf (flux_shell_t *shell, int overwrite, const char *name, const char *fmt, ...)
{
    char *value;
    va_list ap;

    if (!shell || !name || !fmt)
        return fail (EINVAL);
    if (!overwrite && envlist_get (&shell->env, name))
        return 0;
    va_start (ap, fmt);
    int n = vasprintf (&value, fmt, ap);
    va_end (ap);
    if (n < 0)
        return fail (ENOMEM);
    int rc = envlist_set (&shell->env, name, value);
    free (value);
    return rc;
}

int flux_shell_unsetenv (flux_shell_t *shell, const char *name)
{
    if (!shell || !name)
        return fail (EINVAL);
    envlist_unset (&shell->env, name);
    return 0;
}

const struct taskmap *flux_shell_get_taskmap (flux_shell_t *shell)
{
    return shell ? shell->info->map : NULL;
}

static json_t *info_object (flux_shell_t *shell)
{
    const struct shell_info *info = shell->info;

    return json_pack ("{s:I s:i s:i s:i s:i s:s s:{s:b} s:O s:O}", "jobid", (json_int_t)info->id,
                      "instance_owner", (int)info->userid, "rank", info->shell_rank, "size",
                      info->nshells, "ntasks", info->ntasks, "service", shell->service, "options",
                      "verbose", shell_info_flag (info, "verbose"), "jobspec", info->jobspec, "R",
                      info->R);
}

int flux_shell_get_info (flux_shell_t *shell, char **json_str)
{
    return shell ? give_text (info_object (shell), json_str) : fail (EINVAL);
}

int flux_shell_info_unpack (flux_shell_t *shell, const char *fmt, ...)
{
    va_list ap;

    if (!shell)
        return fail (EINVAL);
    va_start (ap, fmt);
    int rc = unpack (shell, info_object (shell), fmt, ap);
    va_end (ap);
    return rc;
}

static json_t *rank_object (flux_shell_t *shell, int shell_rank)
{
    const struct shell_info *info = shell->info;

    if (shell_rank != -1 && shell_rank != info->shell_rank) {
        errno = ENOENT;
        return NULL;
    }
    const struct idset *ids = taskmap_taskids (info->map, info->shell_rank);
    char *taskids = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    json_t *o = json_pack ("{s:i s:s s:i s:i s:i s:s s:{s:i s:s s:s}}", "id", info->shell_rank,
                           "name", info->hostname ? info->hostname : "", "broker_rank",
                           (int)info->broker_rank, "ntasks", info->nlocal, "ncores", info->ncores,
                           "taskids", taskids ? taskids : "", "resources", "ncores", info->ncores,
                           "cores", info->cores, "gpus", info->gpus);
    free (taskids);
    return o;
}

int flux_shell_get_rank_info (flux_shell_t *shell, int shell_rank, char **json_str)
{
    json_t *o = shell ? rank_object (shell, shell_rank) : NULL;

    if (!o)
        return shell ? -1 : fail (EINVAL);
    return give_text (o, json_str);
}

int flux_shell_rank_info_unpack (flux_shell_t *shell, int shell_rank, const char *fmt, ...)
{
    json_t *o = shell ? rank_object (shell, shell_rank) : NULL;
    va_list ap;

    if (!o)
        return shell ? -1 : fail (EINVAL);
    va_start (ap, fmt);
    int rc = unpack (shell, o, fmt, ap);
    va_end (ap);
    return rc;
}

void flux_shell_killall (flux_shell_t *shell, int sig)
{
    if (shell && sig > 0)
        shell_kill_tasks (shell, sig);
}

int flux_shell_plugstack_call (flux_shell_t *shell, const char *topic, flux_plugin_arg_t *args)
{
    return shell && topic ? plugstack_call (shell->plugins, topic, args) : fail (EINVAL);
}

void flux_shell_raise (const char *type, int severity, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    if (the_shell)
        shell_raise (the_shell, type, severity, text);
}

flux_shell_task_t *flux_shell_current_task (flux_shell_t *shell)
{
    return shell ? shell->current : NULL;
}

flux_shell_task_t *flux_shell_task_first (flux_shell_t *shell)
{
    if (!shell || shell->info->nlocal == 0)
        return NULL;
    shell->iterator = 0;
    return &shell->tasks[0];
}

flux_shell_task_t *flux_shell_task_next (flux_shell_t *shell)
{
    if (!shell || shell->iterator + 1 >= shell->info->nlocal)
        return NULL;
    return &shell->tasks[++shell->iterator];
}

static json_t *task_object (flux_shell_task_t *task)
{
    struct shell *sh = the_shell;
    int localid = task - sh->tasks;
    bool ended = task->pid == -1;
    json_t *o =
        json_pack ("{s:i s:i s:s}", "localid", localid, "rank", sh->info->taskids[localid], "state",
                   ended           ? "Exited"
                   : task->pid > 0 ? "Running"
                                   : "Init");

    if (o && task->pid > 0)
        json_object_set_new (o, "pid", json_integer (task->pid));
    if (o && ended) {
        int sig = WIFSIGNALED (task->status) ? WTERMSIG (task->status) : 0;
        json_object_set_new (o, "wait_status", json_integer (task->status));
        json_object_set_new (o, "signaled", json_integer (sig));
        json_object_set_new (o, "exitcode", json_integer (waitcode (task->status)));
    }
    return o;
}

int flux_shell_task_get_info (flux_shell_task_t *task, char **json_str)
{
    return task && the_shell ? give_text (task_object (task), json_str) : fail (EINVAL);
}

int flux_shell_task_info_unpack (flux_shell_task_t *task, const char *fmt, ...)
{
    va_list ap;

    if (!task || !the_shell)
        return fail (EINVAL);
    va_start (ap, fmt);
    int rc = unpack (the_shell, task_object (task), fmt, ap);
    va_end (ap);
    return rc;
}

static void vlog (const char *component, int level, int errnum, const char *fmt, va_list ap)
{
    char text[1024];

    if (!the_shell || !the_shell->output ||
        (level > FLUX_SHELL_NOTICE && !shell_info_flag (the_shell->info, "verbose")))
        return;
    vsnprintf (text, sizeof (text), fmt, ap);
    output_log (the_shell->output, level, "%s: %s%s%s", component, text, errnum ? ": " : "",
                errnum ? strerror (errnum) : "");
}

void flux_shell_log (const char *component, int level, const char *file, int line, const char *fmt,
                     ...)
{
    va_list ap;

    va_start (ap, fmt);
    vlog (component, level, 0, fmt, ap);
    va_end (ap);
}

int flux_shell_err (const char *component, const char *file, int line, int errnum, const char *fmt,
                    ...)
{
    va_list ap;

    va_start (ap, fmt);
    vlog (component, FLUX_SHELL_ERROR, errnum, fmt, ap);
    va_end (ap);
    errno = errnum;
    return -1;
}

void flux_shell_fatal (const char *component, const char *file, int line, int errnum, int exit_code,
                       const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vlog (component, FLUX_SHELL_FATAL, errnum, fmt, ap);
    va_end (ap);
    if (!the_shell)
        return;
    if (the_shell->status < exit_code << 8)
        the_shell->status = exit_code << 8;
    flux_shell_raise ("exec", 0, "%s: fatal error", component);
    shell_kill_tasks (the_shell, SIGKILL);
}
