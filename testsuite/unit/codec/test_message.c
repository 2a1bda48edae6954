/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/event.h>
#include <flux/message.h>
#include <flux/msglist.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/limits.h"
#include "lib/codec/payload.h"
#include "testsuite/unit/cmocka.h"

#define assert_fails(expr, errnum)                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        assert_int_equal ((expr), -1);                                                             \
        assert_int_equal (errno, errnum);                                                          \
    } while (0)

static void test_first_values (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    uint32_t u;
    struct flux_msg_cred cred;
    int type;

    assert_non_null (msg);
    assert_int_equal (flux_msg_get_type (msg, &type), 0);
    assert_int_equal (type, FLUX_MSGTYPE_REQUEST);
    assert_int_equal (flux_msg_get_nodeid (msg, &u), 0);
    assert_true (u == FLUX_NODEID_ANY);
    assert_int_equal (flux_msg_get_matchtag (msg, &u), 0);
    assert_int_equal (u, FLUX_MATCHTAG_NONE);
    assert_int_equal (flux_msg_get_cred (msg, &cred), 0);
    assert_true (cred.userid == FLUX_USERID_UNKNOWN);
    assert_int_equal (cred.rolemask, FLUX_ROLE_NONE);
    assert_false (flux_msg_has_payload (msg));
    assert_int_equal (flux_msg_route_count (msg), -1);
    flux_msg_destroy (msg);
    flux_msg_destroy (NULL);
    assert_null (flux_msg_create (FLUX_MSGTYPE_ANY));
    assert_null (flux_msg_create (0));
}

/* A field belongs to some types: there it can be set and got, elsewhere set is EINVAL, get EPROTO.
 */
static int set_nodeid (flux_msg_t *m, uint32_t v)
{
    return flux_msg_set_nodeid (m, v);
}
static int set_errnum (flux_msg_t *m, uint32_t v)
{
    return flux_msg_set_errnum (m, v);
}
static int get_errnum (const flux_msg_t *m, uint32_t *v)
{
    return flux_msg_get_errnum (m, (int *)v);
}
static int set_status (flux_msg_t *m, uint32_t v)
{
    return flux_msg_set_control (m, 3, v);
}
static int get_status (const flux_msg_t *m, uint32_t *v)
{
    return flux_msg_get_control (m, NULL, (int *)v);
}

static const struct {
    int types;
    int (*set) (flux_msg_t *m, uint32_t v);
    int (*get) (const flux_msg_t *m, uint32_t *v);
} fields[] = {
    {FLUX_MSGTYPE_REQUEST, set_nodeid, flux_msg_get_nodeid},
    {FLUX_MSGTYPE_REQUEST | FLUX_MSGTYPE_RESPONSE, flux_msg_set_matchtag, flux_msg_get_matchtag},
    {FLUX_MSGTYPE_RESPONSE, set_errnum, get_errnum},
    {FLUX_MSGTYPE_EVENT, flux_msg_set_seq, flux_msg_get_seq},
    {FLUX_MSGTYPE_CONTROL, set_status, get_status},
    {FLUX_MSGTYPE_ANY, flux_msg_set_userid, flux_msg_get_userid},
    {FLUX_MSGTYPE_ANY, flux_msg_set_rolemask, flux_msg_get_rolemask},
};

static void test_fields (void **state)
{
    for (int type = 1; type <= 8; type *= 2) {
        flux_msg_t *msg = flux_msg_create (type);
        for (size_t i = 0; i < sizeof (fields) / sizeof (fields[0]); i++) {
            uint32_t v = 0;
            if (fields[i].types & type) {
                assert_int_equal (fields[i].set (msg, 77 + i), 0);
                assert_int_equal (fields[i].get (msg, &v), 0);
                assert_int_equal (v, 77 + i);
            } else {
                assert_fails (fields[i].set (msg, 1), EINVAL);
                assert_fails (fields[i].get (msg, &v), EPROTO);
            }
            assert_fails (fields[i].set (NULL, 1), EINVAL);
            assert_fails (fields[i].get (NULL, &v), EINVAL);
        }
        flux_msg_destroy (msg);
    }
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    assert_fails (flux_msg_set_nodeid (msg, FLUX_NODEID_UPSTREAM), EINVAL);
    flux_msg_destroy (msg);
}

