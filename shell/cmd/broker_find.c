/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Nothing is left in a known place for others to find, or to forge: the kernel knows who listens on
 * this node, and the brokers among them know whose they are. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "shell/cmd/client.h"
#include "shell/cmd/broker_find.h"
#include "shell/cmd/pump.h"

#define GREETING_MS 2000
#define LISTENS 0x10000 // __SO_ACCEPTCON of the kernel

struct search {
    const char *job; // JOBID[.STEP], or NULL: by pid
    const char *pid;
    char *uri;
    char step[16]; // of what was found
    bool ambiguous;
};

static bool ends_like_broker (const char *path)
{
    const char *base = strrchr (path, '/');

    return base && strncmp (base, "/local-", 7) == 0 && isdigit ((unsigned char)base[7]);
}

static bool is_ours (const char *path)
{
    struct stat sb;

    return stat (path, &sb) == 0 && S_ISSOCK (sb.st_mode) && sb.st_uid == geteuid ();
}

static bool is_job (const char *job, const char *jobid, const char *step)
{
    size_t len = strlen (jobid);

    if (strncmp (job, jobid, len) != 0)
        return false;
    return job[len] == '\0' || (job[len] == '.' && strcmp (job + len + 1, step) == 0);
}

static bool is_wanted (struct search *s, flux_t *h)
{
    const char *step = flux_attr_get (h, "slurm.stepid"), *jobid = flux_attr_get (h, "jobid");
    const char *pid = flux_attr_get (h, "broker.pid");

    if (!s->job)
        return pid && strcmp (pid, s->pid) == 0;
    if (!jobid || !step || !is_job (s->job, jobid, step))
        return false;
    if (s->uri && strcmp (s->step, step) != 0)
        s->ambiguous = true;
    snprintf (s->step, sizeof (s->step), "%s", step);
    return true;
}

/* Who listens there, and greets in a moment: one that was stopped keeps nobody waiting. */
static bool is_live (const char *path, const char *pid)
{
    int fd = pump_connect (path, NULL);
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    struct ucred cred;
    socklen_t len = sizeof (cred);
    char text[16] = "";

    if (fd < 0)
        return false;
    if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
        snprintf (text, sizeof (text), "%d", (int)cred.pid);
    bool live = (!pid || strcmp (text, pid) == 0) && poll (&pfd, 1, GREETING_MS) == 1;
    close (fd);
    return live;
}

static void ask (struct search *s, const char *path)
{
    char *uri;

    if (!is_live (path, s->pid) || asprintf (&uri, "local://%s", path) < 0)
        return;
    flux_t *h = cmd_open_uri (uri, NULL);
    if (h && is_wanted (s, h)) {
        free (s->uri);
        s->uri = uri;
        uri = NULL;
    }
    flux_close (h);
    free (uri);
}

static int search (struct search *s)
{
    FILE *f = fopen ("/proc/net/unix", "r");
    char line[4096], path[4096];
    unsigned int flags;

    if (!f)
        return -1;
    while (fgets (line, sizeof (line), f)) {
        if (sscanf (line, "%*s %*x %*x %x %*x %*x %*u %4095[^\n]", &flags, path) == 2 &&
            (flags & LISTENS) && ends_like_broker (path) && is_ours (path))
            ask (s, path);
    }
    fclose (f);
    return 0;
}

char *broker_find_slurm (const char *job, flux_error_t *errp)
{
    struct search s = {.job = job};

    if (search (&s) < 0) {
        errprintf (errp, "/proc/net/unix: %s", strerror (errno));
    } else if (s.ambiguous) {
        errno = EINVAL;
        errprintf (errp, "job %s has several instances; name one as slurm:%s.STEP", job, job);
        free (s.uri);
        s.uri = NULL;
    } else if (!s.uri) {
        errno = ENOENT;
        errprintf (errp, "job %s has no instance on this node", job);
    }
    return s.uri;
}

char *broker_find_pid (const char *pid)
{
    struct search s = {.pid = pid};

    if (search (&s) == 0 && !s.uri)
        errno = ENOENT;
    return s.uri;
}

static void exec_srun (const char *job, int fd)
{
    const char *srun = getenv ("FLUX_SRUN"), *flux = getenv ("FLUX_SSH_RCMD");
    char id[64], target[64];

    snprintf (id, sizeof (id), "--jobid=%.*s", (int)strcspn (job, "."), job);
    snprintf (target, sizeof (target), "slurm:%s", job);
    dup2 (fd, STDOUT_FILENO);
    setenv ("FLUX_URI_SLURM_LOCAL", "1", 1); // and no further
    execlp (srun ? srun : "srun", "srun", "--overlap", "--quiet", id, "--nodes=1", "--ntasks=1",
            "--mem=0", "--input=none", flux ? flux : "flux", "uri", "--remote", target, NULL);
    _exit (127);
}

#define NEXT_ARGS_MAX 16

/* What a step's environment says of its job's nodes differs between versions of Slurm. */
static long job_nodes (const char *id)
{
    char cmd[64];
    long n = 0;

    if (!*id || strlen (id) > 10 || strspn (id, "0123456789") != strlen (id))
        return 0;
    snprintf (cmd, sizeof (cmd), "squeue -h -j %s -o %%D 2>/dev/null", id);
    FILE *f = popen (cmd, "r");
    if (f && fscanf (f, "%ld", &n) != 1)
        n = 0;
    if (f)
        pclose (f);
    return n;
}

void broker_find_next_node (const char *const args[])
{
    const char *id = getenv ("SLURM_JOB_ID"), *now = getenv ("FLUX_URI_SLURM_NODE");
    const char *srun = getenv ("FLUX_SRUN");
    const char *argv[NEXT_ARGS_MAX + 16] = {
        srun ? srun : "srun", "--overlap",  "--quiet", "--unbuffered",
        "--nodes=1",          "--ntasks=1", "--mem=0"};
    long next = now ? strtol (now, NULL, 10) + 1 : 1;
    char text[32], jobid[64], relative[64], *self = peer_self ();
    int n = 7;

    if (id && self && next < job_nodes (id)) {
        snprintf (text, sizeof (text), "%ld", next);
        snprintf (jobid, sizeof (jobid), "--jobid=%s", id);
        snprintf (relative, sizeof (relative), "--relative=%ld", next);
        setenv ("FLUX_URI_SLURM_NODE", text, 1);
        argv[n++] = jobid;
        argv[n++] = relative;
        argv[n++] = self;
        for (int i = 0; args[i] && i < NEXT_ARGS_MAX; i++)
            argv[n++] = args[i];
        execvp (argv[0], (char **)argv);
    }
    free (self);
}

char *broker_find_slurm_remote (const char *job, flux_error_t *errp)
{
    char line[1024] = "";
    int fd[2], status;
    pid_t pid;

    if (pipe (fd) < 0 || (pid = fork ()) < 0) {
        errprintf (errp, "%s", strerror (errno));
        return NULL;
    }
    if (pid == 0)
        exec_srun (job, fd[1]);
    close (fd[1]);
    FILE *f = fdopen (fd[0], "r");
    bool got = f && fgets (line, sizeof (line), f);
    if (f)
        fclose (f);
    waitpid (pid, &status, 0);
    line[strcspn (line, "\n")] = '\0';
    if (status != 0 || !got) {
        errno = ENOENT;
        errprintf (errp, "srun could not find it out");
        return NULL;
    }
    return strdup (line);
}
