/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of one broker: its tasks are clients on socketpairs. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/msgio.h"
#include "shell/broker/router_overlay.h"
#include "testsuite/unit/service/group_rig.h"

/* ---- tasks ---- */

static struct msgio *add_task (struct fixture *f, uint32_t userid)
{
    int fds[2];

    assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
    router_client_add (f->rt, fds[0], userid,
                       userid == getuid () ? FLUX_ROLE_OWNER : FLUX_ROLE_USER);
    return msgio_create (fds[1]);
}

static void ask (struct msgio *io, const char *topic, const char *json, int flags)
{
    flux_msg_t *msg = flux_request_encode (topic, json);

    flux_msg_set_matchtag (msg, 1);
    if (flags)
        flux_msg_set_flag (msg, flags);
    msgio_send (io, msg);
    msgio_flush (io);
    flux_msg_decref (msg);
}

static flux_msg_t *next (struct fixture *f, struct msgio *io)
{
    flux_msg_t *msg;

    rig_turn (f);
    while (!(msg = msgio_next (io)) && msgio_fill (io) == 0)
        ;
    return msg;
}

static int next_errnum (struct fixture *f, struct msgio *io)
{
    flux_msg_t *msg = next (f, io);
    int errnum = -1;

    if (msg)
        flux_msg_get_errnum (msg, &errnum);
    flux_msg_decref (msg);
    return errnum;
}

static void join (struct msgio *io, int rank)
{
    char json[128];

    snprintf (json, sizeof (json), "{\"name\":\"g\",\"rank\":%d,\"address\":\"a\"}", rank);
    ask (io, "group.join", json, FLUX_MSGFLAG_STREAMING);
}

/* The members that are told next, skipping `skip` tellings. */
static void expect_members (struct fixture *f, struct msgio *io, const char *members,
                            const char *lost)
{
    const char *m = "", *l = "";
    flux_msg_t *msg;
    bool found = false;

    while (!found && (msg = next (f, io))) {
        assert_int_equal (flux_msg_unpack (msg, "{s:s s:s}", "members", &m, "lost", &l), 0);
        found = !strcmp (m, members) && !strcmp (l, lost);
        flux_msg_decref (msg);
    }
    assert_true (found);
}

static void drain (struct fixture *f, struct msgio *io)
{
    flux_msg_t *msg;

    while ((msg = next (f, io)))
        flux_msg_decref (msg);
}

static void reduce (struct msgio *io, int op, uint32_t seq, const char *have, const char *need)
{
    flux_msg_t *msg = rig_reduce (op, seq, have, need, 1);

    msgio_send (io, msg);
    msgio_flush (io);
    flux_msg_decref (msg);
}

static int next_result (struct fixture *f, struct msgio *io, const char *have)
{
    flux_msg_t *msg = next (f, io);

    assert_non_null (msg);
    int errnum = rig_result (msg, have);
    flux_msg_decref (msg);
    return errnum;
}

/* ---- tests ---- */

static void test_members (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ()), *b = add_task (f, getuid ());
    struct msgio *guest = add_task (f, getuid () + 1);

    join (a, -1);
    expect_members (f, a, "0", "");
    join (b, 5);
    expect_members (f, b, "0,5", "");
    expect_members (f, a, "0,5", "");
    join (guest, 5); // a group of his own
    expect_members (f, guest, "5", "");
    drain (f, guest);
    join (guest, 5);
    assert_int_equal (next_errnum (f, guest), EEXIST);
    ask (b, "group.leave", "{\"name\":\"g\",\"rank\":0}", 0); // is another's
    assert_int_equal (next_errnum (f, b), ENOENT);
    ask (a, "group.lookup", "{\"name\":\"g\",\"rank\":5}", 0);
    assert_int_equal (next_errnum (f, a), 0);
    msgio_destroy (b);
    expect_members (f, a, "0", "5");
    ask (a, "group.lookup", "{\"name\":\"g\",\"rank\":5}", 0);
    assert_int_equal (next_errnum (f, a), EHOSTUNREACH);
    join (a, -1); // twice in it; 0 and 5 were had
    expect_members (f, a, "0-1", "5");
    ask (a, "group.leave", "{\"name\":\"g\",\"rank\":0}", 0);
    drain (f, a);
    msgio_destroy (a);
    msgio_destroy (guest);
    rig_turn (f);
}

