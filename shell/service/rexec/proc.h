/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One process of the rexec service, with its pipes. */

#ifndef FLUX_SERVICE_REXEC_PROC_H
#define FLUX_SERVICE_REXEC_PROC_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <flux/types.h>

struct proc;

enum proc_stream { PROC_STDOUT, PROC_STDERR };

/* No callback comes from within proc_create(). After `ended` none comes any more; it comes once the
 * process was waited for and its output is at its end. */
struct proc_ops {
    void (*output) (struct proc *p, enum proc_stream stream, const char *data, size_t len, bool eof,
                    void *arg);
    void (*credit) (struct proc *p, size_t bytes, void *arg); // so much of the input was taken
    void (*ended) (struct proc *p, int wait_status, void *arg);
};

#define PROC_INPUT_MAX (64 * 1024)

/* cmd is an RFC 42 command object. with_input false: stdin is at its end. EINVAL with a sentence
 * for a malformed command, else the errno of the start. */
struct proc *proc_create (struct ev_loop *loop, json_t *cmd, bool with_input, bool setpgrp,
                          const struct proc_ops *ops, void *arg, flux_error_t *errp);

/* Its output is left in the pipes meanwhile. */
void proc_pause (struct proc *p);
void proc_resume (struct proc *p);

/* Kills it if it runs. */
void proc_destroy (struct proc *p);

pid_t proc_pid (const struct proc *p);
const char *proc_name (const struct proc *p);

/* Whole process group. ESRCH when it has ended. */
int proc_kill (struct proc *p, int signum);

/* More than PROC_INPUT_MAX waiting is ENOBUFS. */
int proc_write (struct proc *p, const char *data, size_t len, bool eof);

#endif /* !FLUX_SERVICE_REXEC_PROC_H */