static void test_flags (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    assert_int_equal (flux_msg_set_streaming (msg), 0);
    assert_true (flux_msg_is_streaming (msg));
    assert_int_equal (flux_msg_set_noresponse (msg), 0);
    assert_true (flux_msg_is_noresponse (msg));
    assert_false (flux_msg_is_streaming (msg));
    assert_int_equal (flux_msg_set_private (msg), 0);
    assert_true (flux_msg_is_private (msg));
    assert_int_equal (flux_msg_set_flag (msg, FLUX_MSGFLAG_USER1), 0);
    assert_true (flux_msg_has_flag (msg, FLUX_MSGFLAG_USER1));
    assert_int_equal (flux_msg_clear_flag (msg, FLUX_MSGFLAG_USER1), 0);
    assert_false (flux_msg_has_flag (msg, FLUX_MSGFLAG_USER1));
    assert_fails (flux_msg_set_flag (msg, 0x100), EINVAL);
    assert_fails (flux_msg_set_flag (msg, FLUX_MSGFLAG_STREAMING | FLUX_MSGFLAG_NORESPONSE),
                  EINVAL);
    assert_true (flux_msg_is_private (NULL));
    flux_msg_destroy (msg);
}

static void test_topic (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    char *lng = calloc (1, CODEC_TOPIC_MAX + 2);
    const char *s;

    assert_fails (flux_msg_get_topic (msg, &s), EPROTO);
    memset (lng, 'x', CODEC_TOPIC_MAX);
    const char *topics[] = {"a", lng, "kvs.lookup", lng, lng, ""};
    for (int i = 0; i < 6; i++) {
        assert_int_equal (flux_msg_set_topic (msg, topics[i]), 0);
        assert_int_equal (flux_msg_get_topic (msg, &s), 0);
        assert_string_equal (s, topics[i]);
    }
    lng[CODEC_TOPIC_MAX] = 'x';
    assert_fails (flux_msg_set_topic (msg, lng), EINVAL);
    // a tail of its own topic
    flux_msg_set_topic (msg, "kvs.lookup");
    flux_msg_get_topic (msg, &s);
    assert_int_equal (flux_msg_set_topic (msg, s + 4), 0);
    flux_msg_get_topic (msg, &s);
    assert_string_equal (s, "lookup");
    assert_int_equal (flux_msg_set_topic (msg, NULL), 0);
    assert_false (flux_msg_has_flag (msg, FLUX_MSGFLAG_TOPIC));
    free (lng);
    flux_msg_destroy (msg);

    msg = flux_msg_create (FLUX_MSGTYPE_CONTROL);
    assert_fails (flux_msg_set_topic (msg, "x"), EINVAL);
    flux_msg_destroy (msg);
}

static void test_payload (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    const char *s = "x";
    const void *data;
    size_t len;

    assert_int_equal (flux_msg_get_string (msg, &s), 0);
    assert_null (s);
    assert_fails (flux_msg_get_payload (msg, &data, &len), EPROTO);
    assert_int_equal (flux_msg_set_payload (msg, "abc", 3), 0);
    assert_fails (flux_msg_get_string (msg, &s), EPROTO);
    assert_int_equal (flux_msg_set_string (msg, "a longer one"), 0);
    assert_int_equal (flux_msg_set_string (msg, "short"), 0);
    assert_int_equal (flux_msg_get_payload (msg, &data, &len), 0);
    assert_int_equal (len, 6);
    // a piece of its own payload
    assert_int_equal (flux_msg_set_payload (msg, (char *)data + 1, 3), 0);
    assert_int_equal (flux_msg_get_payload (msg, &data, &len), 0);
    assert_memory_equal (data, "hor", 3);
    assert_int_equal (flux_msg_set_payload (msg, data, 0), 0);
    assert_false (flux_msg_has_payload (msg));
    flux_msg_destroy (msg);
}

