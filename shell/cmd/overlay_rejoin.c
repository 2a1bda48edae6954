/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay rejoin: start a broker in the place of one that was lost. What it must know comes
 * from the nearest living ancestor, and goes to its standard input: not to its command line,
 * environment or a file, since the secret of the instance is in it. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <flux/hostlist.h>

#include "lib/bootstrap/rejoin_frame.h"
#include "lib/util/buf.h"
#include "lib/util/peers.h"
#include "shell/cmd/client.h"
#include "shell/cmd/overlay.h"

#define LAUNCH_WORDS_MAX 64

/* The ranks from rank 0 down to the parent of `rank`, ends with -1. False when it is nowhere. */
static bool find_ancestors (const json_t *topo, int rank, int *path, int depth)
{
    json_t *child;
    size_t i;

    if (depth >= OVERLAY_DEPTH_MAX)
        return false;
    path[depth] = json_integer_value (json_object_get (topo, "rank"));
    path[depth + 1] = -1;
    json_array_foreach (json_object_get (topo, "children"), i, child)
    {
        if (json_integer_value (json_object_get (child, "rank")) == rank ||
            find_ancestors (child, rank, path, depth + 1))
            return true;
    }
    path[depth + 1] = -1;
    return false;
}

/* Rank 0 knows best whether it is needed; the nearest one that answers is to be the parent. */
static json_t *ask (struct cmd *c, flux_t *h, int rank)
{
    json_t *topo = overlay_topology_rpc (c, h);
    int path[OVERLAY_DEPTH_MAX + 1] = {0, -1};
    json_t *best;
    flux_error_t error;
    int n = 0, force = cmd_has (c, "force");

    if (rank == 0 || !find_ancestors (topo, rank, path, 0))
        cmd_die (c, "no broker can take the place of rank %d", rank);
    json_decref (topo);
    best = cmd_rpc (c, h, "overlay.rejoin", 0,
                    cmd_pack (c, "{s:i s:b}", "rank", rank, "force", force), NULL);
    while (path[n + 1] >= 0)
        n++;
    for (; n > 0; n--) {
        json_t *o = cmd_rpc_try (h, "overlay.rejoin", (uint32_t)path[n],
                                 cmd_pack (c, "{s:i s:b}", "rank", rank, "force", force), &error);
        if (o) {
            json_decref (best);
            return o;
        }
    }
    return best;
}

/* A file in memory with the record as one frame. */
static int make_stdin (struct cmd *c, const json_t *o, int rank)
{
    struct buf b = {0};
    int fd;

    if (rejoin_frame_encode (&b, o, (uint32_t)rank) < 0)
        cmd_die (c, "what rank 0 says of rank %d is not understood: %s", rank, strerror (errno));
    if ((fd = memfd_create ("rejoin", MFD_CLOEXEC)) < 0 ||
        write (fd, b.data, b.len) != (ssize_t)b.len || lseek (fd, 0, SEEK_SET) < 0)
        cmd_die (c, "%s", strerror (errno));
    explicit_bzero (b.data, b.len);
    buf_clear (&b);
    return fd;
}

/* The words that come before the broker's own: none when it is to run here. */
static int launch_words (struct cmd *c, const char *host, bool here, const char **words)
{
    const char *job = getenv ("SLURM_JOB_ID");
    char *text = NULL, *save = NULL;
    const char *given = cmd_str (c, "launch", NULL);
    int n = 0;

    if (!given && here)
        return 0;
    if (!given && !job)
        cmd_die (c, "how is a program started on %s? Tell it by --launch", host);
    if (given ? !(text = strdup (given))
              : asprintf (&text, "srun --overlap --jobid=%s -N1 -n1 -w %s", job, host) < 0)
        cmd_die (c, "out of memory");
    for (char *w = strtok_r (text, " ", &save); w && n < LAUNCH_WORDS_MAX;
         w = strtok_r (NULL, " ", &save))
        words[n++] = strcmp (w, "%h") == 0 ? host : w;
    return n;
}

static bool is_here (const json_t *o, const char *host)
{
    const char *uri = json_string_value (json_object_get (o, "uri"));
    char own[256] = "";

    gethostname (own, sizeof (own) - 1);
    return strcmp (own, host) == 0 || (uri && strncmp (uri, "ipc://", 6) == 0);
}

static int run (struct cmd *c)
{
    const char *argv[LAUNCH_WORDS_MAX + 64], *attr, *host;
    flux_t *h = cmd_open (c);
    int iter = 0, n, fd;

    if (c->argc != 1)
        return cmd_fail (c, "a rank or a host is needed");
    int rank = overlay_target_rank (c, h, c->argv[0]);
    json_t *o = ask (c, h, rank);
    flux_close (h);
    host = json_string_value (json_object_get (o, "host"));
    if (!host)
        host = "";
    n = launch_words (c, host, is_here (o, host), argv);
    if (!(argv[n++] = peer_find ("flux-broker", "broker")))
        return cmd_fail (c, "flux-broker is neither on FLUX_EXEC_PATH nor in " FLUX_LIBEXECDIR);
    while ((attr = cmd_next (c, "setattr", &iter)) && n < LAUNCH_WORDS_MAX + 60) {
        argv[n++] = "-S";
        argv[n++] = attr;
    }
    argv[n] = NULL;
    fd = make_stdin (c, o, rank);
    setenv ("FLUX_BOOTSTRAP_METHOD", "rejoin", 1);
    unsetenv ("FLUX_URI"); // else it would be taken for an instance inside this one
    unsetenv ("FLUX_JOB_ID");
    if (dup2 (fd, STDIN_FILENO) < 0)
        return cmd_fail (c, "%s", strerror (errno));
    execvp (argv[0], (char **)argv);
    return cmd_fail (c, "%s: %s", argv[0], strerror (errno));
}

static const struct cmd_opt opts[] = {
    {.key = 'f', .name = "force", .help = "Also when the old broker counts as up; it has to leave"},
    {0},
};

const struct cmd_opt overlay_launch_opts[] = {
    {.name = "launch",
     .arg = "WORDS",
     .help = "What starts a program on the node %h (in a Slurm job: srun)"},
    {.key = 'S',
     .name = "setattr",
     .arg = "NAME=VALUE",
     .help = "Set an attribute of each new broker",
     .flags = CMD_OPT_REPEAT},
    {0},
};

const struct cmd_verb overlay_rejoin_verb = {
    .name = "rejoin",
    .args = "RANK|HOST",
    .summary = "Start a broker in the place of one that was lost",
    .text = "It becomes the new broker and ends with it.",
    .opts = {opts, overlay_launch_opts},
    .run = run,
};
