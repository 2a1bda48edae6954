/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux exec: run a command on brokers, beside the scheduler (RFC 42). */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/util/monotime.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/client.h"
#include "shell/cmd/exec_targets.h"
#include "shell/cmd/iodata.h"
#include "shell/cmd/verbs.h"

#define EXEC_STDOUT 1
#define EXEC_STDERR 2
#define EXEC_WRITE_CREDIT 8
#define EXEC_CHUNK 4096
#define INTERRUPT_SECONDS 1.0

struct exec;

struct proc {
    struct exec *x;
    uint32_t rank;
    int pid;
    long credit; // bytes of standard input that the far side will take
    bool ended;
    flux_future_t *f;
};

struct exec {
    struct cmd *c;
    flux_t *h;
    struct proc *procs;
    size_t count, left;
    flux_watcher_t *in, *signals[2];
    bool label, eof;
    const char *attach; // pid or label of a process that runs already
    double t_interrupt;
    int exit_code;
};

static void raise_code (struct exec *x, int code)
{
    if (code > x->exit_code)
        x->exit_code = code;
}

static void proc_end (struct proc *p)
{
    struct exec *x = p->x;

    p->ended = true;
    flux_future_destroy (p->f);
    p->f = NULL;
    if (--x->left == 0)
        flux_reactor_stop (flux_get_reactor (x->h));
}

static void show_output (struct proc *p, json_t *io)
{
    struct iodata d;
    char label[16];

    if (iodata_decode (&d, io) < 0)
        return;
    FILE *f = strcmp (d.stream, "stderr") == 0 ? stderr : stdout;
    snprintf (label, sizeof (label), "%u: ", p->rank);
    iodata_print (f, &d, p->x->label ? label : NULL);
    fflush (f);
    iodata_clear (&d);
}

static void on_finished (struct proc *p, int status)
{
    int code = waitcode (status);

    raise_code (p->x, code);
    if (code == 0 || cmd_has (p->x->c, "quiet"))
        return;
    if (WIFSIGNALED (status))
        fprintf (stderr, "%u: %s\n", p->rank, strsignal (WTERMSIG (status)));
    else
        fprintf (stderr, "%u: Exit %d\n", p->rank, code);
}

/* The slowest process decides how much may be read: all get the same input. */
static void check_input (struct exec *x)
{
    bool room = !x->eof && x->in;

    for (size_t i = 0; room && i < x->count; i++)
        if (!x->procs[i].ended && x->procs[i].credit < EXEC_CHUNK)
            room = false;
    if (!x->in)
        return;
    if (room)
        flux_watcher_start (x->in);
    else
        flux_watcher_stop (x->in);
}

static void on_message (struct proc *p, json_t *o)
{
    const char *type = json_string_value (json_object_get (o, "type"));
    int status = 0, credit = 0;

    if (!type)
        return;
    if (strcmp (type, "started") == 0 || strcmp (type, "attached") == 0)
        json_unpack (o, "{s:i}", "pid", &p->pid);
    else if (strcmp (type, "output") == 0)
        show_output (p, json_object_get (o, "io"));
    else if (strcmp (type, "add-credit") == 0) {
        json_unpack (o, "{s:{s?i}}", "channels", "stdin", &credit);
        p->credit += credit;
        check_input (p->x);
    } else if (strcmp (type, "finished") == 0) {
        json_unpack (o, "{s:i}", "status", &status);
        on_finished (p, status);
    }
}

static void on_failed (struct proc *p)
{
    int code = errno == EHOSTUNREACH ? EX_NOHOST
               : p->x->attach        ? 1
               : errno == ENOENT     ? 127
               : errno == EACCES     ? 126
                                     : 1;

    fprintf (stderr, "%s: rank %u: %s\n", p->x->c->name, p->rank, cmd_why (p->f));
    raise_code (p->x, code);
}

static void on_response (flux_future_t *f, void *arg)
{
    struct proc *p = arg;
    const char *text;

    if (flux_rpc_get (f, &text) < 0) {
        if (errno != ENODATA)
            on_failed (p);
        proc_end (p);
        check_input (p->x);
        return;
    }
    json_t *o = text ? json_loads (text, 0, NULL) : NULL;
    on_message (p, o);
    json_decref (o);
    flux_future_reset (f);
}

static void send_input (struct exec *x, const char *data, size_t len)
{
    for (size_t i = 0; i < x->count; i++) {
        struct proc *p = &x->procs[i];
        if (p->ended)
            continue;
        json_t *io = iodata_encode ("stdin", "0", data, len, len == 0);
        flux_future_destroy (flux_rpc_pack (x->h, "rexec.write", p->rank, FLUX_RPC_NORESPONSE,
                                            "{s:i s:o}", "matchtag",
                                            (int)flux_rpc_get_matchtag (p->f), "io", io));
        p->credit -= len;
    }
}

