/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The content and KVS services of three brokers in one process: a chain 0 - 1 - 2 whose links are
 * function calls. Requests go in as a broker's own calls. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ev.h>
#include <utlist.h>
#include <flux/message.h>
#include <flux/request.h>
#include <flux/rpc.h>
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/kvs.h"
#include "testsuite/unit/cmocka.h"

enum { SIZE = 3 };

struct broker {
    struct world *w;
    uint32_t rank;
    char uuid[16];
    struct router *rt;
    struct content *content;
    struct kvs *kvs;
};

/* A message on a link. */
struct flight {
    struct router *to;
    flux_msg_t *msg;
    bool from_parent;
    struct flight *next;
};

struct world {
    struct flight *flights;
    struct ev_loop *loop;
    struct broker b[SIZE];
    char dir[32];
    size_t gc_min;
    unsigned setroots; // events seen by rank 0's subscriber
    int nlisted;
    int guest_answers, guest_errnum; // what a guest's requests were answered with
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

static void turn (struct world *w)
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

static const struct router_overlay_ops ops = {send_parent, send_child, respond, broadcast,
                                              child_route};

static void count_setroot (struct router *rt, const flux_msg_t *event, void *arg)
{
    const char *topic;
    struct world *w = arg;
    assert_true (flux_msg_is_private (event));
    if (flux_msg_get_topic (event, &topic) == 0 && strstr (topic, "-setroot"))
        w->setroots++;
}

static void start (struct world *w, const char *statedir)
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

static void stop (struct world *w)
{
    for (int i = SIZE - 1; i >= 0; i--) {
        kvs_destroy (w->b[i].kvs);
        content_destroy (w->b[i].content);
    }
    for (int i = 0; i < SIZE; i++)
        router_destroy (w->b[i].rt);
    ev_loop_destroy (w->loop);
}

static int setup (void **state)
{
    struct world *w = calloc (1, sizeof (*w));
    strcpy (w->dir, "/tmp/kvs-test-XXXXXX");
    if (!mkdtemp (w->dir))
        return -1;
    start (w, NULL);
    *state = w;
    return 0;
}

static int teardown (void **state)
{
    struct world *w = *state;
    char path[64];
    stop (w);
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    unlink (path);
    rmdir (w->dir);
    free (w);
    return 0;
}

/* ---- calls */

struct call {
    struct broker *b;
    uint32_t tag;
    int count; // answers
    int errnum;
    char *text; // of the last good answer
    size_t len;
    size_t total; // bytes of all values
};

/* Bytes that the base64 text in an answer stands for. */
static size_t value_len (const char *text)
{
    const char *p = strstr (text, "\"data\":\""), *end;
    if (!p || !(end = strchr (p += 8, '"')))
        return 0;
    return (end - p) / 4 * 3 - (end > p && end[-1] == '=') - (end > p + 1 && end[-2] == '=');
}

static void answer (struct router *rt, const flux_msg_t *msg, void *arg)
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

static void call_clear (struct call *c)
{
    free (c->text);
    memset (c, 0, sizeof (*c));
}

/* Let the brokers work until n answers came (or nothing happens any more). */
static void run (struct world *w, struct call *c, int n)
{
    for (int i = 0; i < 2000 && c->count < n; i++) {
        turn (w);
        if (i > 50)
            usleep (500);
    }
}

static void settle (struct world *w)
{
    for (int i = 0; i < 20; i++) { // rank 0 tells the others of its commits not too often
        turn (w);
        usleep (100);
    }
}

static void call (struct world *w, int rank, struct call *c, const char *topic, const char *payload)
{
    call_clear (c);
    c->b = &w->b[rank];
    c->tag = router_rpc (w->b[rank].rt, topic, FLUX_NODEID_ANY, 0, payload, answer, c);
    assert_int_not_equal (c->tag, 0);
    run (w, c, 1);
    assert_int_equal (c->count, 1);
}

static void put (struct world *w, int rank, const char *ns, const char *key, const char *b64,
                 int fl)
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

static void get (struct world *w, int rank, const char *ns, const char *key, int flags,
                 struct call *c)
{
    char s[512];
    snprintf (s, sizeof (s), "{\"namespace\":\"%s\",\"key\":\"%s\",\"flags\":%d}", ns, key, flags);
    call (w, rank, c, "kvs.lookup", s);
}

static void expect (struct world *w, int rank, const char *key, const char *b64)
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

static void watch (struct world *w, int rank, const char *key, int flags, struct call *c)
{
    char s[256];
    memset (c, 0, sizeof (*c));
    c->b = &w->b[rank];
    snprintf (s, sizeof (s), "{\"namespace\":\"primary\",\"key\":\"%s\",\"flags\":%d}", key, flags);
    c->tag = router_rpc (w->b[rank].rt, "kvs-watch.lookup", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, s,
                         answer, c);
    settle (w);
}

/* ---- tests */

static void test_put_get (void **state)
{
    struct world *w = *state;
    for (int writer = 0; writer < SIZE; writer++) {
        char key[32];
        snprintf (key, sizeof (key), "a.b%d", writer);
        put (w, writer, "primary", key, "NDIyCg==", 0);
        expect (w, writer, key, "NDIyCg=="); // its own writes, at once
        settle (w);
        for (int r = 0; r < SIZE; r++)
            expect (w, r, key, "NDIyCg==");
    }
    expect (w, 2, "nothing.here", NULL);
    struct call c = {0};
    get (w, 1, "primary", "a", 0, &c);
    assert_int_equal (c.errnum, EISDIR);
    get (w, 1, "primary", "a.b0", 1, &c);
    assert_int_equal (c.errnum, ENOTDIR);
    get (w, 1, "primary", "a", 1, &c);
    assert_int_equal (c.errnum, 0);
    assert_non_null (strstr (c.text, "\"b2\""));
    get (w, 1, "elsewhere", "a", 0, &c);
    assert_int_equal (c.errnum, ENOTSUP);
    call_clear (&c);
}

static void test_bad_requests (void **state)
{
    static const struct {
        const char *topic, *payload;
        int errnum;
    } bad[] = {
        {"kvs.lookup", "{}", EPROTO},
        {"kvs.lookup", "{\"key\":\"a\",\"flags\":0}", EPROTO},
        {"kvs.lookup", "{\"key\":\"\",\"flags\":0,\"namespace\":\"primary\"}", EINVAL},
        {"kvs.lookup", "{\"key\":\"a\",\"flags\":0,\"rootdir\":7}", EINVAL},
        {"kvs.commit", "{\"ops\":7,\"namespace\":\"primary\",\"flags\":0}", EPROTO},
        {"kvs.commit", "{\"ops\":[7],\"namespace\":\"primary\",\"flags\":0}", EPROTO},
        {"kvs.commit", "{\"ops\":[],\"namespace\":\"primary\",\"flags\":1024}", EINVAL},
        {"kvs.commit", "{\"ops\":[],\"namespace\":\"x\",\"flags\":0}", ENOTSUP},
        {"kvs.commit",
         "{\"ops\":[{\"key\":\".\",\"flags\":0,\"dirent\":null}],\"namespace\":\"primary\","
         "\"flags\":0}",
         EINVAL},
        {"kvs.getroot", "{}", EPROTO},
        {"kvs.getroot", "{\"namespace\":\"x\"}", ENOTSUP},
        {"kvs.namespace-create", "{}", EPROTO},
        {"kvs.namespace-remove", "{\"namespace\":\"primary\"}", ENOTSUP},
        {"kvs-watch.lookup", "{}", EPROTO},
        {"kvs-watch.lookup", "{\"namespace\":\"primary\",\"key\":\"a\",\"flags\":4}", EPROTO},
        {"kvs-watch.lookup", "{\"namespace\":\"primary\",\"key\":\"a\",\"flags\":64}", EINVAL},
        {"content.load", "{}", EPROTO},
    };
    struct world *w = *state;
    struct call c = {0};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        for (int r = 0; r < SIZE; r += 2) {
            call (w, r, &c, bad[i].topic, bad[i].payload);
            assert_int_equal (c.errnum, bad[i].errnum);
        }
    }
    call_clear (&c);
}

