/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <flux/request.h>

#include "lib/codec/limits.h"
#include "lib/codec/msgio.h"
#include "lib/util/fdutil.h"
#include "testsuite/unit/cmocka.h"

struct pair {
    struct msgio *a;
    struct msgio *b;
};

static struct pair pair_create (void)
{
    int fd[2];

    assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, fd), 0);
    return (struct pair){msgio_create (fd[0]), msgio_create (fd[1])};
}

static void pair_destroy (struct pair p)
{
    msgio_destroy (p.a);
    msgio_destroy (p.b);
}

static void send_tagged (struct msgio *io, uint32_t tag, const void *data, size_t len)
{
    flux_msg_t *msg = flux_request_encode_raw ("a.b", data, len);

    flux_msg_set_matchtag (msg, tag);
    assert_int_equal (msgio_send (io, msg), 0);
    flux_msg_destroy (msg);
}

/* Write and read in turns until the next message is there. */
static flux_msg_t *pump (struct pair p)
{
    flux_msg_t *msg;

    while (!(msg = msgio_next (p.b))) {
        assert_int_equal (errno, EAGAIN);
        assert_true (msgio_flush (p.a) >= 0);
        assert_int_equal (msgio_fill (p.b), 0);
    }
    return msg;
}

static void test_many_in_one (void **state)
{
    struct pair p = pair_create ();
    uint32_t tag;

    assert_null (msgio_next (p.b));
    assert_int_equal (errno, EAGAIN);
    assert_int_equal (msgio_fill (p.b), -1);
    assert_int_equal (errno, EAGAIN);
    for (int i = 0; i < 100; i++)
        send_tagged (p.a, i, "x", 1);
    size_t pending = msgio_pending (p.a);
    assert_int_equal (pending, 100 * (8 + 1 + 4 + 2 + 21));
    assert_int_equal (msgio_flush (p.a), 0);
    assert_int_equal (msgio_pending (p.a), 0);
    assert_int_equal (msgio_fill (p.b), 0);
    for (uint32_t i = 0; i < 100; i++) {
        flux_msg_t *msg = msgio_next (p.b);
        assert_non_null (msg);
        flux_msg_get_matchtag (msg, &tag);
        assert_int_equal (tag, i);
        flux_msg_destroy (msg);
    }
    assert_null (msgio_next (p.b));
    pair_destroy (p);
}

/* All sizes around the borders: of the reader's buffer, of sharing, of one socket buffer. */
static void test_sizes (void **state)
{
    static const size_t sizes[] = {0,     1,     254,   255,        4095,    4096,   4097,
                                   16000, 16320, 16384, 16385 + 30, 1 << 20, 5 << 20};
    struct pair p = pair_create ();
    size_t count = sizeof (sizes) / sizeof (sizes[0]);
    char *data = malloc (5 << 20);

    for (size_t i = 0; i < 5 << 20; i++)
        data[i] = i * 7 + (i >> 13);
    for (size_t i = 0; i < count * 2; i++)
        send_tagged (p.a, i, data, sizes[i % count]);
    for (size_t i = 0; i < count * 2; i++) {
        flux_msg_t *msg = pump (p);
        const void *got;
        size_t len;
        uint32_t tag;
        flux_msg_get_matchtag (msg, &tag);
        assert_int_equal (tag, i);
        assert_int_equal (flux_request_decode_raw (msg, NULL, &got, &len), 0);
        assert_int_equal (len, sizes[i % count]);
        assert_true (len == 0 || memcmp (got, data, len) == 0);
        flux_msg_destroy (msg);
    }
    assert_int_equal (msgio_flush (p.a), 0);
    free (data);
    pair_destroy (p);
}

/* The very bytes, and the same fed one by one. */
static const char wire[] = "\x12\x00\xee\xff\x00\x00\x00\x15"
                           "\024\x8e\001\010\x00\377\377\377\377\000\000\000\000"
                           "\000\000\000\002\000\000\000\001";

