/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/response.h>

#include "lib/shell/peers_private.h"
#include "lib/util/monotime.h"

static int others (const struct peers *p)
{
    return p->info->nshells - 1;
}

static void follow (struct peers *p);

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct peers *p = w->data;
    bool late = monotime_now () - p->ready_at >= PEERS_START_TIMEOUT;

    if (!p->going && (peers_is_leader (p) || late))
        p->ops->failed (p->arg, "job shells did not start on all nodes in time");
    else if (!peers_is_leader (p))
        follow (p);
}

bool peers_may_come_back (struct peers *p, const flux_msg_t *response)
{
    int errnum = 0;

    if (!response || flux_msg_get_errnum (response, &errnum) < 0 || errnum != EHOSTUNREACH) {
        p->lost_since = 0;
        return false;
    }
    if (p->lost_since == 0)
        p->lost_since = monotime_now ();
    return monotime_now () - p->lost_since < PEERS_LOST_TIMEOUT;
}

static void again_cb (struct ev_loop *loop, ev_timer *w, int revents);

static int make_topics (struct peers *p, const char *service)
{
    if (asprintf (&p->follow_topic, "%s.follow", service) < 0 ||
        asprintf (&p->bye_topic, "%s.bye", service) < 0)
        return -1;
    return 0;
}

struct peers *peers_create (struct ev_loop *loop, struct link *link, const struct shell_info *info,
                            const char *service, const struct peers_ops *ops, void *arg)
{
    struct peers *p = calloc (1, sizeof (*p));

    if (!p)
        return NULL;
    p->loop = loop;
    p->link = link;
    p->info = info;
    p->ops = ops;
    p->arg = arg;
    p->retry = PEERS_RETRY_MIN;
    ev_init (&p->timer, timer_cb);
    p->timer.data = p;
    ev_timer_init (&p->again, again_cb, PEERS_RETRY_MAX / 4, 0.);
    p->again.data = p;
    if (info->nshells == 1)
        return p;
    p->followers = calloc (info->nshells, sizeof (*p->followers));
    p->said_bye = calloc (info->nshells, sizeof (*p->said_bye));
    if (!p->followers || !p->said_bye || make_topics (p, service) < 0) {
        peers_destroy (p);
        return NULL;
    }
    return p;
}

void peers_destroy (struct peers *p)
{
    if (p) {
        int saved_errno = errno;
        struct collect *c, *tmp;
        ev_timer_stop (p->loop, &p->timer);
        ev_timer_stop (p->loop, &p->again);
        json_decref (p->commands);
        link_forget (p->link, p);
        LL_FOREACH_SAFE (p->collects, c, tmp)
        {
            link_forget (p->link, c);
            free (c);
        }
        for (int i = 0; p->followers && i < p->info->nshells; i++)
            flux_msg_decref (p->followers[i]);
        free (p->followers);
        free (p->said_bye);
        free (p->follow_topic);
        free (p->bye_topic);
        free (p);
        errno = saved_errno;
    }
}

static void keep_command (struct peers *p, json_t *o)
{
    if (!p->commands && !(p->commands = json_array ()))
        return;
    json_array_append (p->commands, o);
    if (json_array_size (p->commands) > PEERS_COMMANDS_KEPT)
        json_array_remove (p->commands, 0);
    p->ncommands++;
}

void peers_broadcast (struct peers *p, json_t *o)
{
    if (p->followers)
        keep_command (p, o);
    for (int i = 1; p->followers && i < p->info->nshells; i++)
        if (p->followers[i])
            link_respond (p->link, p->followers[i], json_incref (o));
    json_decref (o);
}

static void check_ready (struct peers *p)
{
    if (p->going || !p->ready || p->nfollowers < others (p))
        return;
    p->going = true;
    ev_timer_stop (p->loop, &p->timer);
    if (others (p) > 0)
        peers_broadcast (p, json_pack ("{s:s}", "type", "go"));
    p->ops->go (p->arg);
}

/* Until the leader's service is there, the request comes back with ENOSYS. */
static void retry_later (struct peers *p)
{
    ev_timer_set (&p->timer, p->retry, 0.);
    ev_timer_start (p->loop, &p->timer);
    if (p->retry < PEERS_RETRY_MAX)
        p->retry *= 2;
}

