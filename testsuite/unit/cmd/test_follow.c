/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a client has under way, from the bytes of its connection. */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <flux/request.h>
#include <flux/response.h>

#include "shell/cmd/follow.h"
#include "testsuite/unit/cmocka.h"

typedef void (*pass_f) (struct follow *f, const char *data, size_t len);

/* In pieces of `piece` bytes. */
static void pass (struct follow *f, pass_f way, flux_msg_t *msg, size_t piece)
{
    char data[1024];
    size_t size = (size_t)flux_msg_encode_size (msg);
    uint32_t head[2] = {0xffee0012, htonl ((uint32_t)size)};

    assert_true (size + sizeof (head) <= sizeof (data));
    memcpy (data, head, sizeof (head));
    assert_int_equal (flux_msg_encode (msg, data + sizeof (head), size), 0);
    flux_msg_destroy (msg);
    size += sizeof (head);
    for (size_t at = 0; at < size; at += piece) {
        way (f, data + at, size - at < piece ? size - at : piece);
        assert_int_equal (follow_is_whole (f), at + piece >= size);
    }
}

static void ask (struct follow *f, const char *topic, const char *payload, uint32_t tag, int flag)
{
    flux_msg_t *msg = flux_request_encode (topic, payload);

    assert_non_null (msg);
    flux_msg_route_enable (msg);
    flux_msg_set_matchtag (msg, tag);
    if (flag == FLUX_MSGFLAG_NORESPONSE)
        flux_msg_set_noresponse (msg);
    if (flag == FLUX_MSGFLAG_STREAMING)
        flux_msg_set_streaming (msg);
    pass (f, follow_up, msg, 7);
}

static void answer (struct follow *f, uint32_t tag, int errnum)
{
    flux_msg_t *msg =
        errnum ? flux_response_encode_error ("x", errnum, NULL) : flux_response_encode ("x", NULL);

    assert_non_null (msg);
    flux_msg_set_matchtag (msg, tag);
    pass (f, follow_down, msg, 1000);
}

static struct follow *start (void)
{
    struct follow *f = follow_create ();

    assert_non_null (f);
    assert_false (follow_is_whole (f));
    follow_down (f, "", 1); // the greeting
    assert_true (follow_is_whole (f));
    return f;
}

/* The next message of out: its topic, and its matchtag or error. */
static flux_msg_t *next (struct buf *out)
{
    uint32_t size;
    flux_msg_t *msg;

    assert_true (out->len > 8);
    memcpy (&size, out->data + 4, sizeof (size));
    size = ntohl (size);
    msg = flux_msg_decode (out->data + 8, size);
    assert_non_null (msg);
    buf_consume (out, size + 8);
    return msg;
}

static void expect_failure (struct buf *out, uint32_t tag)
{
    flux_msg_t *msg = next (out);
    uint32_t matchtag;
    int type, errnum;

    assert_int_equal (flux_msg_get_type (msg, &type), 0);
    assert_int_equal (type, FLUX_MSGTYPE_RESPONSE);
    assert_int_equal (flux_msg_get_errnum (msg, &errnum), 0);
    assert_int_equal (errnum, ECONNRESET);
    assert_int_equal (flux_msg_get_matchtag (msg, &matchtag), 0);
    assert_int_equal (matchtag, tag);
    flux_msg_destroy (msg);
}

static void expect_request (struct buf *out, const char *topic, const char *key, const char *name)
{
    flux_msg_t *msg = next (out);
    const char *s;

    assert_int_equal (flux_msg_get_topic (msg, &s), 0);
    assert_string_equal (s, topic);
    assert_true (flux_msg_is_noresponse (msg));
    assert_int_equal (flux_msg_unpack (msg, "{s:s}", key, &s), 0);
    assert_string_equal (s, name);
    flux_msg_destroy (msg);
}

static void test_requests_fail (void **state)
{
    struct follow *f = start ();
    struct buf out = {0};

    ask (f, "a.one", NULL, 1, 0);
    ask (f, "a.two", "{\"x\":1}", 2, 0);
    ask (f, "a.stream", NULL, 3, FLUX_MSGFLAG_STREAMING);
    ask (f, "a.over", NULL, 4, FLUX_MSGFLAG_STREAMING);
    ask (f, "a.none", NULL, 0, FLUX_MSGFLAG_NORESPONSE);
    answer (f, 1, 0);
    answer (f, 3, 0);
    answer (f, 3, 0);
    answer (f, 4, 0);
    answer (f, 4, ENODATA);
    answer (f, 99, 0); // nobody asked
    follow_fail (f, &out);
    expect_failure (&out, 2);
    expect_failure (&out, 3);
    assert_int_equal (out.len, 0);
    follow_fail (f, &out);
    assert_int_equal (out.len, 0);
    buf_clear (&out);
    follow_destroy (f);
}

static void test_restored (void **state)
{
    struct follow *f = start ();
    struct buf out = {0};

    ask (f, "event.subscribe", "{\"topic\":\"one\"}", 1, 0);
    answer (f, 1, 0);
    ask (f, "event.subscribe", "{\"topic\":\"two\"}", 0, FLUX_MSGFLAG_NORESPONSE);
    ask (f, "event.unsubscribe", "{\"topic\":\"one\"}", 2, 0);
    answer (f, 2, 0);
    ask (f, "service.add", "{\"service\":\"mine\"}", 3, 0);
    answer (f, 3, 0);
    ask (f, "service.add", "{\"service\":\"taken\"}", 4, 0);
    answer (f, 4, EEXIST);
    ask (f, "service.add", "{\"service\":\"asked\"}", 5, 0);
    ask (f, "event.subscribe", "{\"no\":1}", 0, FLUX_MSGFLAG_NORESPONSE);
    follow_fail (f, &out);
    expect_failure (&out, 5);
    assert_int_equal (out.len, 0);
    follow_restore (f, &out);
    expect_request (&out, "service.add", "service", "mine");
    expect_request (&out, "event.subscribe", "topic", "two");
    assert_int_equal (out.len, 0);
    buf_clear (&out);
    follow_destroy (f);
}

static void test_nonsense (void **state)
{
    struct follow *f = start ();

    follow_up (f, "GET / HTTP/1.0\r\n\r\n", 18);
    assert_false (follow_is_whole (f));
    follow_destroy (f);
    f = start ();
    follow_down (f, "\x12\0\xee\xff\xff\xff\xff\xff", 8); // 4 GiB
    assert_false (follow_is_whole (f));
    follow_destroy (f);
    follow_destroy (NULL);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_requests_fail),
        cmocka_unit_test (test_restored),
        cmocka_unit_test (test_nonsense),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
