/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The spawner: forks a job shell for each request and waits for them. It is kept small, and does
 * once what all job shells need, for what it has in memory costs each fork. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>
#include <flux/idset.h>

#include "lib/shell/affinity.h"
#include "lib/shell/cputopo.h"
#include "lib/shell/proctree.h"
#include "lib/shell/spawnpkt.h"
#include "lib/shell/start.h"
#include "lib/util/fdutil.h"
#include "lib/util/monotime.h"
#include "lib/util/removetree.h"
#include "shell/job/spawner_main.h"

#define KILL_TIMEOUT 2. // seconds from SIGKILL for a job until its shell gets one itself
#define END_TIMEOUT 1.5 // seconds to end all jobs when the broker is gone

#define IDLE_TIMEOUT .02 // seconds for job shells without a job to end, as the broker let them go

#define SLOTS_MAX 1024

struct child {
    pid_t pid;
    uint64_t number; // of the broker, see spawnpkt.h
    double kill_at;  // 0: never
    int slot;
    UT_hash_handle hh;
};

struct spawner {
    int sock;
    int sigfd;
    struct cputopo *topo;
    char *cpus;
    int home;
    glob_t plugins;
    char libpmi[PATH_MAX];
    struct spawnpkt_buf buf;
    struct child *children;
    int dying;        // children with kill_at set
    bool broker_ends; // in good order
    bool slots[SLOTS_MAX];
};

static int report (struct spawner *sp, int type, uint64_t id, int value, const char *text)
{
    struct spawnpkt pkt = {type, value, id, -1, text, text ? strlen (text) : 0};
    return spawnpkt_send (sp->sock, &pkt);
}

static struct child *child_by_number (struct spawner *sp, uint64_t number)
{
    struct child *c, *tmp;

    HASH_ITER (hh, sp->children, c, tmp)
    if (c->number == number)
        return c;
    return NULL;
}

/* Numbers past SLOTS_MAX are not kept track of; shells that have one share nothing. */
static int take_slot (struct spawner *sp)
{
    for (int i = 0; i < SLOTS_MAX; i++) {
        if (!sp->slots[i]) {
            sp->slots[i] = true;
            return i;
        }
    }
    return -1;
}

static void give_slot (struct spawner *sp, int slot)
{
    if (slot >= 0)
        sp->slots[slot] = false;
}

/* The new process. A spawner that dies takes its job shells along; should it have died before
 * prctl() was through, the parent is another one already. */
static int child_main (struct spawner *sp, const struct spawnpkt *pkt, pid_t parent, int slot)
{
    struct shell_start start = {
        .id = pkt->id,
        .request = pkt->text,
        .len = pkt->len,
        .sock = sp->sock,
        .sigfd = sp->sigfd,
        .topo = sp->topo,
        .cpus = sp->cpus,
        .plugins = sp->plugins.gl_pathv,
        .libpmi = sp->libpmi,
        .home = sp->home,
        .slot = slot,
    };

    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (getppid () != parent)
        return 1;
    prctl (PR_SET_CHILD_SUBREAPER, 1);
    setsid ();
    return shell_main (&start);
}

/* Returns the exit code in the child, -1 in the parent. */
static int start (struct spawner *sp, const struct spawnpkt *pkt)
{
    struct child *c = calloc (1, sizeof (*c));
    pid_t parent = getpid ();

    int slot = take_slot (sp);
    pid_t pid = c ? fork () : -1;
    if (pid == 0)
        return child_main (sp, pkt, parent, slot);
    if (pid < 0) {
        report (sp, SPAWNPKT_FAILED, pkt->value, errno, "could not fork a job shell");
        give_slot (sp, slot);
        free (c);
        return -1;
    }
    c->pid = pid;
    c->slot = slot;
    c->number = pkt->value;
    HASH_ADD_INT (sp->children, pid, c);
    report (sp, SPAWNPKT_STARTED, c->number, pid, NULL);
    return -1;
}

static void forward_signal (struct spawner *sp, uint64_t number, int signum)
{
    struct child *c = child_by_number (sp, number);

    if (!c)
        return;
    if (signum == SIGKILL && c->kill_at == 0.) {
        c->kill_at = monotime_now () + KILL_TIMEOUT;
        sp->dying++;
    }
    sigqueue (c->pid, SHELL_SIGNAL_TASKS, (union sigval){.sival_int = signum});
}

static bool is_job_shell (pid_t pid, void *arg)
{
    struct spawner *sp = arg;
    struct child *c;

    HASH_FIND_INT (sp->children, &pid, c);
    return c != NULL;
}

static void reap (struct spawner *sp)
{
    struct child *c;
    int status;
    pid_t pid;

    while ((pid = waitpid (-1, &status, WNOHANG)) > 0) {
        HASH_FIND_INT (sp->children, &pid, c);
        if (!c)
            continue; // an orphan of a job shell that was killed
        HASH_DEL (sp->children, c);
        if (c->kill_at > 0.)
            sp->dying--;
        if (WIFSIGNALED (status))
            proctree_kill (is_job_shell, sp);
        report (sp, SPAWNPKT_EXITED, c->number, status, NULL);
        give_slot (sp, c->slot);
        free (c);
    }
}

static void kill_overdue (struct spawner *sp)
{
    struct child *c, *tmp;
    double now = monotime_now ();

    HASH_ITER (hh, sp->children, c, tmp)
    {
        if (c->kill_at > 0. && now >= c->kill_at)
            kill (c->pid, SIGKILL);
    }
}

