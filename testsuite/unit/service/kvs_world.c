/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include "shell/broker/router_overlay.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_world.h"

/* A message on a link. */
struct flight {
    struct router *to;
    flux_msg_t *msg;
    bool from_parent;
    struct flight *next;
};

/* ---- the links */

static int link_send (struct broker *from, struct broker *to, const flux_msg_t *msg, bool push)
{
    struct flight *f = calloc (1, sizeof (*f));
    f->msg = flux_msg_copy (msg, true);
    f->to = to->rt;
    f->from_parent = to->rank > from->rank;
    if (push)
        flux_msg_route_push (f->msg, from->uuid);
    LL_APPEND (from->w->flights, f);
    return 0;
}

void turn (struct world *w)
{
    struct flight *f;
    ev_run (w->loop, EVRUN_NOWAIT);
    while ((f = w->flights)) {
        w->flights = f->next;
        router_input_peer (f->to, f->msg, f->from_parent);
        free (f);
    }
}

static int is_request (const flux_msg_t *msg)
{
    int type;
    return flux_msg_get_type (msg, &type) == 0 && type == FLUX_MSGTYPE_REQUEST;
}

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct broker *b = arg;
    return link_send (b, &b->w->b[b->rank - 1], msg, is_request (msg));
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    struct broker *b = arg;
    return link_send (b, &b->w->b[rank], msg, is_request (msg));
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct broker *b = arg;
    const char *last = flux_msg_route_last (msg);
    if (!strcmp (last, "guest")) {
        b->w->guest_answers++;
        flux_msg_get_errnum (msg, &b->w->guest_errnum);
        return 0;
    }
    for (int i = 0; i < SIZE; i++) {
        if (!strcmp (b->w->b[i].uuid, last)) {
            flux_msg_t *copy = flux_msg_copy (msg, true);
            flux_msg_route_delete_last (copy);
            link_send (b, &b->w->b[i], copy, false);
            flux_msg_decref (copy);
            return 0;
        }
    }
    errno = EHOSTUNREACH;
    return -1;
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    struct broker *b = arg;
    return b->rank + 1 < SIZE ? link_send (b, &b->w->b[b->rank + 1], msg, false) : 0;
}

static int child_route (void *arg, uint32_t dst)
{
    struct broker *b = arg;
    return dst > b->rank ? (int)b->rank + 1 : -1;
}

static const struct router_overlay_ops ops = {send_parent, send_child,  respond,
                                              broadcast,   child_route, NULL};

static void count_setroot (struct router *rt, const flux_msg_t *event, void *arg)
{
    const char *topic;
    struct world *w = arg;
    assert_true (flux_msg_is_private (event));
    if (flux_msg_get_topic (event, &topic) == 0 && strstr (topic, "-setroot"))
        w->setroots++;
}

void kvs_world_start (struct world *w, const char *statedir)
{
    flux_error_t error;
    w->loop = ev_loop_new (0);
    for (int i = 0; i < SIZE; i++) {
        struct broker *b = &w->b[i];
        b->w = w;
        b->rank = i;
        snprintf (b->uuid, sizeof (b->uuid), "uuid%d", i);
        assert_non_null (b->rt = router_create (w->loop, i, SIZE, getuid ()));
        router_set_overlay (b->rt, &ops, b);
    }
    for (int i = 0; i < SIZE; i++) {
        struct broker *b = &w->b[i];
        struct content_config conf = {.rundir = w->dir, .statedir = statedir, .gc_min = w->gc_min};
        assert_non_null (b->content = content_create (b->rt, &conf, &error));
        assert_non_null (b->kvs = kvs_create (b->rt, b->content, &error));
    }
    router_event_subscribe (w->b[0].rt, "kvs.namespace-", count_setroot, w);
}

void kvs_world_stop (struct world *w)
{
    for (int i = SIZE - 1; i >= 0; i--) {
        kvs_destroy (w->b[i].kvs);
        content_destroy (w->b[i].content);
    }
    for (int i = 0; i < SIZE; i++)
        router_destroy (w->b[i].rt);
    ev_loop_destroy (w->loop);
}

