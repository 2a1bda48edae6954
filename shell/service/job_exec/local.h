/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job shells on this rank. Rank 0 calls it directly for its own and by the `shell-exec` service
 * elsewhere:
 *
 *   shell-exec.start   {"id" "jobspec" "R" "shell_rank" "nshells" "ranks" "userid" "environment"}
 *                      streaming: {"type":"started","pid":i}
 *                                 {"type":"exited","status":i,"result":s or absent}, then ENODATA
 *   shell-exec.attach  {"id"}: the rest of the answers of a start whose link was lost; what ended
 *                      meanwhile is remembered for a minute. ENOENT when there is no such job.
 *   shell-exec.kill    {"id","signum"}
 */

#ifndef FLUX_SERVICE_JOB_EXEC_LOCAL_H
#define FLUX_SERVICE_JOB_EXEC_LOCAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <flux/types.h>

struct attrs;
struct exec_local;
struct router;

enum shell_event { SHELL_STARTED, SHELL_EXITED, SHELL_FAILED };

/* SHELL_STARTED: status is the pid. SHELL_EXITED: status is the wait status of the shell, text its
 * result or NULL. SHELL_FAILED: status is an errno, text a sentence. The latter two are the last.
 */
typedef void (*shell_event_f) (uint64_t id, enum shell_event event, int status, const char *text,
                               void *arg);

struct exec_local *exec_local_create (struct router *rt, const struct attrs *attrs, uint32_t owner);
void exec_local_destroy (struct exec_local *el);

/* The spawner is started with the first job, or before by exec_local_warm(). */
int exec_local_start (struct exec_local *el, uint64_t id, const char *request, size_t len,
                      shell_event_f cb, void *arg);
int exec_local_kill (struct exec_local *el, uint64_t id, int signum);
int exec_local_warm (struct exec_local *el, flux_error_t *errp);

#endif /* !FLUX_SERVICE_JOB_EXEC_LOCAL_H */
