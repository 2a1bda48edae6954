/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What plugins of the job shell can call. A plugin is a shared object with
 *
 *     #define FLUX_SHELL_PLUGIN_NAME "my-plugin"
 *     #include <flux/plugin.h>
 *     #include <flux/shell.h>
 *     int flux_plugin_init (flux_plugin_t *p);
 *
 * whose handlers are called at these topics, on each node of the job:
 *
 *   shell.init       tasks are known but none has been started; all plugins are loaded
 *   shell.post-init  the shells of all nodes are ready
 *   task.init        for each task, before it starts: its environment may still be changed
 *   task.fork        for each task, after it was started: it has a pid
 *   shell.start      all local tasks have been started
 *   task.exit        for each task that has ended: it has a wait status
 *   shell.finish     all local tasks have ended
 *   shell.exit       the shell is about to end; there is no event loop any more
 *
 * A handler that returns -1 at shell.init, shell.post-init or task.init fails the job. Functions
 * that return int give 0, or -1 with errno, unless something else is said. */

#ifndef FLUX_SHELL_H
#define FLUX_SHELL_H

#include <flux/plugin.h>
#include <flux/taskmap.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shell flux_shell_t;
typedef struct shell_task flux_shell_task_t;

/* NULL with EINVAL when p was not loaded by a job shell. */
FLUX_EXPORT flux_shell_t *flux_plugin_get_shell (flux_plugin_t *p);

FLUX_EXPORT int flux_shell_aux_set (flux_shell_t *shell, const char *name, void *aux,
                                    flux_free_f free_fn);
FLUX_EXPORT void *flux_shell_aux_get (flux_shell_t *shell, const char *name);

/* Options of the job (flux run -o NAME). 1 when it is set, 0 when it is not; *json_str, which may
 * be NULL, is its value as JSON that the caller frees. unpack leaves its arguments alone when it is
 * not set. The set functions add, change or (with NULL) remove one on this node. */
FLUX_EXPORT int flux_shell_getopt (flux_shell_t *shell, const char *name, char **json_str);
FLUX_EXPORT int flux_shell_getopt_unpack (flux_shell_t *shell, const char *name, const char *fmt,
                                          ...);
FLUX_EXPORT int flux_shell_setopt (flux_shell_t *shell, const char *name, const char *json_str);
FLUX_EXPORT int flux_shell_setopt_pack (flux_shell_t *shell, const char *name, const char *fmt,
                                        ...);

/* The environment of tasks that are still to be started. Called from task.init, changes are for
 * that task and those after it. */
FLUX_EXPORT const char *flux_shell_getenv (flux_shell_t *shell, const char *name);
FLUX_EXPORT int flux_shell_setenvf (flux_shell_t *shell, int overwrite, const char *name,
                                    const char *fmt, ...) __attribute__ ((format (printf, 4, 5)));
FLUX_EXPORT int flux_shell_unsetenv (flux_shell_t *shell, const char *name);

FLUX_EXPORT const struct taskmap *flux_shell_get_taskmap (flux_shell_t *shell);

/* {"jobid":I, "instance_owner":i, "rank":i (of this shell), "size":i (shells), "ntasks":i,
 *  "service":s, "options":{"verbose":b}, "jobspec":o, "R":o} */
FLUX_EXPORT int flux_shell_get_info (flux_shell_t *shell, char **json_str);
FLUX_EXPORT int flux_shell_info_unpack (flux_shell_t *shell, const char *fmt, ...);

/* Of this node (shell_rank -1 or its own; others: ENOENT):
 * {"id":i, "name":s, "broker_rank":i, "ntasks":i, "ncores":i, "taskids":s,
 *  "resources":{"ncores":i, "cores":s, "gpus":s}} */
FLUX_EXPORT int flux_shell_get_rank_info (flux_shell_t *shell, int shell_rank, char **json_str);
FLUX_EXPORT int flux_shell_rank_info_unpack (flux_shell_t *shell, int shell_rank, const char *fmt,
                                             ...);

/* Send a signal to all local tasks. */
FLUX_EXPORT void flux_shell_killall (flux_shell_t *shell, int sig);

/* Call the handlers of all plugins. */
FLUX_EXPORT int flux_shell_plugstack_call (flux_shell_t *shell, const char *topic,
                                           flux_plugin_arg_t *args);

