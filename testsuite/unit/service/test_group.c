/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The group service of one broker: its tasks are clients on socketpairs, its network a list. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/msgio.h"
#include "lib/tasks/combine.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "shell/service/group/group.h"
#include "testsuite/unit/cmocka.h"

#define SENT_MAX 64

struct fixture {
    struct ev_loop *loop;
    struct router *rt;
    struct group_service *groups;
    const flux_msg_t *up[SENT_MAX];
    int nup;
    const flux_msg_t *responses[SENT_MAX];
    int nresponses;
};

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct fixture *f = arg;
    f->up[f->nup++] = flux_msg_incref (msg);
    return 0;
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    return send_parent (arg, msg); // of rank 0, which has none
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct fixture *f = arg;
    f->responses[f->nresponses++] = flux_msg_incref (msg);
    return 0;
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    return 0;
}

/* Rank 1 of 8 in a binary tree: 3 and 4 are its children, 7 is below 3. Rank 0 has all. */
static int child_route (void *arg, uint32_t dst)
{
    struct fixture *f = arg;

    if (router_rank (f->rt) == 0)
        return dst;
    return dst == 3 || dst == 7 ? 3 : dst == 4 ? 4 : -1;
}

static const struct router_overlay_ops ops = {send_parent, send_child, respond, broadcast,
                                              child_route, NULL};

static void turn (struct fixture *f)
{
    for (int i = 0; i < 8; i++)
        ev_run (f->loop, EVRUN_NOWAIT);
}

static int setup (void **state, uint32_t rank, uint32_t size)
{
    struct fixture *f = calloc (1, sizeof (*f));

    f->loop = ev_loop_new (0);
    f->rt = router_create (f->loop, rank, size, getuid ());
    if (size > 1)
        router_set_overlay (f->rt, &ops, f);
    f->groups = group_service_create (f->rt);
    assert_non_null (f->groups);
    *state = f;
    return 0;
}

static int setup_root (void **state)
{
    return setup (state, 0, 1);
}

static int setup_inner (void **state)
{
    return setup (state, 1, 8);
}

static int setup_tree_root (void **state)
{
    return setup (state, 0, 8);
}

static int teardown (void **state)
{
    struct fixture *f = *state;

    group_service_destroy (f->groups);
    router_destroy (f->rt);
    for (int i = 0; i < f->nup; i++)
        flux_msg_decref (f->up[i]);
    for (int i = 0; i < f->nresponses; i++)
        flux_msg_decref (f->responses[i]);
    ev_loop_destroy (f->loop);
    free (f);
    return 0;
}

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

    turn (f);
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

static flux_msg_t *make_reduce (int op, uint32_t seq, const char *have, const char *need,
                                int64_t value)
{
    struct group_frame f = {.op = op, .uid = getuid (), .seq = seq};
    flux_msg_t *msg = flux_request_encode ("group.reduce", NULL);
    struct buf b = {0}, parts = {0};
    unsigned char v[8];

    strcpy (f.name, "g");
    f.have = idset_decode (have);
    f.need = need ? idset_decode (need) : NULL;
    group_put_u64 (v, value);
    if (op != GROUP_BARRIER) {
        group_part_put (&parts, idset_first (f.have), v, 8);
        f.nparts = 1;
        f.parts = parts.data;
        f.parts_len = parts.len;
    }
    group_frame_encode (&f, &b);
    flux_msg_set_payload (msg, b.data, b.len);
    flux_msg_set_matchtag (msg, 7);
    group_frame_clear (&f);
    buf_clear (&b);
    buf_clear (&parts);
    return msg;
}

static void reduce (struct msgio *io, int op, uint32_t seq, const char *have, const char *need)
{
    flux_msg_t *msg = make_reduce (op, seq, have, need, 1);

    msgio_send (io, msg);
    msgio_flush (io);
    flux_msg_decref (msg);
}