static void test_golden (void **state)
{
    struct pair p = pair_create ();
    char buf[64];
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_CONTROL);
    uint32_t magic = 0xffee0012;

    assert_int_equal (msgio_greet (p.a, 0), 0);
    flux_msg_set_control (msg, 2, 1);
    assert_int_equal (msgio_send (p.a, msg), 0);
    flux_msg_destroy (msg);
    assert_int_equal (msgio_flush (p.a), 0);
    assert_int_equal (read (msgio_fd (p.b), buf, sizeof (buf)), 1 + sizeof (wire) - 1);
    assert_int_equal (buf[0], 0);
    assert_memory_equal (buf + 1, &magic, 4);
    assert_memory_equal (buf + 5, wire + 4, sizeof (wire) - 1 - 4);

    for (size_t i = 1; i < sizeof (wire); i++) {
        assert_null (msgio_next (p.b));
        assert_int_equal (errno, EAGAIN);
        assert_int_equal (write (msgio_fd (p.a), buf + i, 1), 1);
        assert_int_equal (msgio_fill (p.b), 0);
    }
    int type, status;
    msg = msgio_next (p.b);
    assert_int_equal (flux_msg_get_control (msg, &type, &status), 0);
    assert_int_equal (type, 2);
    assert_int_equal (status, 1);
    flux_msg_destroy (msg);
    pair_destroy (p);
}

static void test_hostile (void **state)
{
    static const struct {
        uint32_t magic;
        uint32_t size;
        int errnum;
    } rows[] = {
        {0x1200eeff, 21, EPROTO},
        {0, 21, EPROTO},
        {0xffee0012, 21, EPROTO}, // what follows is no message
        {0xffee0012, 0, EPROTO},
        {0xffee0012, CODEC_MESSAGE_MAX + 1, EMSGSIZE},
        {0xffee0012, 0xffffffff, EMSGSIZE},
    };
    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++) {
        struct pair p = pair_create ();
        uint32_t head[8] = {rows[i].magic, htonl (rows[i].size)};
        assert_int_equal (write (msgio_fd (p.a), head, sizeof (head)), sizeof (head));
        assert_int_equal (msgio_fill (p.b), 0);
        for (int turn = 0; turn < 2; turn++) { // and it stays so
            assert_null (msgio_next (p.b));
            assert_int_equal (errno, rows[i].errnum);
        }
        pair_destroy (p);
    }
}

static void test_peer_gone (void **state)
{
    struct pair p = pair_create ();

    // half a message, then the end
    assert_int_equal (write (msgio_fd (p.a), wire, 10), 10);
    msgio_destroy (p.a);
    assert_int_equal (msgio_fill (p.b), 0);
    assert_null (msgio_next (p.b));
    assert_int_equal (msgio_fill (p.b), -1);
    assert_int_equal (errno, ECONNRESET);
    send_tagged (p.b, 1, "x", 1);
    assert_int_equal (msgio_flush (p.b), -1); // and no SIGPIPE
    assert_int_equal (errno, EPIPE);
    msgio_destroy (p.b);
}

/* A peer that never reads fills the queue to its limit and no further. */
static void test_full (void **state)
{
    struct pair p = pair_create ();
    flux_msg_t *msg = NULL;
    size_t len = 32 << 20;
    char *data = calloc (1, len);
    int count = 0;

    msg = flux_request_encode_raw ("a.b", data, len);
    free (data);
    while (msgio_send (p.a, msg) == 0)
        count++;
    assert_int_equal (errno, ENOBUFS);
    assert_int_equal (count, (int)(MSGIO_OUT_MAX / len));
    assert_true (msgio_pending (p.a) <= MSGIO_OUT_MAX);
    assert_int_equal (msgio_flush (p.a), 1);
    flux_msg_destroy (msg);
    pair_destroy (p);
}

static void test_pipe (void **state)
{
    int fd[2];

    assert_int_equal (pipe2 (fd, O_CLOEXEC), 0);
    struct pair p = {msgio_create (fd[1]), msgio_create (fd[0])};
    send_tagged (p.a, 3, "x", 1);
    flux_msg_destroy (pump (p));
    pair_destroy (p);
    assert_null (msgio_create (-1));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_many_in_one), cmocka_unit_test (test_sizes),
        cmocka_unit_test (test_golden),      cmocka_unit_test (test_hostile),
        cmocka_unit_test (test_peer_gone),   cmocka_unit_test (test_full),
        cmocka_unit_test (test_pipe),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
