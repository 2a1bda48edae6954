/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One process with its pipes, see proc.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "lib/util/spawn.h"
#include "shell/service/rexec/proc.h"

#define READ_SIZE 16384
#define ARGS_MAX 65536

struct output {
    struct proc *p;
    enum proc_stream stream;
    ev_io io;
    int fd;
};

struct proc {
    struct ev_loop *loop;
    const struct proc_ops *ops;
    void *arg;
    pid_t pid;
    bool setpgrp;
    bool exited;
    int status;
    char *name;
    ev_child child;
    struct output out[2];
    ev_io in;
    int infd;
    bool in_eof; // close once all is written
    struct buf input;
};

static void close_fd (int *fd)
{
    if (*fd >= 0)
        close (*fd);
    *fd = -1;
}

static void check_end (struct proc *p)
{
    if (p->exited && p->out[0].fd < 0 && p->out[1].fd < 0)
        p->ops->ended (p, p->status, p->arg);
}

static void child_cb (struct ev_loop *loop, ev_child *w, int revents)
{
    struct proc *p = w->data;

    ev_child_stop (loop, w);
    p->exited = true;
    p->status = w->rstatus;
    check_end (p);
}

static void output_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct output *out = w->data;
    struct proc *p = out->p;
    char data[READ_SIZE];
    ssize_t n = read (out->fd, data, sizeof (data));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        p->ops->output (p, out->stream, data, n, false, p->arg);
        return;
    }
    ev_io_stop (loop, w);
    close_fd (&out->fd);
    p->ops->output (p, out->stream, NULL, 0, true, p->arg);
    check_end (p);
}

void proc_pause (struct proc *p)
{
    for (int i = 0; i < 2; i++)
        ev_io_stop (p->loop, &p->out[i].io);
}

void proc_resume (struct proc *p)
{
    for (int i = 0; i < 2; i++) {
        if (p->out[i].fd >= 0)
            ev_io_start (p->loop, &p->out[i].io);
    }
}

static void close_input (struct proc *p)
{
    ev_io_stop (p->loop, &p->in);
    close_fd (&p->infd);
    buf_clear (&p->input);
}

static void input_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct proc *p = w->data;
    ssize_t n = write (p->infd, p->input.data, p->input.len);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_input (p);
        return;
    }
    if (n > 0) {
        buf_consume (&p->input, n);
        if (p->ops->credit)
            p->ops->credit (p, n, p->arg);
    }
    if (p->infd >= 0 && p->input.len == 0) {
        ev_io_stop (loop, w);
        if (p->in_eof)
            close_input (p);
    }
}

int proc_write (struct proc *p, const char *data, size_t len, bool eof)
{
    if (p->infd < 0 || p->in_eof) {
        errno = EPIPE;
        return -1;
    }
    if (p->input.len + len > PROC_INPUT_MAX) {
        errno = ENOBUFS;
        return -1;
    }
    if (buf_append (&p->input, data, len) < 0)
        return -1;
    p->in_eof = eof;
    if (p->input.len > 0)
        ev_io_start (p->loop, &p->in);
    else if (eof)
        close_input (p);
    return 0;
}

pid_t proc_pid (const struct proc *p)
{
    return p->pid;
}

const char *proc_name (const struct proc *p)
{
    return p->name;
}

int proc_kill (struct proc *p, int signum)
{
    if (p->exited) {
        errno = ESRCH;
        return -1;
    }
    return p->setpgrp ? killpg (p->pid, signum) : kill (p->pid, signum);
}

/* ---- start ---- */

static char **make_argv (json_t *cmdline, flux_error_t *errp)
{
    size_t n = json_array_size (cmdline), i;
    json_t *v;
    char **argv;

    if (n == 0 || n > ARGS_MAX || !(argv = calloc (n + 1, sizeof (*argv)))) {
        errno = EINVAL;
        errprintf (errp, "the command line is empty or too long");
        return NULL;
    }
    json_array_foreach (cmdline, i, v)
    {
        if (!(argv[i] = (char *)json_string_value (v))) {
            free (argv);
            errno = EINVAL;
            errprintf (errp, "the command line has an argument that is no string");
            return NULL;
        }
    }
    return argv;
}

static void free_env (char **envp)
{
    for (char **e = envp; e && *e; e++)
        free (*e);
    free (envp);
}