/* The result in a message: errnum, and who has contributed. */
static int result_of (const flux_msg_t *msg, const char *have)
{
    struct group_frame f;
    const void *data;
    size_t len;

    assert_int_equal (flux_msg_get_payload (msg, &data, &len), 0);
    assert_int_equal (group_frame_decode (&f, data, len), 0);
    char *s = idset_encode (f.have, IDSET_FLAG_RANGE);
    if (have)
        assert_string_equal (s, have);
    int errnum = f.errnum;
    free (s);
    group_frame_clear (&f);
    return errnum;
}

static int next_result (struct fixture *f, struct msgio *io, const char *have)
{
    flux_msg_t *msg = next (f, io);

    assert_non_null (msg);
    int errnum = result_of (msg, have);
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
    turn (f);
}

/* One that dies makes the next operation fail for all, and only that. */
static void test_death (void **state)
{
    struct fixture *f = *state;
    struct msgio *t[3];

    for (int i = 0; i < 3; i++) {
        t[i] = add_task (f, getuid ());
        join (t[i], i);
        turn (f);
    }
    for (int i = 0; i < 3; i++)
        drain (f, t[i]);
    for (int i = 0; i < 3; i++)
        reduce (t[i], GROUP_SUM_INT, 0, (const char *[]){"0", "1", "2"}[i], NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal (next_result (f, t[i], "0-2"), 0);
    reduce (t[0], GROUP_BARRIER, 1, "0", NULL);
    turn (f);
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
    turn (f);
}

static void input_from (struct fixture *f, const char *peer, const char *have, const char *need,
                        int64_t value)
{
    flux_msg_t *msg = make_reduce (GROUP_SUM_INT, 0, have, need, value);

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
    turn (f);
    assert_int_equal (f->nup, 0);
    input_from (f, "four", "4", "1-4,7", 100);
    turn (f);
    assert_int_equal (f->nup, 1);
    assert_int_equal (result_of (f->up[0], "1,3-4,7"), 0);
    answer = flux_response_derive (f->up[0], 0);
    flux_msg_get_payload (f->up[0], &data, &len);
    flux_msg_set_payload (answer, data, len);
    router_input_peer (f->rt, answer, true);
    assert_int_equal (next_result (f, a, "1,3-4,7"), 0);
    assert_int_equal (f->nresponses, 2);
    assert_int_equal (result_of (f->responses[0], "1,3-4,7"), 0);
    msgio_destroy (a);
    turn (f);
}

/* What all below it have to do with ends here; one who comes late gets the result, and another
 * broker that looks for it, too. */
static void test_lowest (void **state)
{
    struct fixture *f = *state;
    flux_msg_t *msg;

    input_from (f, "three", "3,7", "3-4,7", 10);
    input_from (f, "four", "4", "3-4,7", 100);
    turn (f);
    assert_int_equal (f->nup, 0);
    assert_int_equal (f->nresponses, 2);
    assert_int_equal (result_of (f->responses[0], "3-4,7"), 0);
    assert_int_equal (result_of (f->responses[1], "3-4,7"), 0);
    input_from (f, "four", "4", "3-4,7", 100);
    turn (f);
    assert_int_equal (f->nresponses, 3);
    assert_int_equal (result_of (f->responses[2], "3-4,7"), 0);
    for (int i = 0; i < 2; i++) {
        msg = make_reduce (GROUP_SUM_INT, i, "3", "3-4,7", 0);
        flux_msg_set_topic (msg, "group.result");
        flux_msg_route_enable (msg);
        flux_msg_route_push (msg, "parent");
        flux_msg_set_nodeid (msg, 1);
        flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
        router_input_peer (f->rt, msg, true);
    }
    turn (f);
    int errnum = -1;
    assert_int_equal (f->nup + f->nresponses, 5);
    const flux_msg_t *found = f->nup ? f->up[0] : f->responses[3];
    const flux_msg_t *missing = f->nup ? f->up[1] : f->responses[4];
    assert_int_equal (result_of (found, "3-4,7"), 0);
    assert_int_equal (flux_msg_get_errnum (missing, &errnum), 0);
    assert_int_equal (errnum, ENOENT);
}

/* When the link breaks, what was on it is sent again; a shell that dies meanwhile fails it. */
static void test_broken_link (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ());

    reduce (a, GROUP_BARRIER, 0, "1", "1,5");
    turn (f);
    assert_int_equal (f->nup, 1);
    router_parent_lost (f->rt);
    turn (f);
    assert_null (msgio_next (a));
    usleep (150000);
    turn (f);
    assert_int_equal (f->nup, 2);
    assert_int_equal (result_of (f->up[1], "1"), 0);
    msgio_destroy (a);
    turn (f);
    assert_int_equal (f->nup, 3);
    assert_int_equal (result_of (f->up[2], "1"), EHOSTUNREACH);
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
    turn (f);
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
        assert_int_equal (result_of (msg, "0"), 0);
        flux_msg_decref (msg);
        msgio_destroy (a);
        turn (f);
    }
    assert_true (seq[1] > seq[0]);
}