static void test_batch (void **state)
{
    struct world *w = *state;
    struct call c[10];
    int seq0, seq;
    memset (c, 0, sizeof (c));
    kvs_local_getroot (w->b[0].kvs, NULL, &seq0, NULL);
    for (int i = 0; i < 10; i++) {
        char s[256];
        snprintf (s, sizeof (s),
                  "{\"namespace\":\"primary\",\"flags\":0,\"ops\":[{\"key\":\"n%d\",\"flags\":0,"
                  "\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"\"}}]}",
                  i);
        router_rpc (w->b[0].rt, "kvs.commit", FLUX_NODEID_ANY, 0, s, answer, &c[i]);
    }
    run (w, &c[9], 1);
    kvs_local_getroot (w->b[0].kvs, NULL, &seq, NULL);
    assert_int_equal (seq, seq0 + 1); // one commit for all of the turn
    for (int i = 0; i < 10; i++) {
        assert_int_equal (c[i].count, 1);
        assert_string_equal (c[i].text, c[0].text);
    }
    for (int i = 0; i < 10; i++)
        call_clear (&c[i]);
}

static void test_lazy (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    for (int i = 0; i < 100; i++) {
        kvs_local_append (w->b[0].kvs, NULL, "log", "line\n", 5);
        settle (w);
    }
    assert_int_equal (w->setroots, 0); // nobody follows: no event, nothing hashed
    get (w, 2, "primary", "log", 0, &c);
    kvs_local_append (w->b[0].kvs, NULL, "log", "line\n", 5);
    settle (w);
    assert_int_equal (w->setroots, 1);
    get (w, 2, "primary", "log", 0, &c);
    assert_int_equal (c.errnum, 0);
    assert_true (strlen (c.text) > 505 * 4 / 3);
    call_clear (&c);
}

