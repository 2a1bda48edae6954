/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay grow: an instance gets ranks on more hosts, and a broker on each, which is started
 * as in the place of a lost one (overlay_rejoin.c). */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <flux/hostlist.h>

#include "lib/util/peers.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/client.h"
#include "shell/cmd/overlay.h"

#define WORDS_MAX 64

static json_t *list_hosts (struct cmd *c)
{
    json_t *hosts = json_array ();

    for (int i = 0; i < c->argc; i++) {
        struct hostlist *hl = hostlist_decode (c->argv[i]);
        if (!hl)
            cmd_die (c, "%s: not a list of hosts", c->argv[i]);
        for (const char *h = hostlist_first (hl); h; h = hostlist_next (hl))
            json_array_append_new (hosts, json_string (h));
        hostlist_destroy (hl);
    }
    return hosts;
}

/* flux overlay rejoin [OPTIONS] RANK */
static pid_t start (struct cmd *c, int rank)
{
    const char *argv[WORDS_MAX + 8] = {peer_self (), "overlay", "rejoin"}, *attr;
    char text[16];
    int n = 3, iter = 0;
    pid_t pid = fork ();

    if (pid != 0)
        return pid;
    if (cmd_has (c, "launch")) {
        argv[n++] = "--launch";
        argv[n++] = cmd_str (c, "launch", NULL);
    }
    while ((attr = cmd_next (c, "setattr", &iter)) && n < WORDS_MAX) {
        argv[n++] = "-S";
        argv[n++] = attr;
    }
    snprintf (text, sizeof (text), "%d", rank);
    argv[n] = text;
    if (argv[0])
        execv (argv[0], (char *const *)argv);
    _exit (127);
}

static int wait_for_all (void)
{
    int status, code = 0;

    while (wait (&status) > 0)
        if (status != 0)
            code = waitcode (status);
    return code;
}

static int run (struct cmd *c)
{
    int first, size;

    if (c->argc == 0)
        return cmd_fail (c, "the hosts are missing");
    flux_t *h = cmd_open (c);
    json_t *o =
        cmd_rpc (c, h, "broker.grow", 0, cmd_pack (c, "{s:o}", "hosts", list_hosts (c)), NULL);
    flux_close (h);
    if (json_unpack (o, "{s:i s:i}", "first", &first, "size", &size) < 0)
        return cmd_fail (c, "the answer is not understood");
    json_decref (o);
    for (int rank = first; rank < size; rank++)
        if (start (c, rank) < 0)
            return cmd_fail (c, "%s", strerror (errno));
    return wait_for_all ();
}

const struct cmd_verb overlay_grow_verb = {
    .name = "grow",
    .args = "HOSTS...",
    .summary = "Get ranks on more hosts, and start brokers there",
    .text = "It ends with these brokers: start it in the background.",
    .opts = {overlay_launch_opts},
    .run = run,
};