/* One that dies makes the next operation fail for all, and only that. */
static void test_death (void **state)
{
    struct fixture *f = *state;
    struct msgio *t[3];

    for (int i = 0; i < 3; i++) {
        t[i] = add_task (f, getuid ());
        join (t[i], i);
        rig_turn (f);
    }
    for (int i = 0; i < 3; i++)
        drain (f, t[i]);
    for (int i = 0; i < 3; i++)
        reduce (t[i], GROUP_SUM_INT, 0, (const char *[]){"0", "1", "2"}[i], NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal (next_result (f, t[i], "0-2"), 0);
    reduce (t[0], GROUP_BARRIER, 1, "0", NULL);
    rig_turn (f);
    msgio_destroy (t[2]);
    assert_int_equal (next_result (f, t[0], NULL), EHOSTUNREACH);
    drain (f, t[0]);
    drain (f, t[1]);
    reduce (t[1], GROUP_BARRIER, 1, "1", NULL); // late
    assert_int_equal (next_result (f, t[1], NULL), EHOSTUNREACH);
    for (int i = 0; i < 2; i++)
        reduce (t[i], GROUP_BARRIER, 2, i == 0 ? "0" : "1", NULL);
    for (int i = 0; i < 2; i++)
        assert_int_equal (next_result (f, t[i], "0-1"), 0);
    for (int i = 0; i < 2; i++)
        msgio_destroy (t[i]);
    rig_turn (f);
}

static void input_from (struct fixture *f, const char *peer, const char *have, const char *need,
                        int64_t value)
{
    flux_msg_t *msg = rig_reduce (GROUP_SUM_INT, 0, have, need, value);

    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, peer);
    flux_msg_set_nodeid (msg, 1);
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    router_input_peer (f->rt, msg, false);
}

/* An inner broker sends one message up for all that are below it, and the answer to all. */
static void test_tree (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ());
    flux_msg_t *answer;
    const void *data;
    size_t len;

    reduce (a, GROUP_SUM_INT, 0, "1", "1-4,7");
    input_from (f, "three", "3,7", "1-4,7", 10);
    rig_turn (f);
    assert_int_equal (f->nup, 0);
    input_from (f, "four", "4", "1-4,7", 100);
    rig_turn (f);
    assert_int_equal (f->nup, 1);
    assert_int_equal (rig_result (f->up[0], "1,3-4,7"), 0);
    answer = flux_response_derive (f->up[0], 0);
    flux_msg_get_payload (f->up[0], &data, &len);
    flux_msg_set_payload (answer, data, len);
    router_input_peer (f->rt, answer, true);
    assert_int_equal (next_result (f, a, "1,3-4,7"), 0);
    assert_int_equal (f->nresponses, 2);
    assert_int_equal (rig_result (f->responses[0], "1,3-4,7"), 0);
    msgio_destroy (a);
    rig_turn (f);
}

/* What all below it have to do with ends here; one who comes late gets the result, and another
 * broker that looks for it, too. */