static void test_watch (void **state)
{
    struct world *w = *state;
    for (int r = 0; r < SIZE; r++) {
        struct call c, full, uniq, wait;
        char key[16], s[64];
        snprintf (key, sizeof (key), "w%d.x", r);
        put (w, 0, "primary", key, "MQ==", 0);
        watch (w, r, key, 4, &c);
        watch (w, r, key, 4 | 64, &full);
        watch (w, r, key, 4 | 128, &uniq);
        watch (w, r, "later", 8, &wait);
        assert_int_equal (c.count, 1);
        assert_int_equal (full.count, 1);
        assert_int_equal (uniq.count, 1);
        put (w, 2, "primary", key, "MQ==", 0); // the same
        settle (w);
        assert_int_equal (c.count, 2);
        assert_int_equal (full.count, 1);
        assert_int_equal (uniq.count, 1);
        put (w, 1, "primary", key, "Mg==", 0);
        settle (w);
        assert_int_equal (c.count, 3);
        assert_int_equal (full.count, 2);
        assert_int_equal (uniq.count, 2);
        assert_non_null (strstr (full.text, "Mg=="));
        put (w, 1, "primary", "other", "Mg==", 0);
        settle (w);
        assert_int_equal (c.count, 3);
        /* gone with its directory: only "full" sees that */
        kvs_local_unlink (w->b[0].kvs, NULL, r == 0 ? "w0" : r == 1 ? "w1" : "w2");
        settle (w);
        assert_int_equal (c.count, 3);
        assert_int_equal (full.errnum, ENOENT);
        snprintf (s, sizeof (s), "{\"matchtag\":%u}", c.tag);
        router_rpc (w->b[r].rt, "kvs-watch.cancel", FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, s, NULL,
                    NULL);
        settle (w);
        assert_int_equal (c.errnum, ENODATA);
        put (w, 0, "primary", key, "Mg==", 0);
        settle (w);
        assert_int_equal (c.count, 4);
        assert_int_equal (wait.count, 0);
        put (w, 0, "primary", "later", "Mg==", 0);
        settle (w);
        assert_int_equal (wait.count, 1);
        assert_int_equal (wait.errnum, 0);
        router_rpc_forget (w->b[r].rt, uniq.tag);
        kvs_local_unlink (w->b[0].kvs, NULL, "later");
        settle (w);
        call_clear (&c);
        call_clear (&full);
        call_clear (&uniq);
        call_clear (&wait);
    }
}

static void test_watch_append (void **state)
{
    struct world *w = *state;
    for (int r = 0; r < SIZE; r++) {
        struct call c, later;
        char key[16];
        snprintf (key, sizeof (key), "log%d", r);
        kvs_local_append (w->b[0].kvs, NULL, key, "abc", 3);
        watch (w, r, key, 4 | 256, &c);
        watch (w, r, "newlog", 4 | 8 | 256, &later);
        assert_int_equal (c.count, 1);
        assert_non_null (strstr (c.text, "\"YWJj\""));
        kvs_local_append (w->b[0].kvs, NULL, key, "defg", 4);
        settle (w);
        assert_int_equal (c.count, 2);
        assert_non_null (strstr (c.text, "\"ZGVmZw==\""));
        /* many pieces, stored in between */
        for (int i = 0; i < 200; i++) {
            char line[100];
            memset (line, 'a' + i % 26, sizeof (line));
            kvs_local_append (w->b[0].kvs, NULL, key, line, sizeof (line));
            settle (w);
        }
        settle (w);
        assert_int_equal (c.errnum, 0);
        assert_int_equal (c.total, 7 + 200 * 100); // all of it, and nothing twice
        assert_int_equal (later.count, 0);
        put (w, 2, "primary", "newlog", "YWJj", 32);
        settle (w);
        assert_int_equal (later.count, 1);
        put (w, 2, "primary", "newlog", "YWJj", 0); // the same size, written over: nothing new
        settle (w);
        put (w, 2, "primary", "newlog", "eA==", 0);
        settle (w);
        assert_int_equal (later.errnum, EINVAL);
        kvs_local_unlink (w->b[0].kvs, NULL, key);
        kvs_local_unlink (w->b[0].kvs, NULL, "newlog");
        settle (w);
        assert_int_equal (c.errnum, ENOENT);
        call_clear (&c);
        call_clear (&later);
    }
}