/* An operation that failed before all had come: the late ones are told at the next broker. */
static void test_late (void **state)
{
    struct fixture *f = *state;
    struct msgio *a = add_task (f, getuid ()), *b = add_task (f, getuid ());

    reduce (a, GROUP_BARRIER, 0, "1", "1,3,5");
    turn (f);
    msgio_destroy (a);
    turn (f);
    assert_int_equal (f->nup, 1);
    flux_msg_t *answer = flux_response_derive (f->up[0], 0);
    const void *data;
    size_t len;
    flux_msg_get_payload (f->up[0], &data, &len);
    flux_msg_set_payload (answer, data, len);
    router_input_peer (f->rt, answer, true);
    turn (f);
    reduce (b, GROUP_BARRIER, 0, "1", "1,3,5");
    assert_int_equal (next_result (f, b, NULL), EHOSTUNREACH);
    msgio_destroy (b);
    turn (f);
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
    turn (f);
}

/* ---- where operations end ---- */

static void input_json (struct fixture *f, const char *topic, const char *json)
{
    flux_msg_t *msg = flux_request_encode (topic, json);

    flux_msg_set_matchtag (msg, 9);
    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "peer");
    flux_msg_set_nodeid (msg, router_rank (f->rt));
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    router_input_peer (f->rt, msg, router_rank (f->rt) > 0);
    turn (f);
}

static void input_reduce (struct fixture *f, uint32_t seq, const char *have)
{
    flux_msg_t *msg = make_reduce (GROUP_SUM_INT, seq, have, NULL, 1);

    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "peer");
    flux_msg_set_nodeid (msg, router_rank (f->rt));
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    router_input_peer (f->rt, msg, false);
    turn (f);
}

/* Answer a message that was sent, which must have this topic. */
static void answer (struct fixture *f, int which, const char *topic, const char *json, int errnum)
{
    const char *t;

    assert_true (which >= 0 && which < f->nup);
    assert_int_equal (flux_msg_get_topic (f->up[which], &t), 0);
    assert_string_equal (t, topic);
    flux_msg_t *msg = flux_response_derive (f->up[which], errnum);
    if (json)
        flux_msg_set_string (msg, json);
    router_input_peer (f->rt, msg, router_rank (f->rt) > 0);
    turn (f);
}

static void answer_result (struct fixture *f, int which, uint32_t seq, const char *have)
{
    flux_msg_t *frame = make_reduce (GROUP_SUM_INT, seq, have, NULL, 2);
    const void *data;
    size_t len;

    flux_msg_t *msg = flux_response_derive (f->up[which], 0);
    flux_msg_get_payload (frame, &data, &len);
    flux_msg_set_payload (msg, data, len);
    router_input_peer (f->rt, msg, router_rank (f->rt) > 0);
    turn (f);
    flux_msg_decref (frame);
}

static int last_errnum (struct fixture *f)
{
    int errnum = -1;

    assert_true (f->nresponses > 0);
    flux_msg_get_errnum (f->responses[f->nresponses - 1], &errnum);
    return errnum;
}

