/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The KVS service of three brokers: lookups, commits, name spaces, fences, guests. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <flux/request.h>
#include "shell/broker/router_overlay.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_world.h"

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

int main (void)
{
    const struct CMUnitTest tests[] = {
        KVS_CASE (test_put_get),   KVS_CASE (test_bad_requests), KVS_CASE (test_batch),
        KVS_CASE (test_lazy),      KVS_CASE (test_version),      KVS_CASE (test_snapshot),
        KVS_CASE (test_namespace), KVS_CASE (test_fence),        KVS_CASE (test_guest),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