static void test_version (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    int seq;
    kvs_local_getroot (w->b[0].kvs, NULL, &seq, NULL);
    char s[100];
    snprintf (s, sizeof (s), "{\"rootseq\":%d,\"namespace\":\"primary\"}", seq + 2);
    router_rpc (w->b[2].rt, "kvs.wait-version", FLUX_NODEID_ANY, 0, s, answer, &c);
    settle (w);
    put (w, 0, "primary", "v1", "", 0);
    settle (w);
    assert_int_equal (c.count, 0);
    put (w, 0, "primary", "v2", "", 0);
    settle (w);
    assert_int_equal (c.count, 1);
    assert_int_equal (c.errnum, 0);
    call_clear (&c);
}

static void test_snapshot (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    char *ref, s[256];
    put (w, 1, "primary", "snap", "MQ==", 0);
    assert_int_equal (kvs_local_getroot (w->b[0].kvs, NULL, NULL, &ref), 0);
    put (w, 1, "primary", "snap", "Mg==", 0);
    snprintf (s, sizeof (s),
              "{\"key\":\"snap\",\"flags\":0,\"rootdir\":{\"ver\":1,\"type\":\"dirref\",\"data\":["
              "\"%s\"]}}",
              ref);
    for (int r = 0; r < SIZE; r++) {
        call (w, r, &c, "kvs.lookup", s);
        assert_int_equal (c.errnum, 0);
        assert_non_null (strstr (c.text, "MQ=="));
    }
    free (ref);
    call_clear (&c);
}

static void test_namespace (void **state)
{
    struct world *w = *state;
    struct call c = {0}, wait, early;
    memset (&early, 0, sizeof (early));
    router_rpc (w->b[2].rt, "kvs-watch.lookup", FLUX_NODEID_ANY, FLUX_RPC_STREAMING,
                "{\"namespace\":\"guest\",\"key\":\"x\",\"flags\":12}", answer, &early);
    settle (w);
    assert_int_equal (early.count, 0);
    call (w, 1, &c, "kvs.namespace-create",
          "{\"namespace\":\"guest\",\"owner\":4294967295,\"flags\":0}");
    assert_int_equal (c.errnum, 0);
    call (w, 0, &c, "kvs.namespace-create", "{\"namespace\":\"guest\",\"owner\":5,\"flags\":0}");
    assert_int_equal (c.errnum, EEXIST);
    /* a root that does not exist; the empty one, which need not be stored */
    call (w, 0, &c, "kvs.namespace-create",
          "{\"namespace\":\"n1\",\"owner\":5,\"flags\":0,\"rootref\":"
          "\"sha1-0000000000000000000000000000000000000000\"}");
    assert_int_equal (c.errnum, ENOENT);
    call (w, 1, &c, "kvs.namespace-create",
          "{\"namespace\":\"n1\",\"owner\":5,\"flags\":0,\"rootref\":"
          "\"sha1-c0a9faf907dda6216fd73bf81d0b3b21a1a8cb91\"}");
    assert_int_equal (c.errnum, 0);
    put (w, 1, "n1", "x", "MQ==", 0);
    call (w, 2, &c, "kvs.namespace-list", NULL);
    assert_non_null (strstr (c.text, "guest"));
    put (w, 2, "guest", "x", "MQ==", 0);
    settle (w);
    assert_int_equal (early.count, 1);
    assert_int_equal (early.errnum, 0);
    expect (w, 0, "x", NULL);
    /* a link into it */
    assert_int_equal (kvs_local_symlink (w->b[0].kvs, NULL, "job.guest", "guest", "."), 0);
    settle (w);
    expect (w, 0, "job.guest.x", "MQ==");
    expect (w, 2, "job.guest.x", "MQ==");
    /* it comes home */
    memset (&wait, 0, sizeof (wait));
    assert_int_equal (kvs_local_ns_graft (w->b[0].kvs, "guest", "job.guest"), 0);
    settle (w);
    assert_int_equal (early.errnum, ENOTSUP);
    expect (w, 0, "job.guest.x", "MQ==");
    expect (w, 2, "job.guest.x", "MQ==");
    get (w, 2, "guest", "x", 0, &c);
    assert_int_equal (c.errnum, ENOTSUP);
    call_clear (&c);
    call_clear (&early);
}

static void test_fence (void **state)
{
    struct world *w = *state;
    struct call c[SIZE];
    memset (c, 0, sizeof (c));
    for (int r = 0; r < SIZE; r++) {
        char s[300];
        snprintf (
            s, sizeof (s),
            "{\"name\":\"f\",\"nprocs\":3,\"namespace\":\"primary\",\"flags\":0,\"ops\":[{"
            "\"key\":\"f.%d\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"\"}}]}",
            r);
        assert_int_equal (c[0].count, 0);
        router_rpc (w->b[r].rt, "kvs.fence", FLUX_NODEID_ANY, 0, s, answer, &c[r]);
        settle (w);
    }
    for (int r = 0; r < SIZE; r++) {
        assert_int_equal (c[r].count, 1);
        assert_int_equal (c[r].errnum, 0);
        expect (w, r, "f.0", "");
        expect (w, r, "f.2", "");
    }
    for (int r = 0; r < SIZE; r++)
        call_clear (&c[r]);
}

