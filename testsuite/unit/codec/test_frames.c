/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The bytes on the wire. The golden ones were written down by hand from the grammar of RFC 3. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/event.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/blob.h"
#include "lib/codec/frames.h"
#include "testsuite/unit/cmocka.h"

#define GOLDEN(s) s, sizeof (s) - 1

static flux_msg_t *make_request (void)
{
    flux_msg_t *msg = flux_request_encode ("kvs.ping", "{}");
    flux_msg_set_matchtag (msg, 0x01020304);
    flux_msg_set_cred (msg, (struct flux_msg_cred){1000, 5});
    flux_msg_route_push (msg, "aa");
    flux_msg_route_push (msg, "b");
    return msg;
}

static flux_msg_t *make_response (void)
{
    flux_msg_t *msg = flux_response_encode_error ("x", 38, NULL);
    flux_msg_set_matchtag (msg, 1);
    return msg;
}

static flux_msg_t *make_event (void)
{
    flux_msg_t *msg = flux_event_encode_raw ("job.x", "\0\1", 2);
    flux_msg_set_seq (msg, 258);
    flux_msg_set_private (msg);
    return msg;
}

static flux_msg_t *make_control (void)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_CONTROL);
    flux_msg_set_control (msg, 2, 1);
    return msg;
}

static flux_msg_t *make_upstream (void)
{
    flux_msg_t *msg = flux_request_encode ("a", NULL);
    flux_msg_set_nodeid (msg, 3);
    flux_msg_set_flag (msg, FLUX_MSGFLAG_UPSTREAM);
    flux_msg_set_noresponse (msg);
    return msg;
}

static const struct {
    flux_msg_t *(*make) (void);
    const char *bytes;
    size_t len;
} golden[] = {
    {make_request, GOLDEN ("\001b\002aa\000\010kvs.ping\003{}\000"
                           "\024\x8e\001\001\x0b\000\000\003\xe8\000\000\000\005"
                           "\377\377\377\377\001\002\003\004")},
    {make_response, GOLDEN ("\000\001x"
                            "\024\x8e\001\002\x09\377\377\377\377\000\000\000\000"
                            "\000\000\000\046\000\000\000\001")},
    {make_event, GOLDEN ("\005job.x\002\000\001"
                         "\024\x8e\001\004\x23\377\377\377\377\000\000\000\000"
                         "\000\000\001\002\000\000\000\000")},
    {make_control, GOLDEN ("\024\x8e\001\010\x00\377\377\377\377\000\000\000\000"
                           "\000\000\000\002\000\000\000\001")},
    {make_upstream, GOLDEN ("\000\001a"
                            "\024\x8e\001\001\x1d\377\377\377\377\000\000\000\000"
                            "\000\000\000\003\000\000\000\000")},
};
#define GOLDEN_COUNT (sizeof (golden) / sizeof (golden[0]))

static void assert_encodes (const flux_msg_t *msg, const char *bytes, size_t len)
{
    char buf[512];

    assert_int_equal (flux_msg_encode_size (msg), len);
    assert_int_equal (flux_msg_encode (msg, buf, sizeof (buf)), 0);
    assert_memory_equal (buf, bytes, len);
    assert_int_equal (flux_msg_encode (msg, buf, len - 1), -1);
    assert_int_equal (errno, EINVAL);
}

static void test_golden (void **state)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        flux_msg_t *msg = golden[i].make ();
        assert_encodes (msg, golden[i].bytes, golden[i].len);
        flux_msg_destroy (msg);
        msg = flux_msg_decode (golden[i].bytes, golden[i].len);
        assert_non_null (msg);
        assert_encodes (msg, golden[i].bytes, golden[i].len);
        flux_msg_destroy (msg);
    }
}

/* Every prefix is refused; copied to memory of its size, so that a checker sees reads past it. */
static void test_truncated (void **state)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        for (size_t n = 0; n < golden[i].len; n++) {
            char *p = malloc (n + 1);
            memcpy (p, golden[i].bytes, n);
            p = realloc (p, n ? n : 1);
            errno = 0;
            assert_null (flux_msg_decode (p, n));
            assert_int_equal (errno, EPROTO);
            free (p);
        }
    }
}

static void test_changed_byte (void **state)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        char *p = malloc (golden[i].len);
        for (size_t n = 0; n < golden[i].len; n++) {
            for (int v = 0; v < 256; v++) {
                memcpy (p, golden[i].bytes, golden[i].len);
                p[n] = v;
                flux_msg_t *msg = flux_msg_decode (p, golden[i].len);
                if (msg) { // then it is as good as any, shorter by the NULs that ended texts
                    assert_true (flux_msg_encode_size (msg) <= (ssize_t)golden[i].len);
                    assert_int_equal (flux_msg_encode (msg, p, golden[i].len), 0);
                }
                flux_msg_destroy (msg);
            }
        }
        free (p);
    }
}

#define PROTO(type, flags)                                                                         \
    "\024\x8e\001" type flags "----"                                                               \
    "----"                                                                                         \
    "----"                                                                                         \
    "----"

