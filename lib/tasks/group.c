/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Groups as a task sees them: one streaming request per membership, over which the broker tells
 * who the members are. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <utlist.h>

#include "lib/tasks/private.h"
#include "lib/util/errprintf.h"
#include "lib/util/fail.h"

int group_check (const struct flux_group *g)
{
    int errnum = g->tasks->errnum ? g->tasks->errnum : g->errnum;

    return errnum ? fail (errnum) : 0;
}

struct flux_group *group_by_name (struct flux_tasks *t, const char *name, uint32_t rank)
{
    struct flux_group *g;

    DL_FOREACH (t->groups, g)
    {
        if (!g->joining && g->rank == (int)rank && !strcmp (g->name, name))
            return g;
    }
    return NULL;
}

struct peer *group_find_peer (struct flux_group *g, uint32_t rank)
{
    struct peer *p;

    HASH_FIND (hh, g->peers, &rank, sizeof (rank), p);
    return p;
}

struct peer *group_peer (struct flux_group *g, uint32_t rank)
{
    struct peer *p = group_find_peer (g, rank);

    if (p || !(p = calloc (1, sizeof (*p))))
        return p;
    p->group = g;
    p->rank = rank;
    HASH_ADD (hh, g->peers, rank, sizeof (p->rank), p);
    return p;
}

static void peer_free (struct peer *p)
{
    send_fail (p, 0);
    recv_forget_peer (p);
    direct_link_free (p);
    HASH_DEL (p->group->peers, p);
    free (p);
}

static void drop_queue (struct flux_tasks *t, struct incoming *list)
{
    struct incoming *in, *tmp;

    DL_FOREACH_SAFE (list, in, tmp)
    {
        t->queued -= in->m.len;
        incoming_free (in);
    }
}

static void group_free (struct flux_group *g)
{
    struct peer *p, *ptmp;

    DL_DELETE (g->tasks->groups, g);
    HASH_ITER (hh, g->peers, p, ptmp)
    peer_free (p);
    drop_queue (g->tasks, g->letters);
    drop_queue (g->tasks, g->events);
    collective_clear (g);
    topic_clear (g);
    if (g->join_tag)
        tasks_forget (g->tasks, g->join_tag);
    idset_destroy (g->members);
    idset_destroy (g->lost);
    free (g);
}

/* Those that are members no more get nothing more; who comes with their rank is somebody else. */
static void check_peers (struct flux_group *g)
{
    struct peer *p, *tmp;

    HASH_ITER (hh, g->peers, p, tmp)
    {
        if (idset_test (g->members, p->rank))
            continue;
        send_fail (p, idset_test (g->lost, p->rank) ? EHOSTUNREACH : ENOENT);
        direct_link_free (p);
        p->address[0] = '\0';
    }
}

static int set_members (struct flux_group *g, const flux_msg_t *msg)
{
    json_int_t version;
    const char *members, *lost;

    if (flux_msg_unpack (msg, "{s:I s:s s:s}", "version", &version, "members", &members, "lost",
                         &lost) < 0)
        return fail (EPROTO);
    struct idset *m = idset_decode (members), *l = idset_decode (lost);
    if (!m || !l) {
        idset_destroy (m);
        idset_destroy (l);
        return fail (EPROTO);
    }
    idset_destroy (g->members);
    idset_destroy (g->lost);
    g->members = m;
    g->lost = l;
    g->version = version;
    check_peers (g);
    return 0;
}

static void joined (struct flux_group *g, const flux_msg_t *msg)
{
    json_int_t seq;

    if (flux_msg_unpack (msg, "{s:i s:I}", "rank", &g->rank, "seq", &seq) < 0)
        return;
    g->seq = seq;
    g->joining = false;
}

static void join_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct flux_group *g = arg;
    int errnum = ECONNRESET;

    if (response && flux_msg_get_errnum (response, &errnum) == 0 && errnum == 0) {
        if (g->joining)
            joined (g, response);
        if (set_members (g, response) == 0)
            return;
        errnum = errno;
    }
    g->errnum = errnum == ENODATA ? ECONNRESET : errnum;
    if (!response || errnum)
        g->join_tag = 0;
}