static void store (struct world *w, int rank, struct call *c, const void *data, size_t len)
{
    call_clear (c);
    router_rpc_raw (w->b[rank].rt, "content.store", FLUX_NODEID_ANY, 0, data, len, answer, c);
    run (w, c, 1);
}

static void test_content (void **state)
{
    struct world *w = *state;
    struct call c = {0}, l = {0};
    char *big = malloc (3000000);
    memset (big, 'b', 3000000);
    store (w, 2, &c, big, 3000000);
    assert_int_equal (c.errnum, 0);
    assert_int_equal (c.len, 20);
    for (int r = 0; r < SIZE; r++) {
        call_clear (&l);
        router_rpc_raw (w->b[r].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
        run (w, &l, 1);
        assert_int_equal (l.errnum, 0);
        assert_int_equal (l.len, 3000000);
        assert_memory_equal (l.text, big, 3000000);
    }
    store (w, 1, &c, NULL, 0);
    assert_int_equal (c.errnum, 0);
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.errnum, 0);
    assert_int_equal (l.len, 0);
    c.text[3] ^= 1;
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.errnum, ENOENT);
    call (w, 0, &l, "content.flush", NULL);
    assert_int_equal (l.errnum, 0);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    assert_int_equal (access (path, F_OK), 0);
    call (w, 0, &l, "content.dropcache", NULL);
    store (w, 2, &c, big, 3000000);
    call (w, 2, &l, "content.flush", NULL);
    call (w, 2, &l, "content.dropcache", NULL);
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.len, 3000000);
    call_clear (&l);
    call_clear (&c);
    free (big);
}

/* One client with too many watchers gets an error; the others and the writers go on. */
static void test_many_watchers (void **state)
{
    struct world *w = *state;
    struct call c, *many;
    char s[128];
    int n = 1 << 16;

    many = calloc (1, sizeof (*many));
    for (int i = 0; i < n; i++) {
        snprintf (s, sizeof (s), "{\"namespace\":\"primary\",\"key\":\"never%d\",\"flags\":12}", i);
        router_rpc (w->b[0].rt, "kvs-watch.lookup", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, s, answer,
                    many);
        if (i % 1000 == 0)
            turn (w);
    }
    settle (w);
    assert_int_equal (many->count, 0);
    watch (w, 0, "one.more", 12, &c);
    assert_int_equal (c.errnum, ENOSPC);
    put (w, 0, "primary", "never77", "MQ==", 0);
    settle (w);
    assert_int_equal (many->count, 1);
    call_clear (&c);
    watch (w, 1, "never77", 12, &c); // another broker's client
    settle (w);
    assert_int_equal (c.errnum, 0);
    assert_int_equal (c.count, 1);
    call_clear (&c);
    call_clear (many);
    free (many);
}

/* Without a folder to write to the store stays in memory, and says so to who asks for more. */
static void test_no_disk (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    put (w, 0, "primary", "a", "MQ==", 0);
    chmod (w->dir, 0500);
    if (access (w->dir, W_OK) == 0) { // root may write all the same
        char path[64];
        snprintf (path, sizeof (path), "%s/content.spool", w->dir);
        assert_int_equal (mkdir (path, 0700), 0);
    }
    for (int i = 0; i < 2; i++) {
        call (w, 0, &c, "content.flush", NULL);
        assert_int_not_equal (c.errnum, 0);
        expect (w, 2, "a", "MQ==");
    }
    chmod (w->dir, 0700);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    rmdir (path);
    call (w, 0, &c, "content.flush", NULL);
    assert_int_equal (c.errnum, 0);
    call_clear (&c);
}

/* Everything goes out of memory and comes back. */
static void test_dropcache (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    for (int i = 0; i < 200; i++) {
        char key[32];
        snprintf (key, sizeof (key), "d%d.e%d.f", i % 10, i);
        kvs_local_put (w->b[0].kvs, NULL, key, "value", 5);
    }
    call (w, 0, &c, "kvs.dropcache", NULL);
    call (w, 0, &c, "content.flush", NULL);
    call (w, 0, &c, "content.dropcache", NULL);
    expect (w, 0, "d7.e17.f", "dmFsdWU=");
    expect (w, 2, "d9.e199.f", "dmFsdWU=");
    call_clear (&c);
}

