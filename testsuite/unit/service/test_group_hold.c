/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where the operations of groups end. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <flux/request.h>
#include <flux/response.h>

#include "shell/broker/router_overlay.h"
#include "testsuite/unit/service/group_rig.h"

static void input_json (struct fixture *f, const char *topic, const char *json)
{
    flux_msg_t *msg = flux_request_encode (topic, json);

    flux_msg_set_matchtag (msg, 9);
    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "peer");
    flux_msg_set_nodeid (msg, router_rank (f->rt));
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    router_input_peer (f->rt, msg, router_rank (f->rt) > 0);
    rig_turn (f);
}

static void input_reduce (struct fixture *f, uint32_t seq, const char *have)
{
    flux_msg_t *msg = rig_reduce (GROUP_SUM_INT, seq, have, NULL, 1);

    flux_msg_route_enable (msg);
    flux_msg_route_push (msg, "peer");
    flux_msg_set_nodeid (msg, router_rank (f->rt));
    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), FLUX_ROLE_OWNER});
    router_input_peer (f->rt, msg, false);
    rig_turn (f);
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
    rig_turn (f);
}

static void answer_result (struct fixture *f, int which, uint32_t seq, const char *have)
{
    flux_msg_t *frame = rig_reduce (GROUP_SUM_INT, seq, have, NULL, 2);
    const void *data;
    size_t len;

    flux_msg_t *msg = flux_response_derive (f->up[which], 0);
    flux_msg_get_payload (frame, &data, &len);
    flux_msg_set_payload (msg, data, len);
    router_input_peer (f->rt, msg, router_rank (f->rt) > 0);
    rig_turn (f);
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
    rig_turn (f);
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
    assert_int_equal (rig_result (f->responses[n + 1], "0-1"), 0);
    input_reduce (f, 3, "1"); // nobody has it: it failed
    for (int i = f->nup - 3; i < f->nup; i++)
        answer (f, i, "group.result", NULL, ENOENT);
    assert_int_equal (rig_result (f->responses[n + 2], NULL), EHOSTUNREACH);
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
    rig_turn (f);
    input_reduce (f, 7, "0");
    assert_int_equal (f->nup, sent + 2);
    answer (f, sent, "group.where", "{\"seq\":7}", 0);
    assert_int_equal (f->nresponses, n);
    group_service_rank_lost (f->groups, 4); // need not answer
    rig_turn (f);
    assert_int_equal (f->nresponses, n + 1); // and has died before it came
    assert_int_equal (rig_result (f->responses[n], NULL), EHOSTUNREACH);
    assert_int_equal (next_seq (f), 8);
    answer (f, sent + 1, "group.where", NULL, EHOSTUNREACH); // late
    input_reduce (f, 8, "0");                                // alone now
    assert_int_equal (rig_result (f->responses[f->nresponses - 1], "0"), 0);
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
    assert_int_equal (rig_result (f->responses[n], "0-1"), 0);
    input_reduce (f, i, "0"); // again
    assert_int_equal (rig_result (f->responses[n + 2], "0-1"), 0);
    input_about (f, "group.recall", "{" WHO "}", (unsigned)getuid ());
    assert_int_equal (f->nup + f->nresponses, 3 + GROUP_HOLD_AFTER + n + 4);
    for (int r = 0; r < 2; r++)
        input_reduce (f, i + 1, r == 0 ? "0" : "1");
    flux_msg_get_topic (f->up[f->nup - 1], &topic);
    assert_string_equal (topic, "group.reduce");
    assert_int_equal (rig_result (f->up[f->nup - 1], "0-1"), 0);
}

#define T(name, setup) cmocka_unit_test_setup_teardown (name, setup, rig_teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        T (test_hold_root, rig_setup_tree_root),
        T (test_hold_inner, rig_setup_inner),
        T (test_hold_lost, rig_setup_tree_root),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