static int scoped_name (struct flux_tasks *t, char *buf, size_t size, const char *name, int flags)
{
    size_t len = strlen (name);

    for (size_t i = 0; i < len; i++) {
        if (isspace ((unsigned char)name[i]) || iscntrl ((unsigned char)name[i]) || name[i] == ':')
            return -1;
    }
    if (len == 0 || len > TASKS_SCOPED_NAME_MAX || (flags & ~FLUX_GROUP_INSTANCE))
        return -1;
    int n = snprintf (buf, size, "%s/%s", flags & FLUX_GROUP_INSTANCE ? "" : t->job, name);
    return n >= 0 && (size_t)n < size ? 0 : -1;
}

static struct flux_group *group_create (struct flux_tasks *t)
{
    struct flux_group *g = calloc (1, sizeof (*g));

    if (!g)
        return NULL;
    g->tasks = t;
    g->rank = -1;
    g->joining = true;
    g->members = idset_create (0, IDSET_FLAG_AUTOGROW);
    g->lost = idset_create (0, IDSET_FLAG_AUTOGROW);
    DL_APPEND (t->groups, g);
    if (!g->members || !g->lost ||
        getrandom (&g->epoch, sizeof (g->epoch), 0) != sizeof (g->epoch)) {
        group_free (g);
        return NULL;
    }
    return g;
}

static int wait_joined (struct flux_group *g, double deadline)
{
    while (g->joining && !g->errnum) {
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    return group_check (g);
}

flux_group_t *flux_group_join (flux_tasks_t *t, const char *name, int flags, int rank,
                               double timeout, flux_error_t *errp)
{
    struct flux_group *g;

    if (!t || !name || rank < FLUX_GROUP_ANY || rank > (int)GROUP_RANK_MAX) {
        errno = EINVAL;
        errprintf (errp, "not a name or rank in a group");
        return NULL;
    }
    if (!(g = group_create (t))) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (scoped_name (t, g->name, sizeof (g->name), name, flags) < 0) {
        errno = EINVAL;
        errprintf (errp, "'%s' can't be the name of a group", name);
        goto error;
    }
    g->join_tag = tasks_call_json (
        t, "group.join", FLUX_NODEID_ANY, FLUX_MSGFLAG_STREAMING,
        json_pack ("{s:s s:i s:s}", "name", g->name, "rank", rank, "address", t->address), join_cb,
        g);
    if (g->join_tag == 0 || wait_joined (g, tasks_deadline (timeout)) < 0) {
        errprintf (errp, "joining group %s: %s", name, strerror (errno));
        goto error;
    }
    return g;
error:;
    int saved_errno = errno;
    group_free (g);
    errno = saved_errno;
    return NULL;
}

int flux_group_leave (flux_group_t *g, double timeout)
{
    const flux_msg_t *msg = NULL;
    int rc = group_check (g);

    if (rc == 0) {
        if (g->join_tag) // what comes over it is of no interest any more
            tasks_forget (g->tasks, g->join_tag);
        g->join_tag = 0;
        receipt_tell_all (g, tasks_deadline (timeout));
        msg = tasks_ask (g->tasks, "group.leave", FLUX_NODEID_ANY,
                         json_pack ("{s:s s:i}", "name", g->name, "rank", g->rank),
                         tasks_deadline (timeout));
        rc = msg ? 0 : -1;
    }
    int saved_errno = errno;
    flux_msg_decref (msg);
    group_free (g);
    errno = saved_errno;
    return rc;
}

int flux_group_rank (const flux_group_t *g)
{
    return g->rank;
}

int flux_group_size (const flux_group_t *g)
{
    return idset_count (g->members);
}

int flux_group_next (const flux_group_t *g, int rank)
{
    unsigned int id = rank < 0 ? idset_first (g->members) : idset_next (g->members, rank);

    return id == IDSET_INVALID_ID ? -1 : (int)id;
}

bool flux_group_is_member (const flux_group_t *g, int rank)
{
    return rank >= 0 && idset_test (g->members, rank);
}

bool flux_group_is_lost (const flux_group_t *g, int rank)
{
    return rank >= 0 && idset_test (g->lost, rank);
}

uint32_t flux_group_version (const flux_group_t *g)
{
    return g->version;
}

int flux_group_wait (flux_group_t *g, int size, double timeout)
{
    double deadline = tasks_deadline (timeout);

    while (group_check (g) == 0) {
        if (flux_group_size (g) >= size)
            return 0;
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    return -1;
}

int flux_group_wait_change (flux_group_t *g, uint32_t version, double timeout)
{
    double deadline = tasks_deadline (timeout);

    while (group_check (g) == 0) {
        if (g->version != version)
            return 0;
        if (tasks_step (g->tasks, deadline) < 0)
            return -1;
    }
    return -1;
}