static void on_stdin (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct exec *x = arg;
    char data[EXEC_CHUNK];
    ssize_t n = read (STDIN_FILENO, data, sizeof (data));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    send_input (x, data, n > 0 ? n : 0);
    if (n <= 0)
        x->eof = true;
    check_input (x);
}

static void kill_all (struct exec *x, int signum)
{
    for (size_t i = 0; i < x->count; i++)
        if (!x->procs[i].ended && x->procs[i].pid > 0)
            flux_future_destroy (flux_rpc_pack (x->h, "rexec.kill", x->procs[i].rank,
                                                FLUX_RPC_NORESPONSE, "{s:i s:i}", "pid",
                                                x->procs[i].pid, "signum", signum));
}

/* A second ctrl-C soon after the first leaves processes that don't end. */
static void on_signal (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct exec *x = arg;
    int signum = flux_signal_watcher_get_signum (w);
    double now = monotime_now ();

    if (signum == SIGINT && x->attach) {
        fprintf (stderr, "%s: detached; 'flux sproc kill' signals it\n", x->c->name);
        flux_reactor_stop (r);
        return;
    }
    if (signum == SIGINT && x->t_interrupt > 0 && now - x->t_interrupt < INTERRUPT_SECONDS) {
        raise_code (x, 128 + SIGINT);
        flux_reactor_stop (r);
        return;
    }
    if (signum == SIGINT)
        x->t_interrupt = now;
    if (!cmd_has (x->c, "quiet"))
        fprintf (stderr, "%s: sending signal %d to %zu running processes\n", x->c->name, signum,
                 x->left);
    kill_all (x, signum);
}

/* --with-imp: the program that crosses from the owner to another user, of the configuration. */
static void push_imp (struct cmd *c, flux_t *h, json_t *cmdline)
{
    json_t *conf = cmd_rpc (c, h, "config.get", FLUX_NODEID_ANY, NULL, "the configuration");
    const char *imp = json_string_value (json_object_get (json_object_get (conf, "exec"), "imp"));

    if (!imp)
        cmd_die (c, "--with-imp: exec.imp is not in the configuration");
    json_array_append_new (cmdline, json_string (imp));
    json_array_append_new (cmdline, json_string ("run"));
    json_decref (conf);
}

static json_t *make_command (struct cmd *c, flux_t *h)
{
    json_t *env = json_object (), *cmdline = json_array (), *o;
    const char *dir = cmd_str (c, "dir", NULL), *label = cmd_str (c, "label", NULL);
    char *cwd = dir ? strdup (dir) : get_current_dir_name ();

    for (char **p = environ; *p; p++) {
        const char *equal = strchr (*p, '=');
        char *name = equal ? strndup (*p, equal - *p) : NULL;
        if (name)
            json_object_set_new (env, name, json_string (equal + 1));
        free (name);
    }
    if (cmd_has (c, "with-imp"))
        push_imp (c, h, cmdline);
    for (int i = 0; i < c->argc; i++)
        json_array_append_new (cmdline, json_string (c->argv[i]));
    o = json_pack ("{s:s s:o s:o s:{} s:[]}", "cwd", cwd ? cwd : "/", "cmdline", cmdline, "env",
                   env, "opts", "channels");
    if (label)
        json_object_set_new (o, "label", json_string (label));
    free (cwd);
    return o;
}

static bool is_pid (const char *s, int *pid)
{
    char *end;
    long n = strtol (s, &end, 10);

    *pid = n > 0 && n <= INT_MAX && !*end ? (int)n : -1;
    return *pid > 0;
}

static flux_future_t *send_attach (struct exec *x, uint32_t rank)
{
    int pid, flags = EXEC_STDOUT | EXEC_STDERR;

    if (is_pid (x->attach, &pid))
        return flux_rpc_pack (x->h, "rexec.attach", rank, FLUX_RPC_STREAMING, "{s:i s:i}", "pid",
                              pid, "flags", flags);
    return flux_rpc_pack (x->h, "rexec.attach", rank, FLUX_RPC_STREAMING, "{s:i s:s s:i}", "pid",
                          -1, "label", x->attach, "flags", flags);
}

static flux_future_t *send_exec (struct exec *x, uint32_t rank, json_t *cmd)
{
    int flags = EXEC_STDOUT | EXEC_STDERR | EXEC_WRITE_CREDIT;

    return flux_rpc_pack (x->h, "rexec.exec", rank, FLUX_RPC_STREAMING, "{s:O s:i s:i}", "cmd", cmd,
                          "flags", flags, "local_flags", 0);
}

static void start_all (struct exec *x, const struct idset *ids)
{
    json_t *cmd = x->attach ? NULL : make_command (x->c, x->h);

    if (!(x->procs = calloc (idset_count (ids), sizeof (*x->procs))))
        cmd_die (x->c, "out of memory");
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        struct proc *p = &x->procs[x->count++];
        *p = (struct proc){.x = x, .rank = i};
        p->f = x->attach ? send_attach (x, i) : send_exec (x, i, cmd);
        if (!p->f || flux_future_then (p->f, -1., on_response, p) < 0)
            cmd_die (x->c, "rank %u: %s", i, strerror (errno));
        x->left++;
    }
    json_decref (cmd);
}