int kvs_world_setup (void **state)
{
    struct world *w = calloc (1, sizeof (*w));
    strcpy (w->dir, "/tmp/kvs-test-XXXXXX");
    if (!mkdtemp (w->dir))
        return -1;
    kvs_world_start (w, NULL);
    *state = w;
    return 0;
}

int kvs_world_teardown (void **state)
{
    struct world *w = *state;
    char path[64];
    kvs_world_stop (w);
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    unlink (path);
    rmdir (w->dir);
    free (w);
    return 0;
}

/* ---- calls */

/* Bytes that the base64 text in an answer stands for. */
static size_t value_len (const char *text)
{
    const char *p = strstr (text, "\"data\":\""), *end;
    if (!p || !(end = strchr (p += 8, '"')))
        return 0;
    return (end - p) / 4 * 3 - (end > p && end[-1] == '=') - (end > p + 1 && end[-2] == '=');
}

void answer (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct call *c = arg;
    const void *data = NULL;
    size_t len = 0;
    c->count++;
    flux_msg_get_errnum (msg, &c->errnum);
    if (c->errnum)
        return;
    if (flux_msg_has_payload (msg))
        flux_msg_get_payload (msg, &data, &len);
    free (c->text);
    c->text = calloc (1, len + 1);
    c->len = len;
    if (len)
        memcpy (c->text, data, len);
    c->total += value_len (c->text);
}

void call_clear (struct call *c)
{
    free (c->text);
    memset (c, 0, sizeof (*c));
}

/* Let the brokers work until n answers came (or nothing happens any more). */
void run (struct world *w, struct call *c, int n)
{
    for (int i = 0; i < 2000 && c->count < n; i++) {
        turn (w);
        if (i > 50)
            usleep (500);
    }
}

void settle (struct world *w)
{
    for (int i = 0; i < 20; i++) { // rank 0 tells the others of its commits not too often
        turn (w);
        usleep (100);
    }
}

void call (struct world *w, int rank, struct call *c, const char *topic, const char *payload)
{
    call_clear (c);
    c->b = &w->b[rank];
    c->tag = router_rpc (w->b[rank].rt, topic, FLUX_NODEID_ANY, 0, payload, answer, c);
    assert_int_not_equal (c->tag, 0);
    run (w, c, 1);
    assert_int_equal (c->count, 1);
}

void put (struct world *w, int rank, const char *ns, const char *key, const char *b64, int fl)
{
    struct call c = {0};
    char s[512];
    snprintf (s, sizeof (s),
              "{\"namespace\":\"%s\",\"flags\":0,\"ops\":[{\"key\":\"%s\",\"flags\":%d,\"dirent\":"
              "{\"ver\":1,\"type\":\"val\",\"data\":\"%s\"}}]}",
              ns, key, fl, b64);
    call (w, rank, &c, "kvs.commit", s);
    assert_int_equal (c.errnum, 0);
    assert_non_null (strstr (c.text, "rootref"));
    call_clear (&c);
}

void get (struct world *w, int rank, const char *ns, const char *key, int flags, struct call *c)
{
    char s[512];
    snprintf (s, sizeof (s), "{\"namespace\":\"%s\",\"key\":\"%s\",\"flags\":%d}", ns, key, flags);
    call (w, rank, c, "kvs.lookup", s);
}

void expect (struct world *w, int rank, const char *key, const char *b64)
{
    struct call c = {0};
    char want[512];
    get (w, rank, "primary", key, 0, &c);
    if (!b64)
        assert_int_equal (c.errnum, ENOENT);
    else {
        snprintf (want, sizeof (want), "{\"val\":{\"data\":\"%s\",\"type\":\"val\",\"ver\":1}}",
                  b64);
        assert_int_equal (c.errnum, 0);
        assert_string_equal (c.text, want);
    }
    call_clear (&c);
}

void watch (struct world *w, int rank, const char *key, int flags, struct call *c)
{
    char s[256];
    memset (c, 0, sizeof (*c));
    c->b = &w->b[rank];
    snprintf (s, sizeof (s), "{\"namespace\":\"primary\",\"key\":\"%s\",\"flags\":%d}", key, flags);
    c->tag = router_rpc (w->b[rank].rt, "kvs-watch.lookup", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, s,
                         answer, c);
    settle (w);
}
