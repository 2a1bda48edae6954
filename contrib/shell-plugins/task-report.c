/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An example of a plugin of the job shell. It gives each task two variables and tells how tasks
 * ended that did not end well:
 *
 *     cc -shared -fPIC -o task-report.so task-report.c $(pkg-config --cflags flux-slurm)
 *     flux run -n2 -o plugins=$PWD/task-report.so printenv REPORT_TASK
 *     flux run -o plugins=$PWD/task-report.so -o task-report.greeting=hi printenv REPORT_GREETING
 *
 * For all jobs of an instance, put it into a folder that FLUX_SHELL_PLUGIN_PATH names when the
 * brokers start, or into LIBDIR/slurm-flux/shell/plugins. */

#define FLUX_SHELL_PLUGIN_NAME "task-report"

#include <errno.h>
#include <flux/plugin.h>
#include <flux/shell.h>

/* Once per node, before any task starts: read options here. Returning -1 fails the job. */
static int init (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    flux_shell_t *shell = flux_plugin_get_shell (p);
    const char *greeting = "hello";

    if (flux_shell_getopt_unpack (shell, "task-report", "{s?s}", "greeting", &greeting) < 0)
        return shell_log_errno ("option task-report is not as it should be");
    return flux_shell_setenvf (shell, 1, "REPORT_GREETING", "%s", greeting);
}

/* For each task before it starts. */
static int task_init (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    flux_shell_t *shell = flux_plugin_get_shell (p);
    int rank, ntasks;

    if (flux_shell_task_info_unpack (flux_shell_current_task (shell), "{s:i}", "rank", &rank) < 0 ||
        flux_shell_info_unpack (shell, "{s:i}", "ntasks", &ntasks) < 0)
        return -1;
    return flux_shell_setenvf (shell, 1, "REPORT_TASK", "%d of %d", rank, ntasks);
}

/* For each task that has ended. */
static int task_exit (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    flux_shell_t *shell = flux_plugin_get_shell (p);
    int rank, code;

    if (flux_shell_task_info_unpack (flux_shell_current_task (shell), "{s:i s:i}", "rank", &rank,
                                     "exitcode", &code) < 0)
        return -1;
    if (code != 0)
        shell_warn ("task %d exited with %d", rank, code);
    return 0;
}

static const struct flux_plugin_handler handlers[] = {
    {"shell.init", init, NULL},
    {"task.init", task_init, NULL},
    {"task.exit", task_exit, NULL},
    {NULL, NULL, NULL},
};

FLUX_EXPORT int flux_plugin_init (flux_plugin_t *p);

int flux_plugin_init (flux_plugin_t *p)
{
    return flux_plugin_register (p, FLUX_SHELL_PLUGIN_NAME, handlers);
}
