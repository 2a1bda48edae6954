/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/server.h"
#include "lib/pmi/wire.h"
#include "testsuite/unit/cmocka.h"

static void test_wire (void **state)
{
    const char *line = "cmd=put  kvsname=k1 key=a value=x y=z  w\n";
    char s[16];
    int n;

    assert_int_equal (pmi_wire_get (line, "cmd", s, sizeof (s)), 0);
    assert_string_equal (s, "put");
    assert_int_equal (pmi_wire_get (line, "key", s, sizeof (s)), 0);
    assert_string_equal (s, "a");
    assert_int_equal (pmi_wire_get (line, "value", s, sizeof (s)), 0);
    assert_string_equal (s, "x y=z  w");
    assert_int_equal (pmi_wire_get (line, "y", s, sizeof (s)), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (pmi_wire_get (line, "value", s, 4), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_int_equal (pmi_wire_get_int ("rc=-1\n", "rc", &n), 0);
    assert_int_equal (n, -1);
    assert_int_equal (pmi_wire_get_int ("rc=1x\n", "rc", &n), -1);
    assert_int_equal (pmi_wire_get_int ("rc=99999999999\n", "rc", &n), -1);
}

static void test_wire2 (void **state)
{
    struct buf b = {0};
    char s[16];

    pmi2_wire_put (&b, "cmd", "kvs-put");
    pmi2_wire_put (&b, "value", ";a;;b=");
    assert_string_equal (b.data, "cmd=kvs-put;value=;;a;;;;b=;");
    assert_int_equal (pmi2_wire_get (b.data, b.len, "value", s, sizeof (s)), 0);
    assert_string_equal (s, ";a;;b=");
    assert_int_equal (pmi2_wire_get (b.data, b.len, "value", s, 6), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_int_equal (pmi2_wire_get (b.data, b.len, "key", s, sizeof (s)), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (pmi2_wire_get ("cmd", 3, "cmd", s, sizeof (s)), -1);
    buf_clear (&b);
}

struct fixture {
    struct pmi_server *s;
    struct buf out[2];
    struct buf exchange;
    int exchanges;
    int aborts;
};

static void send_cb (void *arg, int localid, const void *data, size_t len)
{
    struct fixture *f = arg;
    buf_append (&f->out[localid], data, len);
}

static void exchange_cb (void *arg, struct buf *pairs)
{
    struct fixture *f = arg;
    buf_clear (&f->exchange);
    f->exchange = *pairs;
    f->exchanges++;
}

static void abort_cb (void *arg, int localid, int code, const char *text)
{
    struct fixture *f = arg;
    f->aborts++;
}

static const int taskids[] = {4, 5};
static const struct pmi_server_ops ops = {send_cb, exchange_cb, abort_cb};

static int setup (void **state)
{
    const struct pmi_server_config config = {"kvs1", 8, 2, taskids, 16};
    struct fixture *f = calloc (1, sizeof (*f));

    f->s = pmi_server_create (&config, &ops, f);
    *state = f;
    return f->s ? 0 : -1;
}

static int teardown (void **state)
{
    struct fixture *f = *state;

    pmi_server_destroy (f->s);
    buf_clear (&f->exchange);
    buf_clear (&f->out[0]);
    buf_clear (&f->out[1]);
    free (f);
    return 0;
}

static void expect (struct fixture *f, int localid, const char *in, const char *out)
{
    buf_reset (&f->out[localid]);
    assert_int_equal (pmi_server_input (f->s, localid, in, strlen (in)), 0);
    assert_string_equal (f->out[localid].data ? f->out[localid].data : "", out);
}

static void test_pmi1 (void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } table[] = {
        {"cmd=init pmi_version=1 pmi_subversion=1\n",
         "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n"},
        {"cmd=get_maxes\n", "cmd=maxes rc=0 kvsname_max=64 keylen_max=64 vallen_max=1024\n"},
        {"cmd=get_universe_size\n", "cmd=universe_size rc=0 size=16\n"},
        {"cmd=get_appnum\n", "cmd=appnum rc=0 appnum=0\n"},
        {"cmd=get_my_kvsname\n", "cmd=my_kvsname rc=0 kvsname=kvs1\n"},
        {"cmd=put kvsname=kvs1 key=k value=a b\n", "cmd=put_result rc=0\n"},
        {"cmd=put kvsname=other key=k value=a\n", "cmd=put_result rc=-1\n"},
        {"cmd=get kvsname=kvs1 key=k\n", "cmd=get_result rc=0 value=a b\n"},
        {"cmd=get kvsname=kvs1 key=none\n", "cmd=get_result rc=-1\n"},
        {"mcmd=spawn\nnprocs=1\nexecname=x\nendcmd\n", "cmd=spawn_result rc=-1\n"},
        {"cmd=publish_name service=s port=p\n", "cmd=publish_result rc=-1 msg=not supported\n"},
        {"cmd=get_app", ""},
        {"num\ncmd=get_appnum\n", "cmd=appnum rc=0 appnum=0\ncmd=appnum rc=0 appnum=0\n"},
        {"cmd=finalize\n", "cmd=finalize_ack rc=0\n"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++)
        expect (f, 0, table[i].in, table[i].out);
}

/* Each barrier exchanges what was put since the last one. */
static void test_barrier (void **state)
{
    struct fixture *f = *state;
    const char *init = "cmd=init pmi_version=1 pmi_subversion=1\n";

    for (int i = 0; i < 2; i++)
        pmi_server_input (f->s, i, init, strlen (init));
    expect (f, 0, "cmd=put kvsname=kvs1 key=a value=1\n", "cmd=put_result rc=0\n");
    expect (f, 0, "cmd=barrier_in\n", "");
    assert_int_equal (f->exchanges, 0);
    expect (f, 1, "cmd=put kvsname=kvs1 key=b value=2\n", "cmd=put_result rc=0\n");
    expect (f, 1, "cmd=barrier_in\n", "");
    assert_int_equal (f->exchange.len, 8);
    assert_memory_equal (f->exchange.data, "a\0001\0b\0002", 8);
    assert_int_equal (pmi_server_add (f->s, "c\0003", 4), 0);
    assert_int_equal (pmi_server_add (f->s, "d\0\xff\n", 5), 0); // any bytes
    assert_int_equal (pmi_server_add (f->s, "e", 2), -1);
    assert_int_equal (pmi_server_add (f->s, "e\0x", 3), -1);
    pmi_server_exchanged (f->s, true);
    assert_string_equal (f->out[0].data, "cmd=barrier_out rc=0\n");
    assert_string_equal (f->out[1].data, "cmd=barrier_out rc=0\n");
    expect (f, 0, "cmd=get kvsname=kvs1 key=c\n", "cmd=get_result rc=0 value=3\n");
    expect (f, 0, "cmd=barrier_in\n", "");
    expect (f, 1, "cmd=barrier_in\n", "");
    assert_int_equal (f->exchange.len, 0);
    pmi_server_exchanged (f->s, false);
    assert_string_equal (f->out[0].data, "cmd=barrier_out rc=-1\n");
}

static char *pmi2_message (const char *text)
{
    char *s;
    return asprintf (&s, "%6zu%s", strlen (text), text) < 0 ? NULL : s;
}

static void test_pmi2 (void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } table[] = {
        {"cmd=fullinit;pmijobid=x;pmirank=4;threaded=FALSE;",
         "cmd=fullinit-response;pmi-version=2;pmi-subversion=0;rank=4;size=8;appnum=0;"
         "debugged=FALSE;pmiverbose=FALSE;rc=0;"},
        {"cmd=job-getid;thrid=7;", "cmd=job-getid-response;thrid=7;jobid=kvs1;rc=0;"},
        {"cmd=kvs-put;key=k;value=a;;b;", "cmd=kvs-put-response;rc=0;"},
        {"cmd=kvs-get;jobid=x;srcid=-1;key=k;", "cmd=kvs-get-response;found=TRUE;value=a;;b;rc=0;"},
        {"cmd=kvs-get;key=none;", "cmd=kvs-get-response;found=FALSE;rc=0;"},
        {"cmd=info-putnodeattr;key=n;value=v;", "cmd=info-putnodeattr-response;rc=0;"},
        {"cmd=info-getnodeattr;key=n;wait=FALSE;",
         "cmd=info-getnodeattr-response;found=TRUE;value=v;rc=0;"},
        {"cmd=info-getjobattr;key=universeSize;",
         "cmd=info-getjobattr-response;found=TRUE;value=16;rc=0;"},
        {"cmd=finalize;", "cmd=finalize-response;rc=0;"},
    };
    struct fixture *f = *state;

    expect (f, 0, "cmd=init pmi_version=2 pmi_subversion=0\n",
            "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0\n");
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        char *in = pmi2_message (table[i].in), *out = pmi2_message (table[i].out);
        expect (f, 0, in, out);
        free (in);
        free (out);
    }
}

static void test_abort (void **state)
{
    struct fixture *f = *state;

    expect (f, 0, "cmd=init pmi_version=1 pmi_subversion=1\n",
            "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n");
    expect (f, 0, "cmd=abort exitcode=3\n", "");
    assert_int_equal (f->aborts, 1);
}

/* What makes the server hang up. */
static void test_hostile (void **state)
{
    static const char *const first[] = {"\n", "hello\n", "cmd=get_maxes\n", "cmd=\n", "=\n"};
    static const char *const second[] = {"cmd=nonsense\n", "key=value\n"};
    static const char *const second2[] = {"abcdef", "     0", "    -1", "999999", "     3abc"};
    const char *init = "cmd=init pmi_version=1 pmi_subversion=1\n";
    const char *init2 = "cmd=init pmi_version=2 pmi_subversion=0\n";
    struct fixture *f;
    char *line = malloc (PMI_LINE_MAX + 1);

    for (size_t i = 0; i < sizeof (first) / sizeof (first[0]); i++) {
        setup ((void **)&f);
        assert_int_equal (pmi_server_input (f->s, 0, first[i], strlen (first[i])), -1);
        assert_int_equal (errno, EPROTO);
        teardown ((void **)&f);
    }
    for (size_t i = 0; i < sizeof (second) / sizeof (second[0]); i++) {
        setup ((void **)&f);
        pmi_server_input (f->s, 0, init, strlen (init));
        assert_int_equal (pmi_server_input (f->s, 0, second[i], strlen (second[i])), -1);
        teardown ((void **)&f);
    }
    for (size_t i = 0; i < sizeof (second2) / sizeof (second2[0]); i++) {
        setup ((void **)&f);
        pmi_server_input (f->s, 0, init2, strlen (init2));
        assert_int_equal (pmi_server_input (f->s, 0, second2[i], strlen (second2[i])), -1);
        teardown ((void **)&f);
    }
    setup ((void **)&f);
    memset (line, 'x', PMI_LINE_MAX);
    assert_int_equal (pmi_server_input (f->s, 0, line, PMI_LINE_MAX), -1);
    teardown ((void **)&f);
    free (line);
}

#define TEST(f) cmocka_unit_test_setup_teardown (f, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_wire),
        cmocka_unit_test (test_wire2),
        TEST (test_pmi1),
        TEST (test_barrier),
        TEST (test_pmi2),
        TEST (test_abort),
        cmocka_unit_test (test_hostile),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