/* A request with a guest's credentials, as if from a client behind the broker; gives its errnum. */
static int guest_call (struct world *w, int rank, const char *topic, const char *payload)
{
    flux_msg_t *msg = flux_request_encode (topic, payload);
    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "guest");
    flux_msg_set_matchtag (msg, 7);
    flux_msg_set_streaming (msg);
    flux_msg_set_cred (msg, (struct flux_msg_cred){5555, FLUX_ROLE_USER});
    w->guest_answers = 0;
    router_input_peer (w->b[rank].rt, msg, false);
    for (int i = 0; i < 500 && w->guest_answers == 0; i++)
        turn (w);
    assert_int_equal (w->guest_answers, 1);
    return w->guest_errnum;
}

#define GUEST_COMMIT(ns, dirent)                                                                   \
    "{\"namespace\":\"" ns "\",\"flags\":0,\"ops\":[{\"key\":\"g\",\"flags\":0,\"dirent\":" dirent \
    "}]}"
#define REF "sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"

/* RFC 12: a guest has its own namespace and nothing else. */
static void test_guest (void **state)
{
    static const struct {
        const char *topic, *payload;
        int errnum;
    } rows[] = {
        {"kvs.lookup", "{\"namespace\":\"primary\",\"key\":\"secret\",\"flags\":0}", EPERM},
        {"kvs.lookup-plus", "{\"namespace\":\"primary\",\"key\":\"secret\",\"flags\":0}", EPERM},
        {"kvs.getroot", "{\"namespace\":\"primary\"}", EPERM},
        {"kvs.wait-version", "{\"namespace\":\"primary\",\"rootseq\":0}", EPERM},
        {"kvs-watch.lookup", "{\"namespace\":\"primary\",\"key\":\"secret\",\"flags\":4}", EPERM},
        {"kvs.commit", GUEST_COMMIT ("primary", "null"), EPERM},
        {"kvs.commit", GUEST_COMMIT ("theirs", "null"), EPERM},
        {"kvs.namespace-create", "{}", EPERM},
        {"kvs.namespace-remove", "{\"namespace\":\"mine\"}", EPERM},
        {"kvs.namespace-list", "{}", EPERM},
        {"kvs.dropcache", NULL, EPERM},
        {"kvs.follow", "{\"namespace\":\"primary\"}", EPERM},
        {"kvs.fence", "{}", EPERM},
        {"content.load", NULL, EPERM},
        {"content.store", NULL, EPERM},
        {"content.flush", NULL, EPERM},
        {"content.checkpoint-get", NULL, EPERM},
        {"kvs.lookup", "{\"namespace\":\"mine\",\"key\":\"link\",\"flags\":0}", EPERM},
        {"kvs.commit",
         GUEST_COMMIT ("mine", "{\"ver\":1,\"type\":\"dirref\",\"data\":[\"" REF "\"]}"), EPERM},
        {"kvs.commit",
         GUEST_COMMIT ("mine", "{\"ver\":1,\"type\":\"valref\",\"data\":[\"" REF "\"]}"), EPERM},
        {"kvs.commit",
         GUEST_COMMIT ("mine", "{\"ver\":1,\"type\":\"symlink\",\"data\":{\"target\":\"x\"}}"),
         EPERM},
        {"kvs.commit", GUEST_COMMIT ("mine", "{\"ver\":1,\"type\":\"val\",\"data\":\"MQ==\"}"), 0},
        {"kvs.lookup", "{\"namespace\":\"mine\",\"key\":\"g\",\"flags\":0}", 0},
        {"kvs.getroot", "{\"namespace\":\"mine\"}", 0},
        {"kvs-watch.lookup", "{\"namespace\":\"mine\",\"key\":\"g\",\"flags\":8}", 0},
    };
    struct world *w = *state;
    struct kvs *kvs = w->b[0].kvs;
    assert_int_equal (kvs_local_put (kvs, NULL, "secret", "x", 1), 0);
    assert_int_equal (kvs_local_ns_create (kvs, "mine", 5555), 0);
    assert_int_equal (kvs_local_ns_create (kvs, "theirs", 6666), 0);
    assert_int_equal (kvs_local_symlink (kvs, "mine", "link", "primary", "secret"), 0);
    settle (w);
    for (int rank = 0; rank < SIZE; rank++)
        for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++)
            assert_int_equal (guest_call (w, rank, rows[i].topic, rows[i].payload), rows[i].errnum);
}

static int list_count (const char *name, bool is_dir, void *arg)
{
    ++*(int *)arg;
    return 0;
}

