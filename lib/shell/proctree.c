/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/shell/proctree.h"
#include "lib/util/buf.h"
#include "lib/util/monotime.h"

struct proc {
    pid_t pid;
    pid_t ppid;
    bool below;
    long ticks; // of CPU time
    long pages;
};

/* The second field of /proc/PID/stat, the name, may hold blanks and parentheses. */
static bool read_proc (const char *name, struct proc *p)
{
    char path[64], line[512];
    char state;

    snprintf (path, sizeof (path), "/proc/%.20s/stat", name);
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read (fd, line, sizeof (line) - 1);
    close (fd);
    if (n <= 0)
        return false;
    line[n] = '\0';
    const char *end = strrchr (line, ')');
    long t[4];
    if (!end ||
        sscanf (end + 1,
                " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld"
                " %*d %*d %*d %*d %*u %*u %ld",
                &state, &p->ppid, &t[0], &t[1], &t[2], &t[3], &p->pages) != 7 ||
        state == 'Z')
        return false;
    p->ticks = t[0] + t[1] + t[2] + t[3];
    p->pid = atoi (name);
    p->below = false;
    return true;
}

static int read_all (struct buf *b)
{
    DIR *dir = opendir ("/proc");
    struct dirent *d;

    if (!dir)
        return -1;
    while ((d = readdir (dir))) {
        struct proc p;
        if (isdigit ((unsigned char)d->d_name[0]) && read_proc (d->d_name, &p))
            buf_append (b, &p, sizeof (p));
    }
    closedir (dir);
    return b->err ? -1 : 0;
}

static bool parent_is_below (const struct proc *procs, size_t n, pid_t ppid)
{
    for (size_t i = 0; i < n; i++)
        if (procs[i].pid == ppid)
            return procs[i].below;
    return false;
}

static void mark (struct proc *procs, size_t n, bool (*spare) (pid_t, void *), void *arg)
{
    pid_t self = getpid ();
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < n; i++) {
            struct proc *p = &procs[i];
            if (p->below || p->pid == self)
                continue;
            if (p->ppid == self ? !spare || !spare (p->pid, arg)
                                : parent_is_below (procs, n, p->ppid))
                changed = p->below = true;
        }
    }
}

int proctree_kill (bool (*spare) (pid_t pid, void *arg), void *arg)
{
    struct buf b = {0};
    int count = 0;

    if (read_all (&b) == 0 && b.len > 0) {
        struct proc *procs = (struct proc *)b.data;
        size_t n = b.len / sizeof (*procs);
        mark (procs, n, spare, arg);
        for (size_t i = 0; i < n; i++)
            if (procs[i].below && kill (procs[i].pid, SIGKILL) == 0)
                count++;
    }
    buf_clear (&b);
    return count;
}

void proctree_measure (struct proctree_usage *usage)
{
    struct buf b = {0};

    *usage = (struct proctree_usage){0};
    if (read_all (&b) == 0 && b.len > 0) {
        struct proc *procs = (struct proc *)b.data;
        size_t n = b.len / sizeof (*procs);
        mark (procs, n, NULL, NULL);
        for (size_t i = 0; i < n; i++) {
            if (!procs[i].below)
                continue;
            usage->memory += (unsigned long long)procs[i].pages * sysconf (_SC_PAGESIZE);
            usage->cpu += (double)procs[i].ticks / sysconf (_SC_CLK_TCK);
        }
    }
    buf_clear (&b);
}

void proctree_clear (double timeout)
{
    double deadline = monotime_now () + timeout;

    for (;;) {
        pid_t pid;
        while ((pid = waitpid (-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0 || monotime_now () > deadline)
            return;
        if (proctree_kill (NULL, NULL) > 0)
            usleep (200);
        else
            usleep (1000);
    }
}