static void follow_cb (struct link *link, const flux_msg_t *response, void *arg)
{
    struct peers *p = arg;
    json_t *o;
    const char *type;
    int errnum = ECONNRESET;

    if (response)
        flux_msg_get_errnum (response, &errnum);
    if ((errnum == ENOSYS && !p->going) || peers_may_come_back (p, response))
        retry_later (p);
    else if (errnum != 0)
        p->ops->failed (p->arg, "lost the leading job shell");
    else if (flux_msg_unpack (response, "o", &o) == 0 &&
             json_unpack (o, "{s:s}", "type", &type) == 0) {
        p->ncommands++;
        p->retry = PEERS_RETRY_MIN;
        if (strcmp (type, "go") != 0)
            p->ops->command (p->arg, o);
        else if (!p->going) {
            p->going = true;
            p->ops->go (p->arg);
        }
    }
}

static void follow (struct peers *p)
{
    if (link_rpc (p->link, p->follow_topic, p->info->leader_rank, FLUX_MSGFLAG_STREAMING,
                  json_pack ("{s:i s:i}", "rank", p->info->shell_rank, "have", p->ncommands),
                  follow_cb, p) < 0)
        p->ops->failed (p->arg, "could not reach the broker");
}

void peers_ready (struct peers *p)
{
    p->ready = true;
    p->ready_at = monotime_now ();
    if (!peers_is_leader (p)) {
        follow (p);
        return;
    }
    if (others (p) > 0) {
        if (link_open (p->link) < 0)
            p->ops->failed (p->arg, "could not reach the broker");
        ev_timer_set (&p->timer, PEERS_START_TIMEOUT, 0.);
        ev_timer_start (p->loop, &p->timer);
    }
    check_ready (p);
}

int peers_request_rank (struct peers *p, const flux_msg_t *msg)
{
    int rank;

    if (flux_msg_unpack (msg, "{s:i}", "rank", &rank) == 0 && rank > 0 && rank < p->info->nshells)
        return rank;
    link_respond_error (p->link, msg, EPROTO, NULL);
    return -1;
}

/* One that was lost comes again: tell it what it missed. */
static int repeat_commands (struct peers *p, const flux_msg_t *msg)
{
    int have, kept = (int)json_array_size (p->commands);

    if (flux_msg_unpack (msg, "{s:i}", "have", &have) < 0 || have > p->ncommands ||
        have < p->ncommands - kept)
        return -1;
    for (int i = kept - (p->ncommands - have); i < kept; i++)
        link_respond (p->link, msg, json_incref (json_array_get (p->commands, (size_t)i)));
    return 0;
}

void peers_follow_request (struct peers *p, const flux_msg_t *msg)
{
    int rank = peers_request_rank (p, msg);

    if (rank < 0)
        return;
    if (!flux_msg_is_streaming (msg) || repeat_commands (p, msg) < 0) {
        link_respond_error (p->link, msg, EINVAL, NULL);
        return;
    }
    if (!p->followers[rank])
        p->nfollowers++;
    flux_msg_decref (p->followers[rank]);
    p->followers[rank] = flux_msg_incref (msg);
    check_ready (p);
}

static void bye_cb (struct link *link, const flux_msg_t *response, void *arg)
{
    struct peers *p = arg;

    if (peers_may_come_back (p, response)) {
        p->bye_lost = true;
        ev_timer_start (p->loop, &p->again);
    } else
        p->ops->finished (p->arg);
}

static void again_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct peers *p = w->data;

    if (p->bye_lost)
        peers_bye (p, p->bye_status);
}

void peers_bye (struct peers *p, int status)
{
    p->bye_status = status;
    p->bye_lost = false;
    link_rpc (p->link, p->bye_topic, p->info->leader_rank, 0,
              json_pack ("{s:i s:i}", "rank", p->info->shell_rank, "status", status), bye_cb, p);
}

void peers_bye_request (struct peers *p, const flux_msg_t *msg)
{
    int rank = peers_request_rank (p, msg);

    if (rank < 0)
        return;
    link_respond (p->link, msg, NULL);
    if (!p->said_bye[rank]) {
        p->said_bye[rank] = true;
        p->nbyes++;
    }
    if (peers_finished (p))
        p->ops->finished (p->arg);
}

bool peers_said_bye (const struct peers *p, int rank)
{
    return p->said_bye && p->said_bye[rank];
}

bool peers_finished (const struct peers *p)
{
    return (!peers_is_leader (p) && !p->bye_lost) || p->nbyes == others (p);
}
