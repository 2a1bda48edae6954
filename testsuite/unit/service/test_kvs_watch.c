/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watches of the KVS, on any of three brokers. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_world.h"

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

int main (void)
{
    const struct CMUnitTest tests[] = {
        KVS_CASE (test_watch),
        KVS_CASE (test_watch_append),
        KVS_CASE (test_many_watchers),
        KVS_CASE (test_local_watch),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