#define WHO "\"uid\":%u,\"name\":\"g\""

static void input_about (struct fixture *f, const char *topic, const char *fmt, ...)
{
    char json[512];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (json, sizeof (json), fmt, ap);
    va_end (ap);
    input_json (f, topic, json);
}

static json_int_t next_seq (struct fixture *f)
{
    json_t *list;
    json_int_t seq = -1;

    input_json (f, "group.list", "{}");
    assert_int_equal (flux_msg_unpack (f->responses[f->nresponses - 1], "{s:o}", "groups", &list),
                      0);
    json_unpack (json_array_get (list, 0), "{s:I}", "seq", &seq);
    return seq;
}

/* Rank 0 gives the operations to rank 1, and takes them back when somebody comes. One who missed
 * the result of an operation that ended there gets it from another's broker. */
static void test_hold_root (void **state)
{
    struct fixture *f = *state;
    unsigned int uid = getuid ();
    json_int_t version = 0;

    input_about (f, "group.enter",
                 "{" WHO ",\"node\":3,\"have\":0,\"joins\":[[0,\"a\"],[1,\"b\"]]}", uid);
    input_json (f, "group.list", "{}");
    json_t *list;
    flux_msg_unpack (f->responses[f->nresponses - 1], "{s:o}", "groups", &list);
    json_unpack (json_array_get (list, 0), "{s:I}", "version", &version);
    const char *hold = "{" WHO ",\"rank\":1,\"version\":%d,\"seq\":%d}";
    input_about (f, "group.hold", hold, uid, (int)version - 1, 0);
    assert_int_equal (last_errnum (f), EAGAIN);
    input_about (f, "group.hold", hold, uid, (int)version, 1);
    assert_int_equal (last_errnum (f), EAGAIN);
    input_about (f, "group.hold", hold, uid, (int)version, 0);
    assert_int_equal (last_errnum (f), 0);
    input_about (f, "group.hold", hold, uid, (int)version, 0); // is given away
    assert_int_equal (last_errnum (f), EAGAIN);

    int n = f->nresponses, sent = f->nup;
    input_about (f, "group.enter", "{" WHO ",\"node\":4,\"have\":0,\"joins\":[[2,\"c\"]]}", uid);
    input_reduce (f, 4, "0");
    assert_int_equal (f->nresponses, n);
    answer (f, sent, "group.recall", NULL, EHOSTUNREACH); // is on its way to another parent
    usleep (150000);
    turn (f);
    answer (f, f->nup - 1, "group.recall", "{\"seq\":5}", 0);
    json_int_t seq = -1;
    assert_int_equal (f->nresponses, n + 1);
    assert_int_equal (flux_msg_unpack (f->responses[n], "{s:I}", "seq", &seq), 0);
    assert_int_equal (seq, 5);
    int first = f->nup - 3; // asked are the brokers of 1 and 2, and the one that had it
    for (int i = 0; i < 2; i++)
        answer (f, first + i, "group.result", NULL, i == 0 ? ENOENT : EHOSTUNREACH);
    answer_result (f, first + 2, 4, "0-1");
    assert_int_equal (f->nresponses, n + 2);
    assert_int_equal (result_of (f->responses[n + 1], "0-1"), 0);
    input_reduce (f, 3, "1"); // nobody has it: it failed
    for (int i = f->nup - 3; i < f->nup; i++)
        answer (f, i, "group.result", NULL, ENOENT);
    assert_int_equal (result_of (f->responses[n + 2], NULL), EHOSTUNREACH);
}