static void test_local (void **state)
{
    struct world *w = *state;
    struct kvs *kvs = w->b[0].kvs;
    char *data;
    size_t len;
    int n = 0;
    assert_int_equal (kvs_local_put (kvs, NULL, "l.a", "x\0y", 3), 0);
    assert_int_equal (kvs_local_get (kvs, NULL, "l.a", &data, &len), 0);
    assert_int_equal (len, 3);
    assert_memory_equal (data, "x\0y", 4);
    free (data);
    assert_int_equal (kvs_local_append (kvs, NULL, ".l..b.", "1", 1), 0);
    assert_int_equal (kvs_local_append (kvs, NULL, "l.b", "2", 1), 0);
    assert_int_equal (kvs_local_get (kvs, "primary", "l.b", &data, &len), 0);
    assert_string_equal (data, "12");
    free (data);
    assert_int_equal (kvs_local_mkdir (kvs, NULL, "l.d"), 0);
    assert_int_equal (kvs_local_list (kvs, NULL, "l", list_count, &n), 0);
    assert_int_equal (n, 3);
    assert_int_equal (kvs_local_exists (kvs, NULL, "l.c"), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (kvs_local_get (kvs, NULL, "l", &data, &len), -1);
    assert_int_equal (errno, EISDIR);
    assert_int_equal (kvs_local_put (kvs, NULL, ".", "", 0), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (kvs_local_put (kvs, "no", "a", "", 0), -1);
    assert_int_equal (errno, ENOTSUP);
    assert_int_equal (kvs_local_put (w->b[1].kvs, NULL, "a", "", 0), -1);
    assert_int_equal (errno, EINVAL);
}

struct seen {
    char text[256];
    int errnum, calls;
    struct kvs_local_watch *stop;
};

static void seen_cb (struct kvs *kvs, const char *key, const char *data, size_t len, int errnum,
                     void *arg)
{
    struct seen *s = arg;
    s->calls++;
    s->errnum = errnum;
    if (!errnum)
        strncat (s->text, data, len);
    if (!errnum && strlen (s->text) < 20)
        kvs_local_append (kvs, NULL, key, "+", 1); // changes what it watches
    if (s->stop) {
        kvs_local_watch_stop (s->stop);
        s->stop = NULL;
    }
}

static void test_local_watch (void **state)
{
    struct world *w = *state;
    struct kvs *kvs = w->b[0].kvs;
    struct seen s = {.errnum = 0}, other = {.errnum = 0};
    struct kvs_local_watch *h;
    assert_non_null (kvs_local_watch (kvs, NULL, "lw", KVS_LOCAL_APPEND, seen_cb, &s));
    settle (w);
    assert_int_equal (s.calls, 0);
    kvs_local_append (kvs, NULL, "lw", "abc", 3);
    settle (w);
    settle (w);
    assert_string_equal (s.text, "abc+++++++++++++++++");
    /* one stopped at once, and one stopped by another's callback */
    h = kvs_local_watch (kvs, NULL, "lw", 0, seen_cb, &other);
    kvs_local_watch_stop (h);
    s.stop = kvs_local_watch (kvs, NULL, "later", 0, seen_cb, &other);
    settle (w);
    kvs_local_append (kvs, NULL, "lw", "z", 1);
    kvs_local_append (kvs, NULL, "later", "z", 1);
    settle (w);
    assert_int_equal (other.calls, 0);
    kvs_local_unlink (kvs, NULL, "lw");
    settle (w);
    assert_int_equal (s.errnum, ENOENT);
}

/* A second instance finds what the first one left. */
static void test_restart (void **state)
{
    struct world w;
    flux_error_t error;
    memset (&w, 0, sizeof (w));
    strcpy (w.dir, "/tmp/kvs-state-XXXXXX");
    assert_non_null (mkdtemp (w.dir));
    start (&w, w.dir);
    assert_false (kvs_restored (w.b[0].kvs));
    for (int i = 0; i < 1000; i++) {
        char key[32];
        snprintf (key, sizeof (key), "r%d.x", i);
        kvs_local_put (w.b[0].kvs, NULL, key, "value", 5);
    }
    put (&w, 2, "primary", "big.val", "dmFsdWU=", 0);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    stop (&w);
    start (&w, w.dir);
    assert_true (kvs_restored (w.b[0].kvs));
    expect (&w, 0, "r999.x", "dmFsdWU=");
    expect (&w, 2, "big.val", "dmFsdWU=");
    /* a commit that is to be on disk when it is answered */
    struct call c = {0};
    call (&w, 1, &c, "kvs.commit",
          "{\"ops\":[{\"key\":\"s\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":"
          "\"MQ==\"}}],\"namespace\":\"primary\",\"flags\":4}");
    assert_int_equal (c.errnum, 0);
    call (&w, 1, &c, "content.checkpoint-get", NULL);
    assert_non_null (strstr (c.text, "\"sequence\""));
    stop (&w); // without a checkpoint
    start (&w, w.dir);
    expect (&w, 0, "s", "MQ==");
    stop (&w);
    call_clear (&c);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.lmdb", w.dir);
    assert_int_equal (unlink (path), 0);
    snprintf (path, sizeof (path), "%s/content.lmdb-lock", w.dir);
    unlink (path);
    rmdir (w.dir);
}

static size_t store_size (const struct world *w)
{
    char path[64];
    struct stat st;
    snprintf (path, sizeof (path), "%s/content.lmdb", w->dir);
    assert_int_equal (stat (path, &st), 0);
    return st.st_size;
}

/* Garbage goes at the end of an instance, and nothing else does. */
static void put_wide (struct world *w, int round)
{
    char key[32], val[600];

    for (int i = 0; i < 300; i++) {
        snprintf (key, sizeof (key), "wide.k%d", i);
        memset (val, 'a' + round, sizeof (val));
        snprintf (val, sizeof (val) - 300, "%d.%d", i, round);
        kvs_local_put (w->b[0].kvs, NULL, key, val, sizeof (val));
    }
}

static int expect_wide (const char *name, bool is_dir, void *arg)
{
    struct world *w = arg;
    char key[32], want[32], *data;
    size_t len;

    snprintf (key, sizeof (key), "wide.%s", name);
    snprintf (want, sizeof (want), "%s.4", name + 1);
    assert_int_equal (kvs_local_get (w->b[0].kvs, NULL, key, &data, &len), 0);
    assert_int_equal (len, 600);
    assert_string_equal (data, want);
    free (data);
    w->nlisted++;
    return 0;
}

static void test_gc (void **state)
{
    struct world w;
    flux_error_t error;
    struct call c = {0};
    char big[3000], path[64], *data;
    size_t before, len;

    memset (&w, 0, sizeof (w));
    w.gc_min = 100;
    strcpy (w.dir, "/tmp/kvs-state-XXXXXX");
    assert_non_null (mkdtemp (w.dir));
    start (&w, w.dir);
    kvs_set_maxdirent (w.b[0].kvs, 100);
    for (int i = 0; i < 5; i++) {
        put_wide (&w, i);
        put (&w, 0, "primary", "round", "MQ==", 0);
    }
    for (int i = 0; i < 500; i++) { // each is a new blob for the value and for two directories
        memset (big, 'a' + i % 26, sizeof (big));
        snprintf (big, sizeof (big), "version %d", i);
        kvs_local_put (w.b[0].kvs, NULL, "dir.sub.changing", big, sizeof (big));
        put (&w, 0, "primary", "dir.version", "MQ==", 0);
    }
    kvs_local_put (w.b[0].kvs, NULL, "dir.other", big, 1000);
    kvs_local_symlink (w.b[0].kvs, NULL, "dir.link", NULL, "dir.other");
    kvs_local_mkdir (w.b[0].kvs, NULL, "empty.dir");
    call (&w, 0, &c, "content.flush", NULL);
    before = store_size (&w);
    assert_true (before > 2000000);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    assert_true (store_size (&w) < before / 5);
    stop (&w);
    start (&w, w.dir);
    call (&w, 0, &c, "kvs.dropcache", NULL);
    assert_int_equal (kvs_local_get (w.b[0].kvs, NULL, "dir.sub.changing", &data, &len), 0);
    assert_int_equal (len, 3000);
    assert_memory_equal (data, "version 499", 12);
    free (data);
    assert_int_equal (kvs_local_get (w.b[0].kvs, NULL, "dir.link", &data, &len), 0);
    free (data);
    assert_int_equal (kvs_local_exists (w.b[0].kvs, NULL, "empty.dir"), 0);
    w.nlisted = 0;
    assert_int_equal (kvs_local_list (w.b[0].kvs, NULL, "wide", expect_wide, &w), 0);
    assert_int_equal (w.nlisted, 300);
    /* it goes on as before, and there is nothing to collect */
    put (&w, 0, "primary", "dir.version", "Mg==", 0);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    call (&w, 0, &c, "content.checkpoint-get", NULL);
    assert_non_null (strstr (strstr (c.text, "rootref") + 1, "rootref")); // two are kept
    stop (&w);
    start (&w, w.dir);
    expect (&w, 0, "dir.version", "Mg==");
    stop (&w);
    call_clear (&c);
    snprintf (path, sizeof (path), "%s/content.lmdb", w.dir);
    assert_int_equal (unlink (path), 0);
    snprintf (path, sizeof (path), "%s/content.lmdb-lock", w.dir);
    unlink (path);
    assert_int_equal (rmdir (w.dir), 0); // nothing else was left
}

#define T(f) cmocka_unit_test_setup_teardown (f, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        T (test_put_get),
        T (test_bad_requests),
        T (test_batch),
        T (test_lazy),
        T (test_watch),
        T (test_watch_append),
        T (test_version),
        T (test_snapshot),
        T (test_namespace),
        T (test_fence),
        T (test_content),
        T (test_dropcache),
        T (test_no_disk),
        T (test_guest),
        T (test_many_watchers),
        T (test_local),
        T (test_local_watch),
        cmocka_unit_test (test_restart),
        cmocka_unit_test (test_gc),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
