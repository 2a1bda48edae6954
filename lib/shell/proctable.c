/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/shell/proctable.h"

#define WAITING_MAX 64

struct waiting {
    const flux_msg_t *msg;
    struct waiting *prev, *next;
};

/* A gathering that is under way. */
struct proctable {
    json_t *tasks;
    bool *have; // by shell rank
    int missing;
    struct waiting *waiting;
    int nwaiting;
};

static const char *host_of (const struct shell *sh, char *buf, size_t size)
{
    if (sh->info->hostname)
        return sh->info->hostname;
    if (gethostname (buf, size) < 0)
        snprintf (buf, size, "?");
    buf[size - 1] = '\0';
    return buf;
}

/* Tasks that run here: [[rank,pid],...] */
static json_t *local_tasks (const struct shell *sh)
{
    json_t *o = json_array ();

    for (int i = 0; o && i < sh->info->nlocal; i++)
        if (sh->tasks[i].pid > 0)
            json_array_append_new (
                o, json_pack ("[i,i]", sh->info->taskids[i], (int)sh->tasks[i].pid));
    return o;
}

void proctable_destroy (struct proctable *p)
{
    struct waiting *w, *tmp;

    if (!p)
        return;
    DL_FOREACH_SAFE (p->waiting, w, tmp)
    {
        flux_msg_decref (w->msg);
        free (w);
    }
    json_decref (p->tasks);
    free (p->have);
    free (p);
}

static void add_tasks (struct shell *sh, const char *host, const json_t *tasks)
{
    const char *exe = json_string_value (json_array_get (sh->info->command, 0));
    json_t *task;
    size_t i;

    json_array_foreach (tasks, i, task)
    {
        json_int_t rank, pid;
        if (json_unpack (task, "[I,I]", &rank, &pid) == 0)
            json_array_append_new (sh->proctable->tasks,
                                   json_pack ("{s:I s:s s:I s:s}", "rank", rank, "host", host,
                                              "pid", pid, "executable", exe ? exe : ""));
    }
}

static void add_shell (struct shell *sh, int rank, const char *host, const json_t *tasks)
{
    struct proctable *p = sh->proctable;
    struct waiting *w;

    if (p->have[rank])
        return;
    p->have[rank] = true;
    add_tasks (sh, host, tasks);
    if (--p->missing > 0)
        return;
    DL_FOREACH (p->waiting, w)
    {
        link_respond (sh->link, w->msg, json_pack ("{s:O}", "tasks", p->tasks));
    }
    proctable_destroy (p);
    sh->proctable = NULL;
}

static struct proctable *proctable_create (int nshells)
{
    struct proctable *p = calloc (1, sizeof (*p));

    if (!p || !(p->have = calloc (nshells, sizeof (p->have[0]))) || !(p->tasks = json_array ())) {
        proctable_destroy (p);
        return NULL;
    }
    p->missing = nshells;
    return p;
}

void proctable_request (struct shell *sh, const flux_msg_t *msg)
{
    struct waiting *w;
    char host[256];
    bool first = !sh->proctable;

    if (first && !(sh->proctable = proctable_create (sh->info->nshells))) {
        link_respond_error (sh->link, msg, ENOMEM, NULL);
        return;
    }
    if (sh->proctable->nwaiting >= WAITING_MAX || !(w = calloc (1, sizeof (*w)))) {
        link_respond_error (sh->link, msg, EAGAIN, "too many ask at once");
        return;
    }
    w->msg = flux_msg_incref (msg);
    DL_APPEND (sh->proctable->waiting, w);
    sh->proctable->nwaiting++;
    if (first) {
        json_t *tasks = local_tasks (sh);
        peers_broadcast (sh->peers, json_pack ("{s:s}", "type", "proctable"));
        add_shell (sh, 0, host_of (sh, host, sizeof (host)), tasks);
        json_decref (tasks);
    }
}

void proctable_pids (struct shell *sh, const flux_msg_t *msg)
{
    const char *host;
    json_t *tasks;
    int rank;

    if (flux_msg_unpack (msg, "{s:i s:s s:o}", "shell", &rank, "host", &host, "tasks", &tasks) <
            0 ||
        rank < 1 || rank >= sh->info->nshells || !json_is_array (tasks))
        link_respond_error (sh->link, msg, EPROTO, NULL);
    else {
        if (sh->proctable) // else nobody waits any more
            add_shell (sh, rank, host, tasks);
        link_respond (sh->link, msg, NULL);
    }
}

/* The last who asked may be gone; the answers that come still do no harm. */
void proctable_disconnect (struct shell *sh, const flux_msg_t *msg)
{
    struct waiting *w, *tmp;

    if (!sh->proctable)
        return;
    DL_FOREACH_SAFE (sh->proctable->waiting, w, tmp)
    {
        if (flux_msg_route_match_first (w->msg, msg)) {
            DL_DELETE (sh->proctable->waiting, w);
            sh->proctable->nwaiting--;
            flux_msg_decref (w->msg);
            free (w);
        }
    }
}

void proctable_answer (struct shell *sh)
{
    char host[256], topic[128];
    json_t *o = json_pack ("{s:i s:s s:o}", "shell", sh->info->shell_rank, "host",
                           host_of (sh, host, sizeof (host)), "tasks", local_tasks (sh));

    snprintf (topic, sizeof (topic), "%s.pids", sh->service);
    if (o)
        link_rpc (sh->link, topic, sh->info->leader_rank, FLUX_MSGFLAG_NORESPONSE, o, NULL, NULL);
}