static void test_json (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    const char *s;
    int i, j;

    assert_int_equal (flux_msg_pack (msg, "{s:i s:s}", "n", 42, "t", "text"), 0);
    assert_int_equal (flux_msg_get_string (msg, &s), 0);
    assert_string_equal (s, "{\"n\":42,\"t\":\"text\"}");
    assert_int_equal (flux_msg_unpack (msg, "{s:i s:s}", "n", &i, "t", &s), 0);
    assert_int_equal (i, 42);
    assert_string_equal (s, "text");
    assert_string_equal (flux_msg_last_error (msg), "");
    assert_fails (flux_msg_unpack (msg, "{s:i}", "none", &j), EPROTO);
    assert_string_not_equal (flux_msg_last_error (msg), "");
    // a new payload forgets what was parsed
    assert_int_equal (flux_msg_set_string (msg, "{\"n\":43}"), 0);
    assert_int_equal (flux_msg_unpack (msg, "{s:i}", "n", &i), 0);
    assert_int_equal (i, 43);
    assert_fails (flux_msg_pack (msg, "[i]", 1), EINVAL);
    assert_fails (flux_msg_pack (msg, "{s:", "x"), EINVAL);
    const char *bad[] = {"[1]", "{", "", "3", "{\"a\":1}x"};
    for (size_t k = 0; k < sizeof (bad) / sizeof (bad[0]); k++) {
        flux_msg_set_string (msg, bad[k]);
        assert_fails (flux_msg_unpack (msg, "{}"), EPROTO);
        assert_string_not_equal (flux_msg_last_error (msg), "");
    }
    assert_string_not_equal (flux_msg_last_error (NULL), "");
    flux_msg_destroy (msg);
}

/* Deep nesting is refused by the parser's own limit; it must not exhaust the stack. */
static void test_json_bomb (void **state)
{
    size_t depth = 1 << 20;
    char *s = malloc (depth + 1);
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    memset (s, '[', depth);
    s[depth] = '\0';
    memcpy (s, "{\"a\":", 5);
    assert_int_equal (flux_msg_set_string (msg, s), 0);
    assert_fails (flux_msg_unpack (msg, "{}"), EPROTO);
    flux_msg_destroy (msg);
    free (s);
}

static void count_free (void *arg)
{
    ++*(int *)arg;
}

static void test_copy_shares (void **state)
{
    flux_msg_t *msg = flux_request_encode ("a.b", "payload");
    int freed = 0;

    flux_msg_route_push (msg, "one");
    flux_msg_route_push (msg, "two");
    flux_msg_set_matchtag (msg, 5);
    flux_msg_aux_set (msg, "x", &freed, count_free);
    flux_msg_t *cpy = flux_msg_copy (msg, true);
    assert_ptr_equal (msg_payload_blob (cpy), msg_payload_blob (msg));
    assert_null (flux_msg_aux_get (cpy, "x"));
    assert_ptr_equal (flux_msg_aux_get (msg, "x"), &freed);
    flux_msg_route_delete_last (cpy);
    assert_int_equal (flux_msg_route_count (cpy), 1);
    assert_int_equal (flux_msg_route_count (msg), 2);
    assert_ptr_equal (flux_msg_incref (msg), msg);
    flux_msg_destroy (msg);
    assert_int_equal (freed, 0);
    flux_msg_decref (msg);
    assert_int_equal (freed, 1);
    const char *topic, *s;
    assert_int_equal (flux_request_decode (cpy, &topic, &s), 0);
    assert_string_equal (topic, "a.b");
    assert_string_equal (s, "payload");
    msg = flux_msg_copy (cpy, false);
    assert_false (flux_msg_has_payload (msg));
    assert_int_equal (flux_request_decode (msg, &topic, &s), 0);
    assert_null (s);
    flux_msg_destroy (msg);
    flux_msg_destroy (cpy);
}