static void test_lowest (void **state)
{
    struct fixture *f = *state;
    flux_msg_t *msg;

    input_from (f, "three", "3,7", "3-4,7", 10);
    input_from (f, "four", "4", "3-4,7", 100);
    rig_turn (f);
    assert_int_equal (f->nup, 0);
    assert_int_equal (f->nresponses, 2);
    assert_int_equal (rig_result (f->responses[0], "3-4,7"), 0);
    assert_int_equal (rig_result (f->responses[1], "3-4,7"), 0);
    input_from (f, "four", "4", "3-4,7", 100);
    rig_turn (f);
    assert_int_equal (f->nresponses, 3);
    assert_int_equal (rig_result (f->responses[2], "3-4,7"), 0);
    for (int i = 0; i < 2; i++) {
        msg = rig_reduce (GROUP_SUM_INT, i, "3", "3-4,7", 0);
        flux_msg_set_topic (msg, "group.result");
        flux_msg_route_enable (msg);
        flux_msg_route_push (msg, "parent");
        flux_msg_set_nodeid (msg, 1);
        flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
        router_input_peer (f->rt, msg, true);
    }
    rig_turn (f);
    int errnum = -1;
    assert_int_equal (f->nup + f->nresponses, 5);
    const flux_msg_t *found = f->nup ? f->up[0] : f->responses[3];
    const flux_msg_t *missing = f->nup ? f->up[1] : f->responses[4];
    assert_int_equal (rig_result (found, "3-4,7"), 0);
    assert_int_equal (flux_msg_get_errnum (missing, &errnum), 0);
    assert_int_equal (errnum, ENOENT);
}

/* When the link breaks, what was on it is sent again; a shell that dies meanwhile fails it. */
static void test_broken_link (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ());

    reduce (a, GROUP_BARRIER, 0, "1", "1,5");
    rig_turn (f);
    assert_int_equal (f->nup, 1);
    router_parent_lost (f->rt);
    rig_turn (f);
    assert_null (msgio_next (a));
    usleep (150000);
    rig_turn (f);
    assert_int_equal (f->nup, 2);
    assert_int_equal (rig_result (f->up[1], "1"), 0);
    msgio_destroy (a);
    rig_turn (f);
    assert_int_equal (f->nup, 3);
    assert_int_equal (rig_result (f->up[2], "1"), EHOSTUNREACH);
}

/* How many are refused as too many. */
static int count_refused (struct fixture *f, struct msgio *io)
{
    int refused = 0, errnum;

    while ((errnum = next_errnum (f, io)) >= 0)
        refused += errnum == EMFILE;
    return refused;
}

/* A client has a bounded number of joins, and those that it gave back count no more. */
static void test_limit (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ());
    int refused = 0;

    for (int i = 0; i < GROUP_JOINS_MAX + 2; i++) {
        join (a, -1);
        if (i % 100 == 0) // before the socket is full
            refused += count_refused (f, a);
    }
    assert_int_equal (refused + count_refused (f, a), 2);
    ask (a, "group.leave", "{\"name\":\"g\",\"rank\":7}", 0);
    drain (f, a);
    join (a, -1);
    join (a, -1);
    assert_int_equal (count_refused (f, a), 1);
    msgio_destroy (a);
    rig_turn (f);
}

/* A new group of the same name does not get the old one's results. */
static void test_same_name (void **state)
{
    struct fixture *f = *state;
    json_int_t seq[2];

    for (int i = 0; i < 2; i++) {
        struct msgio *a = add_task (f, getuid ());
        join (a, 0);
        flux_msg_t *msg = next (f, a);
        assert_int_equal (flux_msg_unpack (msg, "{s:I}", "seq", &seq[i]), 0);
        flux_msg_decref (msg);
        drain (f, a);
        reduce (a, i == 0 ? GROUP_SUM_INT : GROUP_BARRIER, seq[i], "0", NULL);
        msg = next (f, a);
        assert_int_equal (rig_result (msg, "0"), 0);
        flux_msg_decref (msg);
        msgio_destroy (a);
        rig_turn (f);
    }
    assert_true (seq[1] > seq[0]);
}