/* Within task.*: the task that it is about. */
FLUX_EXPORT flux_shell_task_t *flux_shell_current_task (flux_shell_t *shell);
FLUX_EXPORT flux_shell_task_t *flux_shell_task_first (flux_shell_t *shell);
FLUX_EXPORT flux_shell_task_t *flux_shell_task_next (flux_shell_t *shell);

/* {"localid":i, "rank":i, "state":"Init|Running|Exited", "pid":i, "wait_status":i, "exitcode":i,
 *  "signaled":i}; from "pid" on where there is such a thing. */
FLUX_EXPORT int flux_shell_task_get_info (flux_shell_task_t *task, char **json_str);
FLUX_EXPORT int flux_shell_task_info_unpack (flux_shell_task_t *task, const char *fmt, ...);

/* Give the job an exception (RFC 21). Severity 0 ends it. */
FLUX_EXPORT void flux_shell_raise (const char *type, int severity, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

/* Messages to those who look at the job's output. Those of a level above FLUX_SHELL_NOTICE are for
 * jobs with option "verbose" only. */
enum {
    FLUX_SHELL_QUIET = -1,
    FLUX_SHELL_FATAL = 0,
    FLUX_SHELL_ERROR = 3,
    FLUX_SHELL_WARN = 4,
    FLUX_SHELL_NOTICE = 5,
    FLUX_SHELL_DEBUG = 6,
    FLUX_SHELL_TRACE = 7,
};
FLUX_EXPORT void flux_shell_log (const char *component, int level, const char *file, int line,
                                 const char *fmt, ...) __attribute__ ((format (printf, 5, 6)));

/* With the text of errnum, unless that is 0. Returns -1, errno is errnum. */
FLUX_EXPORT int flux_shell_err (const char *component, const char *file, int line, int errnum,
                                const char *fmt, ...) __attribute__ ((format (printf, 5, 6)));

/* The same, and the job gets a fatal exception; its tasks here are killed, and the shell's exit
 * code is at least exit_code. */
FLUX_EXPORT void flux_shell_fatal (const char *component, const char *file, int line, int errnum,
                                   int exit_code, const char *fmt, ...)
    __attribute__ ((format (printf, 6, 7)));

#ifdef FLUX_SHELL_PLUGIN_NAME
#define shell_trace(...)                                                                           \
    flux_shell_log (FLUX_SHELL_PLUGIN_NAME, FLUX_SHELL_TRACE, __FILE__, __LINE__, __VA_ARGS__)
#define shell_debug(...)                                                                           \
    flux_shell_log (FLUX_SHELL_PLUGIN_NAME, FLUX_SHELL_DEBUG, __FILE__, __LINE__, __VA_ARGS__)
#define shell_log(...)                                                                             \
    flux_shell_log (FLUX_SHELL_PLUGIN_NAME, FLUX_SHELL_NOTICE, __FILE__, __LINE__, __VA_ARGS__)
#define shell_warn(...)                                                                            \
    flux_shell_log (FLUX_SHELL_PLUGIN_NAME, FLUX_SHELL_WARN, __FILE__, __LINE__, __VA_ARGS__)
#define shell_log_error(...)                                                                       \
    flux_shell_log (FLUX_SHELL_PLUGIN_NAME, FLUX_SHELL_ERROR, __FILE__, __LINE__, __VA_ARGS__)
#define shell_log_errn(errn, ...)                                                                  \
    flux_shell_err (FLUX_SHELL_PLUGIN_NAME, __FILE__, __LINE__, errn, __VA_ARGS__)
#define shell_log_errno(...)                                                                       \
    flux_shell_err (FLUX_SHELL_PLUGIN_NAME, __FILE__, __LINE__, errno, __VA_ARGS__)
#define shell_die(code, ...)                                                                       \
    flux_shell_fatal (FLUX_SHELL_PLUGIN_NAME, __FILE__, __LINE__, 0, code, __VA_ARGS__)
#define shell_die_errno(code, ...)                                                                 \
    flux_shell_fatal (FLUX_SHELL_PLUGIN_NAME, __FILE__, __LINE__, errno, code, __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_SHELL_H */