static void test_routes (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    flux_msg_t *other = flux_msg_create (FLUX_MSGTYPE_REQUEST);
    char id[64];

    assert_fails (flux_msg_route_push (msg, "x"), EPROTO);
    assert_fails (flux_msg_route_delete_last (msg), EPROTO);
    assert_null (flux_msg_route_string (msg));
    flux_msg_route_enable (msg);
    assert_int_equal (flux_msg_route_count (msg), 0);
    assert_null (flux_msg_route_first (msg));
    assert_null (flux_msg_route_last (msg));
    assert_int_equal (flux_msg_route_delete_last (msg), 0);
    assert_true (flux_msg_route_match_first (msg, other));
    for (int i = 0; i < CODEC_ROUTES_MAX; i++) {
        snprintf (id, sizeof (id), "%08d-aaaa-bbbb-cccc-0123456789ab", i);
        assert_int_equal (flux_msg_route_push (msg, id), 0);
        assert_string_equal (flux_msg_route_last (msg), id);
    }
    assert_fails (flux_msg_route_push (msg, "x"), EINVAL);
    assert_fails (flux_msg_route_push (msg, ""), EINVAL);
    assert_memory_equal (flux_msg_route_first (msg), "00000000-", 9);
    assert_false (flux_msg_route_match_first (msg, other));
    for (int i = CODEC_ROUTES_MAX - 1; i > 1; i--) {
        assert_int_equal (atoi (flux_msg_route_last (msg)), i);
        assert_int_equal (flux_msg_route_delete_last (msg), 0);
    }
    char *s = flux_msg_route_string (msg);
    assert_string_equal (s, "00000000!00000001");
    free (s);
    flux_msg_route_clear (msg);
    assert_int_equal (flux_msg_route_count (msg), 0);
    flux_msg_route_disable (msg);
    assert_int_equal (flux_msg_route_count (msg), -1);
    flux_msg_destroy (msg);
    flux_msg_destroy (other);
}

static void test_match (void **state)
{
    static const struct {
        int typemask;
        uint32_t matchtag;
        const char *glob;
        bool match;
    } rows[] = {
        {0, 0, NULL, true},
        {FLUX_MSGTYPE_ANY, 0, "*", true},
        {FLUX_MSGTYPE_REQUEST, 0, NULL, false},
        {FLUX_MSGTYPE_REQUEST | FLUX_MSGTYPE_RESPONSE, 0, "", true},
        {FLUX_MSGTYPE_RESPONSE, 9, "kvs.lookup", true},
        {FLUX_MSGTYPE_RESPONSE, 8, "kvs.lookup", false},
        {FLUX_MSGTYPE_RESPONSE, 9, "kvs", false},
        {FLUX_MSGTYPE_RESPONSE, 0, "kvs.*", true},
        {FLUX_MSGTYPE_RESPONSE, 0, "kvs.looku[op]", true},
        {FLUX_MSGTYPE_RESPONSE, 0, "?kvs.lookup", false},
    };
    flux_msg_t *msg = flux_response_encode ("kvs.lookup", NULL);

    flux_msg_set_matchtag (msg, 9);
    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++)
        assert_int_equal (
            flux_msg_cmp (msg, flux_match_init (rows[i].typemask, rows[i].matchtag, rows[i].glob)),
            rows[i].match);
    // on its way to somebody else
    flux_msg_route_push (msg, "x");
    assert_false (flux_msg_cmp_matchtag (msg, 9));
    flux_msg_destroy (msg);

    struct flux_match m = FLUX_MATCH_EVENT;
    assert_int_equal (flux_match_asprintf (&m, "%s.*", "job"), 0);
    assert_string_equal (m.topic_glob, "job.*");
    msg = flux_event_encode ("job.state", NULL);
    assert_true (flux_msg_cmp (msg, m));
    flux_match_free (m);
    flux_msg_destroy (msg);
}