static char **make_env (json_t *env, flux_error_t *errp)
{
    char **envp = calloc (json_object_size (env) + 1, sizeof (*envp));
    const char *name;
    json_t *v;
    size_t n = 0;

    json_object_foreach (env, name, v)
    {
        struct buf b = {0};
        if (!envp || !json_is_string (v) ||
            buf_printf (&b, "%s=%s", name, json_string_value (v)) < 0) {
            buf_clear (&b);
            free_env (envp);
            errno = EINVAL;
            errprintf (errp, "environment variable %s has no text", name);
            return NULL;
        }
        envp[n++] = buf_steal (&b, NULL);
    }
    return envp;
}

static int start (struct proc *p, json_t *cmd, bool with_input, flux_error_t *errp)
{
    json_t *cmdline, *env = NULL;
    struct spawn_spec spec = {.setpgrp = p->setpgrp, .pdeathsig = SIGTERM, .fds = {-1, -1, -1}};
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    char **argv = NULL, **envp = NULL;
    int rc = -1;

    if (json_unpack (cmd, "{s:o s?o s?s}", "cmdline", &cmdline, "env", &env, "cwd", &spec.cwd) <
        0) {
        errno = EINVAL;
        return errprintf (errp, "the command object is malformed");
    }
    if (!(argv = make_argv (cmdline, errp)) || !(envp = make_env (env, errp)))
        goto done;
    if ((with_input ? pipe2 (in, O_CLOEXEC) : (in[0] = open ("/dev/null", O_RDONLY | O_CLOEXEC))) <
            0 ||
        pipe2 (out, O_CLOEXEC) < 0 || pipe2 (err, O_CLOEXEC) < 0 ||
        fd_set_nonblocking (out[0]) < 0 || fd_set_nonblocking (err[0]) < 0 ||
        (in[1] >= 0 && fd_set_nonblocking (in[1]) < 0) || !(p->name = strdup (argv[0]))) {
        errprintf (errp, "%s: %s", argv[0], strerror (errno));
        goto done;
    }
    spec.argv = argv;
    spec.envp = json_object_size (env) > 0 ? envp : NULL;
    spec.fds[0] = in[0];
    spec.fds[1] = out[1];
    spec.fds[2] = err[1];
    if ((p->pid = spawn_program (&spec, errp)) < 0)
        goto done;
    p->infd = in[1];
    p->out[PROC_STDOUT].fd = out[0];
    p->out[PROC_STDERR].fd = err[0];
    in[1] = out[0] = err[0] = -1;
    rc = 0;
done:;
    int saved_errno = errno;
    for (int i = 0; i < 2; i++) {
        close_fd (&in[i]);
        close_fd (&out[i]);
        close_fd (&err[i]);
    }
    free (argv);
    free_env (envp);
    errno = saved_errno;
    return rc;
}

struct proc *proc_create (struct ev_loop *loop, json_t *cmd, bool with_input, bool setpgrp,
                          const struct proc_ops *ops, void *arg, flux_error_t *errp)
{
    struct proc *p = calloc (1, sizeof (*p));

    if (!p) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    *p = (struct proc){.loop = loop, .ops = ops, .arg = arg, .setpgrp = setpgrp, .infd = -1};
    if (start (p, cmd, with_input, errp) < 0) {
        free (p->name);
        free (p);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        p->out[i].p = p;
        p->out[i].stream = i;
        ev_io_init (&p->out[i].io, output_cb, p->out[i].fd, EV_READ);
        p->out[i].io.data = &p->out[i];
        ev_io_start (loop, &p->out[i].io);
    }
    ev_io_init (&p->in, input_cb, p->infd >= 0 ? p->infd : 0, EV_WRITE);
    p->in.data = p;
    ev_child_init (&p->child, child_cb, p->pid, 0);
    p->child.data = p;
    ev_child_start (loop, &p->child);
    return p;
}

void proc_destroy (struct proc *p)
{
    if (p) {
        int saved_errno = errno;
        proc_kill (p, SIGKILL);
        ev_child_stop (p->loop, &p->child);
        close_input (p);
        for (int i = 0; i < 2; i++) {
            ev_io_stop (p->loop, &p->out[i].io);
            close_fd (&p->out[i].fd);
        }
        free (p->name);
        free (p);
        errno = saved_errno;
    }
}