/* An operation that failed before all had come: the late ones are told at the next broker. */
static void test_late (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ()), *b = add_task (f, getuid ());

    reduce (a, GROUP_BARRIER, 0, "1", "1,3,5");
    rig_turn (f);
    msgio_destroy (a);
    rig_turn (f);
    assert_int_equal (f->nup, 1);
    flux_msg_t *answer = flux_response_derive (f->up[0], 0);
    const void *data;
    size_t len;
    flux_msg_get_payload (f->up[0], &data, &len);
    flux_msg_set_payload (answer, data, len);
    router_input_peer (f->rt, answer, true);
    rig_turn (f);
    reduce (b, GROUP_BARRIER, 0, "1", "1,3,5");
    assert_int_equal (next_result (f, b, NULL), EHOSTUNREACH);
    msgio_destroy (b);
    rig_turn (f);
}

static void test_expected_failures (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ()), *b = add_task (f, getuid ());
    static const char *const bad[] = {
        "{}",
        "{\"name\":\"\",\"rank\":0,\"address\":\"a\"}",
        "{\"name\":\"a b\",\"rank\":0,\"address\":\"a\"}",
        "{\"name\":\"g\",\"rank\":0,\"address\":\"\"}",
        "{\"name\":\"g\",\"rank\":99999999,\"address\":\"a\"}",
    };

    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        ask (a, "group.join", bad[i], FLUX_MSGFLAG_STREAMING);
        assert_int_equal (next_errnum (f, a), i == 0 ? EPROTO : EINVAL);
    }
    ask (a, "group.join", "{\"name\":\"g\",\"rank\":0,\"address\":\"a\"}", 0); // not streaming
    assert_int_equal (next_errnum (f, a), EPROTO);
    ask (a, "group.reduce", "{}", 0);
    assert_int_equal (next_errnum (f, a), EPROTO);
    ask (a, "group.reduce", NULL, 0);
    assert_int_equal (next_errnum (f, a), EPROTO);
    join (a, 0);
    drain (f, a);
    reduce (b, GROUP_BARRIER, 0, "0", NULL); // for another one
    assert_int_equal (next_errnum (f, b), EPERM);
    reduce (a, GROUP_BARRIER, 0, "0-1", NULL);
    assert_int_equal (next_errnum (f, a), EPROTO);
    reduce (a, GROUP_BARRIER, 3, "0", NULL); // from the future
    assert_int_equal (next_errnum (f, a), EPROTO);
    reduce (a, GROUP_BARRIER, 0, "0", "1-2"); // not one of them
    assert_int_equal (next_errnum (f, a), EPROTO);
    ask (b, "group.get", "{\"name\":\"nosuch\"}", 0);
    assert_int_equal (next_errnum (f, b), ENOENT);
    struct msgio *guest = add_task (f, getuid () + 1);
    ask (guest, "group.enter", "{\"uid\":0,\"name\":\"g\",\"node\":0,\"have\":0,\"joins\":[]}", 0);
    assert_int_equal (next_errnum (f, guest), EPERM);
    ask (b, "group.enter", "{\"uid\":0,\"name\":\"g\",\"node\":77,\"have\":0,\"joins\":[]}", 0);
    assert_int_equal (next_errnum (f, b), EPROTO);
    ask (b, "group.exit", "{\"uid\":0,\"name\":\"g\",\"ranks\":\"x\",\"died\":true}", 0);
    assert_int_equal (next_errnum (f, b), EPROTO);
    msgio_destroy (a);
    msgio_destroy (b);
    msgio_destroy (guest);
    rig_turn (f);
}

#define T(name, setup) cmocka_unit_test_setup_teardown (name, setup, rig_teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        T (test_members, rig_setup_root),      T (test_death, rig_setup_root),
        T (test_tree, rig_setup_inner),        T (test_lowest, rig_setup_inner),
        T (test_broken_link, rig_setup_inner), T (test_same_name, rig_setup_root),
        T (test_late, rig_setup_inner),        T (test_expected_failures, rig_setup_root),
        T (test_limit, rig_setup_root),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