static void test_authorize (void **state)
{
    static const struct {
        struct flux_msg_cred cred;
        uint32_t userid;
        int rc;
    } rows[] = {
        {{100, FLUX_ROLE_OWNER}, 200, 0},
        {{100, FLUX_ROLE_USER}, 100, 0},
        {{100, FLUX_ROLE_USER | FLUX_ROLE_LOCAL}, 100, 0},
        {{100, FLUX_ROLE_USER}, 200, -1},
        {{100, FLUX_ROLE_NONE}, 100, -1},
        {{100, FLUX_ROLE_ADMIN}, 100, -1},
        {{FLUX_USERID_UNKNOWN, FLUX_ROLE_USER}, FLUX_USERID_UNKNOWN, -1},
    };
    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++) {
        errno = 0;
        assert_int_equal (flux_msg_cred_authorize (rows[i].cred, rows[i].userid), rows[i].rc);
        assert_int_equal (errno, rows[i].rc ? EPERM : 0);
    }
    flux_msg_t *msg = flux_request_encode ("x", NULL);
    assert_false (flux_msg_is_local (msg));
    flux_msg_set_cred (msg, (struct flux_msg_cred){3, FLUX_ROLE_USER | FLUX_ROLE_LOCAL});
    assert_true (flux_msg_is_local (msg));
    assert_int_equal (flux_msg_authorize (msg, 3), 0);
    assert_fails (flux_msg_authorize (msg, 4), EPERM);
    flux_msg_destroy (msg);
}

static void test_response (void **state)
{
    flux_msg_t *req = flux_request_encode ("a.b", "in");
    const char *topic, *s;
    int errnum;
    uint32_t u;

    flux_msg_set_matchtag (req, 7);
    flux_msg_set_streaming (req);
    flux_msg_route_push (req, "client");
    flux_msg_set_cred (req, (struct flux_msg_cred){3, FLUX_ROLE_OWNER});
    flux_msg_t *rep = flux_response_derive (req, 0);
    assert_int_equal (flux_response_decode (rep, &topic, &s), 0);
    assert_string_equal (topic, "a.b");
    assert_null (s);
    assert_int_equal (flux_msg_get_matchtag (rep, &u), 0);
    assert_int_equal (u, 7);
    flux_msg_get_userid (rep, &u);
    assert_true (u == FLUX_USERID_UNKNOWN);
    assert_true (flux_msg_is_streaming (rep));
    assert_string_equal (flux_msg_route_last (rep), "client");
    assert_fails (flux_response_decode_error (rep, &s), ENOENT);
    flux_msg_destroy (rep);
    rep = flux_response_derive (req, ENOENT);
    assert_fails (flux_response_decode (rep, NULL, NULL), ENOENT);
    assert_fails (flux_response_decode_error (rep, &s), ENOENT);
    flux_msg_set_string (rep, "no such thing");
    assert_int_equal (flux_response_decode_error (rep, &s), 0);
    assert_string_equal (s, "no such thing");
    flux_msg_destroy (rep);
    flux_msg_set_noresponse (req);
    assert_null (flux_response_derive (req, 0));
    assert_fails (flux_response_decode (req, NULL, NULL), EPROTO);
    flux_msg_destroy (req);
    rep = flux_response_encode_error ("t", EPERM, "no");
    assert_int_equal (flux_msg_get_errnum (rep, &errnum), 0);
    assert_int_equal (errnum, EPERM);
    assert_int_equal (flux_msg_route_count (rep), 0);
    flux_msg_destroy (rep);
    assert_null (flux_response_encode_error ("t", 0, NULL));
    assert_null (flux_request_encode (NULL, NULL));
}

