/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/util/peers.h"
#include "shell/broker/attr.h"
#include "shell/service/rexec/proc.h"
#include "shell/service/uplink/slurm_nodes.h"

#define COMMANDS_MAX 64 // each runs as long as the brokers that it has started

struct slurm_nodes {
    struct ev_loop *loop;
    const struct attrs *attrs;
    char *flux;
    struct hostlist *known; // of the job, when it was seen last or before
    struct proc *commands[COMMANDS_MAX];
    int ncommands;
};

static void output_cb (struct proc *p, enum proc_stream stream, const char *data, size_t len,
                       bool eof, void *arg)
{
    fprintf (stderr, "%.*s", (int)len, data);
}

static const struct proc_ops ops = {.output = output_cb};

/* Taken by a user, by hand, or since the beginning. */
static bool has_rank (const struct slurm_nodes *n, const char *host)
{
    const char *text = attr_get (n->attrs, "hostlist");
    struct hostlist *all = text ? hostlist_decode (text) : NULL;
    bool found = all && hostlist_find (all, host) >= 0;

    hostlist_destroy (all);
    return found;
}

static void grow (struct slurm_nodes *n, const char *hosts)
{
    char uri[256];
    json_t *cmd;

    if (n->ncommands == COMMANDS_MAX)
        return;
    snprintf (uri, sizeof (uri), "FLUX_URI=%s", attr_get (n->attrs, "local-uri"));
    cmd = json_pack ("{s:[s s s s s s]}", "cmdline", "env", uri, n->flux, "overlay", "grow", hosts);
    if (cmd && (n->commands[n->ncommands] = proc_create (n->loop, cmd, false, true, &ops, n, NULL)))
        n->ncommands++;
    json_decref (cmd);
}

void slurm_nodes_see (struct slurm_nodes *n, const char *nodelist)
{
    struct hostlist *now = hostlist_decode (nodelist), *more = hostlist_create ();

    for (const char *h = now && more ? hostlist_first (now) : NULL; h; h = hostlist_next (now)) {
        if (hostlist_find (n->known, h) >= 0)
            continue;
        hostlist_append (n->known, h);
        if (!has_rank (n, h))
            hostlist_append (more, h);
    }
    char *hosts = more && hostlist_count (more) > 0 ? hostlist_encode (more) : NULL;
    if (hosts)
        grow (n, hosts);
    free (hosts);
    hostlist_destroy (more);
    hostlist_destroy (now);
}

struct slurm_nodes *slurm_nodes_create (struct ev_loop *loop, const struct attrs *attrs)
{
    const char *off = attr_get (attrs, "slurm.grow"), *nodes = getenv ("SLURM_JOB_NODELIST");
    struct slurm_nodes *n;

    if ((off && strcmp (off, "0") == 0) || !nodes || !attr_get (attrs, "local-uri") ||
        !(n = calloc (1, sizeof (*n))))
        return NULL;
    n->loop = loop;
    n->attrs = attrs;
    n->flux = peer_find ("flux", "cmd");
    n->known = hostlist_decode (nodes);
    if (n->flux && n->known)
        return n;
    slurm_nodes_destroy (n);
    return NULL;
}

void slurm_nodes_destroy (struct slurm_nodes *n)
{
    if (n) {
        for (int i = 0; i < n->ncommands; i++)
            proc_destroy (n->commands[i]);
        hostlist_destroy (n->known);
        free (n->flux);
        free (n);
    }
}