/* The broker that had the operations is lost: members' brokers say how far they are. */
static void test_hold_lost (void **state)
{
    struct fixture *f = *state;
    unsigned int uid = getuid ();
    json_int_t version = 0;
    json_t *list;

    for (int i = 0; i < 2; i++)
        input_about (f, "group.enter", "{" WHO ",\"node\":%d,\"have\":0,\"joins\":[[%d,\"a\"]]}",
                     uid, 3 + i, i);
    input_json (f, "group.list", "{}");
    flux_msg_unpack (f->responses[f->nresponses - 1], "{s:o}", "groups", &list);
    json_unpack (json_array_get (list, 0), "{s:I}", "version", &version);
    input_about (f, "group.hold", "{" WHO ",\"rank\":1,\"version\":%d,\"seq\":0}", uid,
                 (int)version);
    assert_int_equal (last_errnum (f), 0);
    int n = f->nresponses, sent = f->nup;
    group_service_rank_lost (f->groups, 1);
    turn (f);
    input_reduce (f, 7, "0");
    assert_int_equal (f->nup, sent + 2);
    answer (f, sent, "group.where", "{\"seq\":7}", 0);
    assert_int_equal (f->nresponses, n);
    group_service_rank_lost (f->groups, 4); // need not answer
    turn (f);
    assert_int_equal (f->nresponses, n + 1); // and has died before it came
    assert_int_equal (result_of (f->responses[n], NULL), EHOSTUNREACH);
    assert_int_equal (next_seq (f), 8);
    answer (f, sent + 1, "group.where", NULL, EHOSTUNREACH); // late
    input_reduce (f, 8, "0"); // alone now
    assert_int_equal (result_of (f->responses[f->nresponses - 1], "0"), 0);
}

/* An inner broker asks for the operations of those who are all below it, has them, and gives them
 * back. */
static void test_hold_inner (void **state)
{
    struct fixture *f = *state;
    char view[256];
    int i;

    input_reduce (f, 0, "0"); // it does not know the group yet, and asks
    assert_int_equal (f->nup, 2);
    snprintf (view, sizeof (view),
              "{" WHO ",\"version\":4,\"members\":[[0,3,\"a\"],[1,4,\"b\"]],\"lost\":\"\"}",
              (unsigned)getuid ());
    const char *topic;
    flux_msg_get_topic (f->up[0], &topic);
    int sync = strcmp (topic, "group.sync") == 0 ? 0 : 1;
    answer (f, sync, "group.sync", view, 0);
    for (i = 1; i <= GROUP_HOLD_AFTER; i++) {
        input_reduce (f, i, "0");
        assert_int_equal (f->nup, 1 + i);
        input_reduce (f, i, "1");
        answer_result (f, 1 + i, i, "0-1");
    }
    assert_int_equal (f->nup, 3 + GROUP_HOLD_AFTER);
    int n = f->nresponses;
    for (int r = 0; r < 2; r++)
        input_reduce (f, i, r == 0 ? "0" : "1"); // waits for the answer
    assert_int_equal (f->nup, 3 + GROUP_HOLD_AFTER);
    answer (f, f->nup - 1, "group.hold", NULL, 0);
    assert_int_equal (f->nresponses, n + 2);
    assert_int_equal (result_of (f->responses[n], "0-1"), 0);
    input_reduce (f, i, "0"); // again
    assert_int_equal (result_of (f->responses[n + 2], "0-1"), 0);
    input_about (f, "group.recall", "{" WHO "}", (unsigned)getuid ());
    assert_int_equal (f->nup + f->nresponses, 3 + GROUP_HOLD_AFTER + n + 4);
    for (int r = 0; r < 2; r++)
        input_reduce (f, i + 1, r == 0 ? "0" : "1");
    flux_msg_get_topic (f->up[f->nup - 1], &topic);
    assert_string_equal (topic, "group.reduce");
    assert_int_equal (result_of (f->up[f->nup - 1], "0-1"), 0);
}

#define T(name, setup) cmocka_unit_test_setup_teardown (name, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        T (test_members, setup_root),      T (test_death, setup_root),
        T (test_tree, setup_inner),        T (test_lowest, setup_inner),
        T (test_broken_link, setup_inner), T (test_same_name, setup_root),
        T (test_late, setup_inner),        T (test_expected_failures, setup_root),
        T (test_limit, setup_root),        T (test_hold_root, setup_tree_root),
        T (test_hold_inner, setup_inner),  T (test_hold_lost, setup_tree_root),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