static void watch (struct exec *x)
{
    flux_reactor_t *r = flux_get_reactor (x->h);

    x->signals[0] = flux_signal_watcher_create (r, SIGINT, on_signal, x);
    x->signals[1] = flux_signal_watcher_create (r, SIGTERM, on_signal, x);
    flux_watcher_start (x->signals[0]);
    flux_watcher_start (x->signals[1]);
    if (x->attach)
        return; // its input is at its end
    if (!cmd_has (x->c, "noinput"))
        x->in = flux_fd_watcher_create (r, STDIN_FILENO, FLUX_POLLIN, on_stdin, x);
    else
        send_input (x, NULL, 0);
}

/* Processes that stay: each broker answers with a pid, and that is all. */
static int background (struct cmd *c, flux_t *h, const struct idset *ids)
{
    json_t *cmd = make_command (c, h);
    int rc = 0, pid;

    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        flux_future_t *f =
            flux_rpc_pack (h, "rexec.exec", i, 0, "{s:O s:i s:i}", "cmd", cmd, "flags",
                           cmd_has (c, "waitable") ? 16 : 0, "local_flags", 0);
        if (!f || flux_rpc_get_unpack (f, "{s:i}", "pid", &pid) < 0)
            rc = cmd_fail (c, "rank %u: %s", i, cmd_why (f));
        else if (!cmd_has (c, "quiet"))
            printf ("%u: %d\n", i, pid);
        flux_future_destroy (f);
    }
    json_decref (cmd);
    return rc;
}

static int run (struct cmd *c)
{
    struct exec x = {.c = c, .label = cmd_has (c, "label-io")};

    int pid;

    if (cmd_has (c, "attach")) {
        if (c->argc != 1)
            return cmd_fail (c, "--attach takes one pid or label");
        if (cmd_has (c, "bg") || cmd_has (c, "waitable"))
            return cmd_fail (c, "--attach goes neither with --bg nor with --waitable");
        x.attach = c->argv[0];
    }
    if (c->argc == 0)
        return cmd_fail (c, "the command to run is missing");
    if (cmd_has (c, "waitable") && !cmd_has (c, "bg"))
        return cmd_fail (c, "--waitable goes with --bg only");
    x.h = cmd_open (c);
    struct idset *ids = exec_targets (c, x.h);
    if (x.attach && is_pid (x.attach, &pid) && idset_count (ids) > 1)
        return cmd_fail (c, "--attach to a pid needs one rank; see --rank");
    if (cmd_has (c, "bg"))
        x.exit_code = background (c, x.h, ids);
    else {
        start_all (&x, ids);
        watch (&x);
        if (flux_reactor_run (flux_get_reactor (x.h), 0) < 0)
            return cmd_fail (c, "lost connection to the instance: %s", strerror (errno));
    }
    for (size_t i = 0; i < x.count; i++)
        flux_future_destroy (x.procs[i].f);
    flux_watcher_destroy (x.in);
    flux_watcher_destroy (x.signals[0]);
    flux_watcher_destroy (x.signals[1]);
    idset_destroy (ids);
    free (x.procs);
    flux_close (x.h);
    return x.exit_code;
}

static const struct cmd_opt opts[] = {
    {.key = 'r', .name = "rank", .arg = "IDSET", .help = "Run on these ranks (all)"},
    {.key = 'x', .name = "exclude", .arg = "IDSET", .help = "But not on these"},
    {.key = 'j',
     .name = "jobid",
     .arg = "ID",
     .help = "Run on the nodes of this job; IDSETs are places among them"},
    {.key = 'd', .name = "dir", .arg = "PATH", .help = "Working directory (this one)"},
    {.key = 'l', .name = "label-io", .help = "Begin lines of output with the rank"},
    {.key = 'n', .name = "noinput", .help = "No standard input for the command"},
    {.key = 'v', .name = "verbose", .help = "Say more", .flags = CMD_OPT_REPEAT},
    {.key = 'q', .name = "quiet", .help = "Do not say how commands ended"},
    {.name = "bg", .help = "Leave the command running, print rank and pid"},
    {.name = "waitable", .help = "With --bg, keep the exit status until it is asked for"},
    {.name = "label", .arg = "LABEL", .help = "A name for the process"},
    {.name = "attach", .help = "To a process in the background: COMMAND is its pid or label"},
    {.name = "with-imp",
     .help = "Run the command by `flux-imp run` (exec.imp in the configuration)"},
    {0},
};

const struct cmd_verb cmd_verb_exec = {
    .name = "exec",
    .args = "COMMAND [ARG...]",
    .summary = "Run a command on brokers, beside the scheduler",
    .opts = {opts},
    .flags = CMD_VERB_STOP,
    .run = run,
};