static void test_event (void **state)
{
    flux_msg_t *msg = flux_event_pack ("job.x", "{s:i}", "id", 3);
    const char *topic;
    const void *data;
    size_t len;
    int id;

    assert_int_equal (flux_msg_route_count (msg), -1);
    assert_int_equal (flux_event_unpack (msg, &topic, "{s:i}", "id", &id), 0);
    assert_int_equal (id, 3);
    assert_fails (flux_event_unpack (msg, NULL, "{s:i}", "nix", &id), EPROTO);
    assert_fails (flux_request_decode_raw (msg, NULL, &data, &len), EPROTO);
    flux_msg_destroy (msg);
    msg = flux_event_encode_raw ("x", "ab", 2);
    assert_int_equal (flux_event_decode_raw (msg, &topic, &data, &len), 0);
    assert_int_equal (len, 2);
    flux_msg_destroy (msg);
    assert_null (flux_event_pack ("x", "[]"));
}

static void test_msglist (void **state)
{
    struct flux_msglist *l = flux_msglist_create ();
    const flux_msg_t *m;
    uint32_t seq;
    int seen = 0;

    assert_null (flux_msglist_first (l));
    for (int i = 0; i < 5; i++) {
        flux_msg_t *msg = flux_event_encode ("x", NULL);
        flux_msg_set_seq (msg, i);
        assert_int_equal (flux_msglist_append (l, msg), 0);
        flux_msg_destroy (msg);
    }
    for (m = flux_msglist_first (l); m; m = flux_msglist_next (l)) {
        flux_msg_get_seq (m, &seq);
        seen = seen * 10 + seq;
        if (seq % 2 == 0)
            flux_msglist_delete (l);
    }
    assert_int_equal (seen, 1234);
    assert_int_equal (flux_msglist_count (l), 2);
    m = flux_msglist_pop (l);
    flux_msg_get_seq (m, &seq);
    assert_int_equal (seq, 1);
    assert_int_equal (flux_msglist_push (l, m), 0);
    flux_msg_decref (m);
    flux_msg_get_seq (flux_msglist_last (l), &seq);
    assert_int_equal (seq, 3);
    assert_fails (flux_msglist_append (l, NULL), EINVAL);
    flux_msglist_destroy (l);
}

static void test_print (void **state)
{
    char *out;
    size_t len;
    FILE *f = open_memstream (&out, &len);
    flux_msg_t *msg = flux_request_encode ("a.b", "{}");

    flux_msg_set_cred (msg, (struct flux_msg_cred){5, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL});
    flux_msg_set_matchtag (msg, 2);
    flux_msg_route_push (msg, "0123456789");
    flux_msg_fprint (f, msg);
    flux_msg_set_payload (msg, "\1\2\377", 3);
    flux_msg_fprint_ts (f, msg, 1.5);
    flux_msg_fprint (f, NULL);
    fclose (f);
    assert_string_equal (out, "--------------------------------------\n"
                              "> a.b\n"
                              "> flags=topic,payload,route userid=5 rolemask=owner,local"
                              " nodeid=any matchtag=2\n"
                              "> |01234567|\n"
                              "> {}\n"
                              "--------------------------------------\n"
                              "> 1.50000\n"
                              "> a.b\n"
                              "> flags=topic,payload,route userid=5 rolemask=owner,local"
                              " nodeid=any matchtag=2\n"
                              "> |01234567|\n"
                              "> 0102FF\n"
                              "--------------------------------------\nNULL\n");
    free (out);
    flux_msg_destroy (msg);
    assert_string_equal (flux_msg_typestr (FLUX_MSGTYPE_EVENT), "event");
    assert_string_equal (flux_msg_typestr (0), "unknown");
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_first_values), cmocka_unit_test (test_fields),
        cmocka_unit_test (test_flags),        cmocka_unit_test (test_topic),
        cmocka_unit_test (test_payload),      cmocka_unit_test (test_json),
        cmocka_unit_test (test_json_bomb),    cmocka_unit_test (test_copy_shares),
        cmocka_unit_test (test_routes),       cmocka_unit_test (test_match),
        cmocka_unit_test (test_authorize),    cmocka_unit_test (test_response),
        cmocka_unit_test (test_event),        cmocka_unit_test (test_msglist),
        cmocka_unit_test (test_print),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