static void test_hostile (void **state)
{
    static const struct {
        const char *what;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"no type", GOLDEN (PROTO ("\000", "\000"))},
        {"two types", GOLDEN (PROTO ("\003", "\000"))},
        {"unknown type", GOLDEN (PROTO ("\020", "\000"))},
        {"streaming and noresponse", GOLDEN ("\000\001a" PROTO ("\001", "\x4d"))},
        {"topic is missing", GOLDEN ("\000" PROTO ("\001", "\x09"))},
        {"one part too many", GOLDEN ("\000\001a\001b" PROTO ("\001", "\x09"))},
        {"no delimiter", GOLDEN ("\001r" PROTO ("\001", "\x08"))},
        {"topic with NUL", GOLDEN ("\000\003a\000b" PROTO ("\001", "\x09"))},
        {"route with NUL", GOLDEN ("\003a\000b\000\001a" PROTO ("\001", "\x09"))},
        {"empty route", GOLDEN ("\001\000\000\001a" PROTO ("\001", "\x09"))},
        {"proto is short", GOLDEN ("\000\001a\002\x8e\001")},
        {"wrong magic", GOLDEN ("\024\x8f\001\010\000----------------")},
        {"wrong version", GOLDEN ("\024\x8e\002\010\000----------------")},
        {"length past the end", GOLDEN ("\377\377\377\377\377" PROTO ("\010", "\000"))},
        {"length is cut", GOLDEN ("\377\000\000")},
        {"nothing", GOLDEN ("")},
    };
    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++) {
        errno = 0;
        flux_msg_t *msg = flux_msg_decode (rows[i].bytes, rows[i].len);
        if (msg || errno != EPROTO)
            fail_msg ("%s: was not refused", rows[i].what);
    }
    assert_null (flux_msg_decode (NULL, 3));
}

/* RFC 3 has text with its NUL, flux-core sends it without: both are understood. */
static void test_text_with_nul (void **state)
{
    flux_msg_t *msg = flux_msg_decode (GOLDEN ("\002r\000\000\002a\000" PROTO ("\001", "\x09")));
    const char *s;

    assert_non_null (msg);
    assert_int_equal (flux_msg_get_topic (msg, &s), 0);
    assert_string_equal (s, "a");
    assert_string_equal (flux_msg_route_first (msg), "r");
    flux_msg_destroy (msg);
}

/* Lengths from 255 on take the long form. */
static void test_long_parts (void **state)
{
    static const size_t lens[] = {253, 254, 255, 256, 70000};

    for (size_t i = 0; i < sizeof (lens) / sizeof (lens[0]); i++) {
        char *data = calloc (1, lens[i]);
        flux_msg_t *msg = flux_request_encode_raw ("a", data, lens[i]);
        size_t size = flux_msg_encode_size (msg);
        unsigned char *buf = malloc (size);
        assert_int_equal (size, 3 + (lens[i] < 255 ? 1 : 5) + lens[i] + 21);
        assert_int_equal (flux_msg_encode (msg, buf, size), 0);
        assert_int_equal (buf[3], lens[i] < 255 ? lens[i] : 255);
        flux_msg_destroy (msg);
        msg = flux_msg_decode (buf, size);
        const void *p;
        size_t len;
        assert_int_equal (flux_msg_get_payload (msg, &p, &len), 0);
        assert_int_equal (len, lens[i]);
        assert_memory_equal (p, data, len);
        flux_msg_destroy (msg);
        free (buf);
        free (data);
    }
}

static int released;
static void release (void *arg)
{
    released++;
}

static void test_frames (void **state)
{
    flux_msg_t *msg = make_request ();
    unsigned char proto[CODEC_PROTO_SIZE];
    struct frame f[8];

    assert_int_equal (msg_frames (msg, proto, f, 6), 6);
    assert_int_equal (msg_frames (msg, proto, f, 5), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_memory_equal (f[0].data, "b", 1);
    assert_memory_equal (f[1].data, "aa", 2);
    assert_int_equal (f[2].len, 0);
    assert_memory_equal (f[3].data, "kvs.ping", 8);
    assert_int_equal (f[4].len, 3);
    assert_ptr_equal (f[5].data, proto);
    flux_msg_t *cpy = msg_from_frames (f, 6, NULL);
    assert_encodes (cpy, golden[0].bytes, golden[0].len);
    flux_msg_destroy (cpy);

    // the payload stays in the memory of its owner until the message goes
    struct blob *owner = blob_wrap ((void *)f[4].data, f[4].len, release, NULL);
    cpy = msg_from_frames (f, 6, owner);
    blob_decref (owner);
    const void *p;
    assert_int_equal (flux_msg_get_payload (cpy, &p, NULL), 0);
    assert_ptr_equal (p, f[4].data);
    assert_int_equal (released, 0);
    flux_msg_destroy (cpy);
    assert_int_equal (released, 1);
    flux_msg_destroy (msg);

    assert_null (msg_from_frames (f, 0, NULL));
    struct frame many[CODEC_FRAMES_MAX + 1];
    for (int i = 0; i < CODEC_FRAMES_MAX + 1; i++)
        many[i] = (struct frame){"r", 1};
    many[CODEC_FRAMES_MAX] = (struct frame){proto, CODEC_PROTO_SIZE};
    assert_null (msg_from_frames (many, CODEC_FRAMES_MAX + 1, NULL));
    assert_int_equal (errno, EPROTO);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_golden),        cmocka_unit_test (test_truncated),
        cmocka_unit_test (test_changed_byte),  cmocka_unit_test (test_hostile),
        cmocka_unit_test (test_text_with_nul), cmocka_unit_test (test_long_parts),
        cmocka_unit_test (test_frames),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