static void read_signals (struct spawner *sp)
{
    struct signalfd_siginfo si[8];

    while (read (sp->sigfd, si, sizeof (si)) > 0)
        ;
}

/* Returns -1 to go on, 0 when the broker is gone, or in a child its exit code + 1. */
static int read_packets (struct spawner *sp)
{
    struct spawnpkt pkt;
    int rc = spawnpkt_recv (sp->sock, &sp->buf, &pkt);

    if (rc <= 0)
        return rc == 0 || errno != EPROTO ? 0 : -1;
    if (pkt.type == SPAWNPKT_START) {
        if ((rc = start (sp, &pkt)) >= 0)
            return rc + 1;
    } else if (pkt.type == SPAWNPKT_KILL)
        forward_signal (sp, pkt.id, pkt.value);
    else if (pkt.type == SPAWNPKT_BYE)
        sp->broker_ends = true;
    if (pkt.fd >= 0)
        close (pkt.fd);
    return -1;
}

static int loop (struct spawner *sp)
{
    struct pollfd pfd[2] = {{.fd = sp->sock, .events = POLLIN},
                            {.fd = sp->sigfd, .events = POLLIN}};
    int rc;

    for (;;) {
        if (poll (pfd, 2, sp->dying > 0 ? 200 : -1) < 0 && errno != EINTR)
            return 0;
        if (pfd[1].revents) {
            read_signals (sp);
            reap (sp);
        }
        if (sp->dying > 0)
            kill_overdue (sp);
        if (pfd[0].revents && (rc = read_packets (sp)) >= 0)
            return rc;
    }
}

/* Those of the site: all *.so in the folders of FLUX_SHELL_PLUGIN_PATH, a list with colons, or in
 * the one below our libraries. Looked up once, not for each job. */
static void find_plugins (struct spawner *sp)
{
    const char *dirs = getenv ("FLUX_SHELL_PLUGIN_PATH");
    char *copy = strdup (dirs ? dirs : FLUX_LIBDIR "/shell/plugins"), *save = NULL;
    char pattern[PATH_MAX];
    int flags = 0;

    for (char *dir = copy ? strtok_r (copy, ":", &save) : NULL; dir;
         dir = strtok_r (NULL, ":", &save)) {
        snprintf (pattern, sizeof (pattern), "%s/*.so", dir);
        if (glob (pattern, flags, NULL, &sp->plugins) == 0)
            flags = GLOB_APPEND;
    }
    free (copy);
}

/* The installed one, unless this program runs out of a build tree. */
static void find_libpmi (struct spawner *sp)
{
    char self[PATH_MAX];
    ssize_t n = readlink ("/proc/self/exe", self, sizeof (self) - 1);
    char *end = NULL;

    if (n > 0) {
        self[n] = '\0';
        end = strstr (self, "/shell/job/");
    }
    if (end)
        *end = '\0';
    if (!end || snprintf (sp->libpmi, PATH_MAX, "%s/lib/pmi/.libs/libpmi.so", self) >= PATH_MAX ||
        access (sp->libpmi, R_OK) < 0)
        snprintf (sp->libpmi, PATH_MAX, "%s", FLUX_LIBDIR "/libpmi.so");
}

/* Numbers of cores in R are counted on the CPUs that the outermost instance has on this node: an
 * instance in a job has R from there, and may get cores that its own processes were not given. */
static int get_cpus (cpu_set_t *allowed)
{
    const char *s = getenv ("FLUX_NODE_CPUS");

    CPU_ZERO (allowed);
    if (s && affinity_parse_cpus (s, strlen (s), allowed) == 0 && CPU_COUNT (allowed) > 0)
        return 0;
    return sched_getaffinity (0, sizeof (*allowed), allowed);
}

static char *encode_cpus (const cpu_set_t *cpus)
{
    struct idset *ids = idset_create (CPU_SETSIZE, 0);
    char *text;

    for (int i = 0; ids && i < CPU_SETSIZE; i++)
        if (CPU_ISSET (i, cpus))
            idset_set (ids, i);
    text = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return text;
}

/* To look for what is left below us takes longer. */
static void wait_for_idle (void)
{
    double deadline = monotime_now () + IDLE_TIMEOUT;
    pid_t pid;

    while ((pid = waitpid (-1, NULL, WNOHANG)) >= 0 && monotime_now () < deadline)
        if (pid == 0)
            usleep (300);
}

int spawner_main (int sock, const char *rundir)
{
    struct spawner sp = {.sock = sock};
    sigset_t set;
    cpu_set_t allowed;

    shell_signals (&set);
    sigaddset (&set, SIGPIPE);
    if (get_cpus (&allowed) == 0) {
        sp.topo = cputopo_create ("/sys/devices/system/cpu", &allowed);
        sp.cpus = encode_cpus (&allowed);
    }
    json_object_seed (0); // once for all forks
    find_plugins (&sp);
    find_libpmi (&sp);
    sp.home = open (".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    fd_set_cloexec (sock);
    prctl (PR_SET_CHILD_SUBREAPER, 1);
    if (sigprocmask (SIG_SETMASK, &set, NULL) < 0 || sigdelset (&set, SIGPIPE) < 0 ||
        (sp.sigfd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) {
        fprintf (stderr, "flux-shell: spawner: %s\n", strerror (errno));
        return 1;
    }
    int rc = loop (&sp);
    if (rc > 0)
        return rc - 1;
    if (sp.broker_ends)
        wait_for_idle ();
    proctree_clear (END_TIMEOUT);
    if (rundir && !sp.broker_ends)
        remove_tree (rundir);
    return 0;
}
