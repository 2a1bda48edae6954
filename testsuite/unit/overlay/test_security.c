/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Who is let in and who is not; and peers that send what they should not. A peer that keeps to no
 * rule is made of a bare ZeroMQ socket. */

#include <errno.h>
#include <fcntl.h>
#include <munge.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <flux/response.h>

#include "lib/overlay/private.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/overlay/tree.h"

#define COUNT(a) (sizeof (a) / sizeof ((a)[0]))

struct rogue {
    struct tree *t;
    void *ctx;
    void *sock;
    char pub[OVERLAY_KEY_SIZE], sec[OVERLAY_KEY_SIZE];
    struct hello_auth auth;
    struct hello hello;
    char challenge[128];
};

/* Connects to rank 0 with a good key; what it will say is right unless the test changes it. */
static void rogue_init (struct rogue *r, struct tree *t)
{
    int zero = 0;

    memset (r, 0, sizeof (*r));
    r->t = t;
    assert_non_null (r->ctx = zmq_ctx_new ());
    assert_non_null (r->sock = zmq_socket (r->ctx, ZMQ_DEALER));
    assert_int_equal (zmq_curve_keypair (r->pub, r->sec), 0);
    zmq_setsockopt (r->sock, ZMQ_LINGER, &zero, sizeof (zero));
    zmq_setsockopt (r->sock, ZMQ_CURVE_PUBLICKEY, r->pub, 40);
    zmq_setsockopt (r->sock, ZMQ_CURVE_SECRETKEY, r->sec, 40);
    zmq_setsockopt (r->sock, ZMQ_CURVE_SERVERKEY, t->node[0].key, 40);
    assert_int_equal (zmq_connect (r->sock, t->node[0].endpoint), 0);
    r->auth.method = t->conf.auth;
    r->auth.munge_socket = (char *)t->conf.munge_socket;
    r->auth.owner = geteuid ();
    memcpy (r->auth.token, t->token, sizeof (t->token));
    r->hello = (struct hello){t->conf.instance, 1,           "11111111-aaaa", r->pub, 0,
                              t->node[0].key,   r->challenge};
}

static void rogue_fini (struct rogue *r)
{
    zmq_close (r->sock);
    zmq_ctx_term (r->ctx);
}

static void rogue_send (struct rogue *r, const flux_msg_t *msg)
{
    struct wire w;

    assert_int_equal (wire_encode (&w, msg), 0);
    for (int i = 0; i < w.count; i++)
        assert_true (zmq_msg_send (&w.part[i], r->sock, i < w.count - 1 ? ZMQ_SNDMORE : 0) >= 0);
}

/* The next message, or NULL after 5 seconds. */
static flux_msg_t *rogue_recv (struct rogue *r)
{
    zmq_msg_t part;

    for (int i = 0; i < 500; i++) {
        zmq_msg_init (&part);
        if (zmq_msg_recv (&part, r->sock, ZMQ_DONTWAIT) >= 0)
            return wire_decode (&part, 1);
        zmq_msg_close (&part);
        tree_run_for (r->t, .01);
    }
    return NULL;
}

static void rogue_ask (struct rogue *r, const char *topic, json_t *payload)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    flux_msg_route_enable (msg);
    assert_int_equal (flux_msg_set_topic (msg, topic), 0);
    assert_int_equal (flux_msg_pack (msg, "o", payload), 0);
    rogue_send (r, msg);
    flux_msg_decref (msg);
}

static void rogue_challenge (struct rogue *r)
{
    flux_msg_t *msg;
    const char *s;

    rogue_ask (r, TOPIC_CHALLENGE, json_pack ("{s:i s:i}", "version", OVERLAY_VERSION, "rank", 1));
    assert_non_null (msg = rogue_recv (r));
    assert_int_equal (flux_msg_unpack (msg, "{s:s}", "challenge", &s), 0);
    assert_int_equal (strlen (s), 64);
    snprintf (r->challenge, sizeof (r->challenge), "%s", s);
    flux_msg_decref (msg);
}

/* Say hello with this credential; returns the errno of the answer, its text in `text`. */
static int rogue_hello (struct rogue *r, const char *cred, uint32_t rank, char *text, size_t size)
{
    flux_msg_t *msg;
    const char *s = NULL;
    int errnum = -1;

    rogue_ask (r, TOPIC_HELLO,
               json_pack ("{s:i s:s s:s s:i s:s s:[[i,i]] s:[] s:i}", "rank", (int)rank, "uuid",
                          r->hello.uuid, "hostname", "rogue", "status", OVERLAY_FULL, "cred", cred,
                          "ranks", (int)rank, (int)rank, "starts", "event", 0));
    assert_non_null (msg = rogue_recv (r));
    assert_int_equal (flux_msg_get_errnum (msg, &errnum), 0);
    if (errnum != 0 && flux_msg_get_string (msg, &s) == 0)
        snprintf (text, size, "%s", s ? s : "");
    flux_msg_decref (msg);
    return errnum;
}

static char *rogue_prove (struct rogue *r)
{
    flux_error_t e;
    char *cred = hello_prove (&r->auth, &r->hello, &e);

    if (!cred)
        fail_msg ("%s", e.text);
    return cred;
}

static void start_root (struct tree *t)
{
    tree_init (t, 3, "kary:2");
    node_create (t, 0);
}

/* A rogue that does everything right is let in: so the refusals below are for their reason. */
static void test_good_hello (void **state)
{
    char text[200] = "", *cred;
    struct rogue r;
    struct tree t;

    start_root (&t);
    rogue_init (&r, &t);
    rogue_challenge (&r);
    cred = rogue_prove (&r);
    assert_int_equal (rogue_hello (&r, cred, 1, text, sizeof (text)), 0);
    assert_int_equal (t.node[0].peer_up, 1);
    free (cred);
    rogue_fini (&r);
    assert_true (tree_wait_int (&t, &t.node[0].peer_lost, 1, 5));
    tree_fini (&t);
}

static void refused (struct tree *t, struct rogue *r, const char *cred, uint32_t rank, int errnum,
                     const char *why)
{
    char text[200] = "";

    assert_int_equal (rogue_hello (r, cred, rank, text, sizeof (text)), errnum);
    if (!strstr (text, why))
        fail_msg ("'%s' does not say '%s'", text, why);
    assert_int_equal (t->node[0].peer_up, 0);
    /* Nothing it sends now is read, and the connection is closed. */
    r->hello.uuid = "other";
    for (int i = 0; i < 3; i++) {
        flux_msg_t *msg = make_request (0, i);
        rogue_send (r, msg);
        flux_msg_decref (msg);
    }
    tree_run_for (t, .05);
    assert_int_equal (t->node[0].received[FLUX_MSGTYPE_REQUEST], 0);
}

static void test_replayed (void **state)
{
    struct rogue first, second;
    char text[200], *cred;
    struct tree t;

    start_root (&t);
    rogue_init (&first, &t);
    rogue_challenge (&first);
    cred = rogue_prove (&first);
    /* Another connection with the same key and the same credential, before the first uses it. */
    rogue_init (&second, &t);
    rogue_challenge (&second);
    assert_string_not_equal (first.challenge, second.challenge);
    refused (&t, &second, cred, 1, EPERM, "hello of rank 1");
    assert_int_equal (rogue_hello (&first, cred, 1, text, sizeof (text)), 0);
    free (cred);
    rogue_fini (&first);
    rogue_fini (&second);
    tree_fini (&t);
}

static void test_wrong_token (void **state)
{
    struct rogue r;
    struct tree t;
    char *cred;

    start_root (&t);
    rogue_init (&r, &t);
    r.auth.token[0] ^= 1;
    rogue_challenge (&r);
    cred = rogue_prove (&r);
    refused (&t, &r, cred, 1, EPERM, "token");
    free (cred);
    rogue_fini (&r);
    tree_fini (&t);
}

/* Each thing that the credential is bound to. */
static void test_bound (void **state)
{
    for (int i = 0; i < 5; i++) {
        struct rogue r;
        struct tree t;
        char *cred;

        start_root (&t);
        rogue_init (&r, &t);
        rogue_challenge (&r);
        switch (i) {
        case 0:
            r.hello.instance = "another-instance";
            break;
        case 1:
            r.hello.rank = 2;
            break;
        case 2:
            r.hello.key = t.node[0].key;
            break;
        case 3:
            r.hello.parent_key = r.pub;
            break;
        case 4:
            r.hello.parent_rank = 7;
            break;
        }
        cred = rogue_prove (&r);
        refused (&t, &r, cred, 1, EPERM, "hello of rank 1");
        free (cred);
        rogue_fini (&r);
        tree_fini (&t);
    }
}

static void test_wrong_rank (void **state)
{
    const uint32_t ranks[] = {0, 3, 0xfffffff};

    for (size_t i = 0; i < COUNT (ranks); i++) {
        struct rogue r;
        struct tree t;
        char *cred;

        start_root (&t);
        rogue_init (&r, &t);
        r.hello.rank = ranks[i];
        rogue_challenge (&r);
        cred = rogue_prove (&r);
        refused (&t, &r, cred, ranks[i], EINVAL, "rank");
        free (cred);
        rogue_fini (&r);
        tree_fini (&t);
    }
}

static void test_wrong_version (void **state)
{
    const char *text = NULL;
    struct rogue r;
    struct tree t;
    flux_msg_t *msg;
    int errnum;

    start_root (&t);
    rogue_init (&r, &t);
    rogue_ask (&r, TOPIC_CHALLENGE, json_pack ("{s:i s:i}", "version", 99, "rank", 1));
    assert_non_null (msg = rogue_recv (&r));
    assert_int_equal (flux_msg_get_errnum (msg, &errnum), 0);
    assert_int_equal (errnum, EPROTO);
    assert_int_equal (flux_msg_get_string (msg, &text), 0);
    assert_string_equal (text,
                         "rank 1 speaks version 99 of the overlay protocol, rank 0 version 3");
    flux_msg_decref (msg);
    rogue_fini (&r);
    tree_fini (&t);
}

/* A message before the hello is not routed, and the peer hears that it is not known. */
static void test_no_hello (void **state)
{
    int type, status;
    struct rogue r;
    struct tree t;
    flux_msg_t *msg = make_request (0, 0);

    start_root (&t);
    rogue_init (&r, &t);
    rogue_send (&r, msg);
    flux_msg_decref (msg);
    assert_non_null (msg = rogue_recv (&r));
    assert_int_equal (flux_msg_get_control (msg, &type, &status), 0);
    assert_int_equal (type, CONTROL_DISCONNECT);
    assert_int_equal (status, DISCONNECT_UNKNOWN);
    assert_int_equal (t.node[0].received[FLUX_MSGTYPE_REQUEST], 0);
    flux_msg_decref (msg);
    rogue_fini (&r);
    tree_fini (&t);
}

/* A hello without challenge, a second challenge, a hello whose fields are of a wrong kind. */
static void test_odd_hellos (void **state)
{
    const char *hellos[] = {
        "{}",
        "{\"rank\":\"1\"}",
        "{\"rank\":1,\"uuid\":\"a b\",\"hostname\":\"h\",\"status\":1,\"cred\":\"\",\"ranks\":[],"
        "\"event\":0}",
        "{\"rank\":1,\"uuid\":\"a\",\"hostname\":\"h\",\"status\":9,\"cred\":\"\",\"ranks\":[],"
        "\"event\":0}",
        "{\"rank\":1,\"uuid\":\"a\",\"hostname\":\"h\",\"status\":1,\"cred\":\"\",\"ranks\":{},"
        "\"event\":0}",
        "{\"rank\":-1,\"uuid\":\"a\",\"hostname\":\"h\",\"status\":1,\"cred\":\"\",\"ranks\":[],"
        "\"event\":-5}",
    };
    struct tree t;

    start_root (&t);
    for (size_t i = 0; i <= COUNT (hellos); i++) {
        struct rogue r;
        flux_msg_t *msg;
        int errnum = 0;

        rogue_init (&r, &t);
        if (i < COUNT (hellos))
            rogue_challenge (&r);
        rogue_ask (&r, TOPIC_HELLO, json_loads (hellos[i % COUNT (hellos)], 0, NULL));
        assert_non_null (msg = rogue_recv (&r));
        if (i < COUNT (hellos)) {
            assert_int_equal (flux_msg_get_errnum (msg, &errnum), 0);
            assert_int_not_equal (errnum, 0);
        }
        flux_msg_decref (msg);
        rogue_fini (&r);
    }
    assert_int_equal (t.node[0].peer_up, 0);
    tree_fini (&t);
}

/* Frames that are no messages, before and after the hello; the tree serves on. */
static void test_bad_frames (void **state)
{
    char junk[600], text[200], *cred;
    unsigned seed = 1;
    struct tree t;

    tree_init (&t, 3, "kary:2");
    node_create (&t, 0);
    node_create (&t, 2);
    node_connect (&t, 2, 0);
    assert_true (tree_wait_int (&t, &t.node[2].parent_up, 1, 10));
    for (int i = 0; i < 60; i++) {
        struct rogue r;
        size_t len = (size_t)rand_r (&seed) % sizeof (junk);

        rogue_init (&r, &t);
        for (size_t j = 0; j < len; j++)
            junk[j] = (char)rand_r (&seed);
        if (i % 3 == 0) {
            rogue_challenge (&r);
            cred = rogue_prove (&r);
            assert_int_equal (rogue_hello (&r, cred, 1, text, sizeof (text)), 0);
            free (cred);
        }
        for (int j = 0; j < i % 5; j++)
            zmq_send (r.sock, junk, len, ZMQ_SNDMORE);
        zmq_send (r.sock, junk, len, 0);
        tree_run_for (&t, .01);
        rogue_fini (&r);
    }
    TREE_UNTIL (&t, t.node[0].peer_up == 21 && t.node[0].peer_down == 20);
    assert_int_equal (t.node[2].parent_down, 0);
    assert_string_equal (overlay_peer_uuid (t.node[0].ov, 2), t.node[2].uuid);
    tree_fini (&t);
}

/* A child that was let in sends a response which is not for us: counted and dropped. */
static void test_misrouted (void **state)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_RESPONSE);
    struct tree t;
    json_t *o;

    tree_init (&t, 3, "kary:2");
    tree_start (&t);
    flux_msg_route_enable (msg);
    flux_msg_set_topic (msg, "a.b");
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    flux_msg_route_push (msg, "somebody-else");
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    flux_msg_route_push (msg, t.node[0].uuid);
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_RESPONSE], 1, 5));
    assert_string_equal (flux_msg_route_last (t.node[0].last), "somebody-else");
    o = overlay_stats (t.node[0].ov);
    assert_int_equal (json_integer_value (json_object_get (o, "misrouted")), 2);
    json_decref (o);
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* Only rank 0 publishes. */
static void test_event_from_child (void **state)
{
    flux_msg_t *event = make_event (1), *msg = make_request (0, 0);
    struct tree t;

    tree_init (&t, 3, "kary:2");
    tree_start (&t);
    assert_int_equal (overlay_send_parent (t.node[1].ov, event), 0);
    assert_int_equal (overlay_send_parent (t.node[1].ov, msg), 0);
    assert_true (tree_wait_int (&t, &t.node[0].received[FLUX_MSGTYPE_REQUEST], 1, 5));
    assert_int_equal (t.node[0].received[FLUX_MSGTYPE_EVENT], 0);
    flux_msg_decref (event);
    flux_msg_decref (msg);
    tree_fini (&t);
}

/* A wrong key of the parent: the child gives up after its time with a reason. */
static void test_wrong_parent_key (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:2");
    t.conf.connect_timeout = 1;
    node_create (&t, 0);
    node_create (&t, 1);
    zmq_curve_keypair (t.node[0].key, (char[OVERLAY_KEY_SIZE]){0});
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 5));
    assert_int_equal (t.node[0].peer_up, 0);
    assert_int_equal (t.node[1].parent_up, 0);
    tree_fini (&t);
}

/* Somebody listens at the address who does not answer, or nobody does. */
static void test_no_parent_there (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:2");
    t.conf.connect_timeout = .5;
    node_create (&t, 0);
    node_create (&t, 1);
    overlay_destroy (t.node[0].ov);
    t.node[0].ov = NULL;
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 5));
    assert_int_equal (t.node[1].errnum, ECONNREFUSED);
    tree_fini (&t);
}

static void test_refuse_children (void **state)
{
    struct tree t;

    tree_init (&t, 3, "kary:2");
    node_create (&t, 0);
    node_create (&t, 1);
    overlay_refuse_children (t.node[0].ov);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 5));
    assert_string_equal (t.node[1].reason, "rank 0 is shutting down");
    tree_fini (&t);
}

/* Many connections that say nothing good are bounded, and the good one gets in. */
static void test_many_strangers (void **state)
{
    struct rogue *r = calloc (100, sizeof (*r));
    struct tree t;

    start_root (&t);
    for (int i = 0; i < 100; i++) {
        rogue_init (&r[i], &t);
        rogue_ask (&r[i], TOPIC_CHALLENGE,
                   json_pack ("{s:i s:i}", "version", OVERLAY_VERSION, "rank", 1));
    }
    assert_true (tree_wait_int (&t, &t.node[0].ov->children.pending, 100, 30));
    node_create (&t, 1);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_up, 1, 10));
    for (int i = 0; i < 100; i++)
        rogue_fini (&r[i]);
    TREE_UNTIL (&t, t.node[0].ov->children.pending == 0);
    free (r);
    tree_fini (&t);
}

/* munge: a private munged with its own key. */

struct munged {
    char dir[64];
    char socket[128];
    pid_t pid;
};

static bool munged_answers (const char *path)
{
    munge_ctx_t ctx = munge_ctx_create ();
    char *cred = NULL;
    bool ok;

    munge_ctx_set (ctx, MUNGE_OPT_SOCKET, path);
    ok = munge_encode (&cred, ctx, NULL, 0) == EMUNGE_SUCCESS;
    free (cred);
    munge_ctx_destroy (ctx);
    return ok;
}

static void exec_munged (const struct munged *m)
{
    char opt[6][160];
    int fd = open ("/dev/null", O_RDWR);

    dup2 (fd, 1);
    dup2 (fd, 2);
    snprintf (opt[0], sizeof (opt[0]), "--socket=%s", m->socket);
    snprintf (opt[1], sizeof (opt[1]), "--key-file=%s/key", m->dir);
    snprintf (opt[2], sizeof (opt[2]), "--pid-file=%s/pid", m->dir);
    snprintf (opt[3], sizeof (opt[3]), "--seed-file=%s/seed", m->dir);
    snprintf (opt[4], sizeof (opt[4]), "--log-file=%s/log", m->dir);
    execl ("/usr/sbin/munged", "munged", "--foreground", "--force", "--num-threads=1", opt[0],
           opt[1], opt[2], opt[3], opt[4], NULL);
    _exit (127);
}

/* False when munged is not installed. */
static bool munged_start (struct munged *m)
{
    char path[128], key[128];
    int fd;

    if (access ("/usr/sbin/munged", X_OK) < 0)
        return false;
    snprintf (m->dir, sizeof (m->dir), "/tmp/test_munged_XXXXXX");
    assert_non_null (mkdtemp (m->dir));
    chmod (m->dir, 0755);
    snprintf (m->socket, sizeof (m->socket), "%s/socket", m->dir);
    snprintf (path, sizeof (path), "%s/key", m->dir);
    memset (key, 'k', sizeof (key));
    fd = open (path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal (write (fd, key, sizeof (key)), sizeof (key));
    close (fd);
    assert_true ((m->pid = fork ()) >= 0);
    if (m->pid == 0)
        exec_munged (m);
    for (int i = 0; i < 100 && !munged_answers (m->socket); i++)
        usleep (50000);
    assert_true (munged_answers (m->socket));
    return true;
}

static void munged_stop (struct munged *m)
{
    const char *names[] = {"socket", "socket.lock", "key", "pid", "seed", "log"};
    char path[128];

    kill (m->pid, SIGTERM);
    waitpid (m->pid, NULL, 0);
    for (size_t i = 0; i < COUNT (names); i++) {
        snprintf (path, sizeof (path), "%s/%s", m->dir, names[i]);
        unlink (path);
    }
    rmdir (m->dir);
}

/* hello_prove as another user; the credential comes back over a pipe. */
static bool prove_as (uid_t uid, struct rogue *r, char *cred, size_t size)
{
    int fds[2];
    ssize_t n, len = 0;
    pid_t pid;

    assert_int_equal (pipe (fds), 0);
    assert_true ((pid = fork ()) >= 0);
    if (pid == 0) {
        flux_error_t e;
        char *s = setuid (uid) == 0 ? hello_prove (&r->auth, &r->hello, &e) : NULL;
        _exit (s && write (fds[1], s, strlen (s)) > 0 ? 0 : 1);
    }
    close (fds[1]);
    while ((n = read (fds[0], cred + len, size - 1 - (size_t)len)) > 0)
        len += n;
    cred[len] = '\0';
    close (fds[0]);
    waitpid (pid, NULL, 0);
    return len > 0;
}

static void munge_other_uid (struct tree *t)
{
    char cred[4096];
    struct rogue r;

    rogue_init (&r, t);
    rogue_challenge (&r);
    assert_true (prove_as (65534, &r, cred, sizeof (cred)));
    refused (t, &r, cred, 1, EPERM, "uid 65534");
    rogue_fini (&r);
}

static void munge_bad_creds (struct tree *t)
{
    const char *bad[] = {"", "MUNGE:garbage:", "no credential at all"};
    struct rogue r;
    char *cred;

    for (size_t i = 0; i < COUNT (bad); i++) {
        rogue_init (&r, t);
        rogue_challenge (&r);
        refused (t, &r, bad[i], 1, EPERM, "munge");
        rogue_fini (&r);
    }
    rogue_init (&r, t);
    rogue_challenge (&r);
    r.hello.key = t->node[0].key;
    cred = rogue_prove (&r);
    refused (t, &r, cred, 1, EPERM, "another connection");
    free (cred);
    rogue_fini (&r);
    /* munge itself knows a credential that was decoded before. */
    rogue_init (&r, t);
    rogue_challenge (&r);
    cred = rogue_prove (&r);
    assert_int_equal (hello_verify (&r.auth, &r.hello, cred, NULL), 0);
    refused (t, &r, cred, 1, EPERM, "Replayed");
    free (cred);
    rogue_fini (&r);
}

static void test_munge (void **state)
{
    struct munged m;
    struct tree t;

    if (!munged_start (&m)) {
        print_message ("skipped: munged is not installed\n");
        skip ();
    }
    tree_init (&t, 3, "kary:2");
    t.conf.auth = OVERLAY_AUTH_MUNGE;
    t.conf.munge_socket = m.socket;
    node_create (&t, 0);
    munge_bad_creds (&t);
    if (geteuid () == 0)
        munge_other_uid (&t);
    else
        print_message ("not tested: another user's credential (needs root)\n");
    for (uint32_t r = 1; r < 3; r++) {
        node_create (&t, r);
        node_connect (&t, r, 0);
        assert_true (tree_wait_int (&t, &t.node[r].parent_up, 1, 10));
    }
    tree_fini (&t);
    munged_stop (&m);
    /* Nobody to ask. */
    tree_init (&t, 3, "kary:2");
    t.conf.auth = OVERLAY_AUTH_MUNGE;
    t.conf.munge_socket = m.socket;
    t.conf.connect_timeout = .5;
    node_create (&t, 0);
    node_create (&t, 1);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 60));
    assert_non_null (strstr (t.node[1].reason, "munge"));
    tree_fini (&t);
}

/* A munged that takes connections and says nothing. */
static int mute_munged (struct sockaddr_un *addr, const char *dir)
{
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr->sun_family = AF_UNIX;
    snprintf (addr->sun_path, sizeof (addr->sun_path), "%s/mute", dir);
    assert_int_equal (bind (fd, (struct sockaddr *)addr, sizeof (*addr)), 0);
    assert_int_equal (listen (fd, 64), 0);
    return fd;
}

static void count_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    ++*(int *)w->data;
}

/* The loop goes on while munge is waited for, and the wait ends; so does the overlay before it. */
static void test_munge_is_mute (void **state)
{
    struct sockaddr_un addr;
    struct tree t;
    ev_timer w;
    int fd, ticks = 0;

    tree_init (&t, 3, "kary:2");
    fd = mute_munged (&addr, t.dir);
    t.conf.auth = OVERLAY_AUTH_MUNGE;
    t.conf.munge_socket = addr.sun_path;
    t.conf.connect_timeout = 1;
    node_create (&t, 0);
    node_create (&t, 1);
    ev_timer_init (&w, count_cb, .01, .01);
    w.data = &ticks;
    ev_timer_start (t.loop, &w);
    node_connect (&t, 1, 0);
    assert_true (tree_wait_int (&t, &t.node[1].parent_final, 1, 20));
    assert_int_equal (t.node[1].errnum, ETIMEDOUT);
    assert_true (ticks > 5); // a loop that waits for munge has none
    node_create (&t, 2);
    node_connect (&t, 2, 0);
    ticks = 0;
    assert_true (tree_wait_int (&t, &ticks, 5, 20));
    node_destroy (&t.node[2]); // while it is asked
    ev_timer_stop (t.loop, &w);
    unlink (addr.sun_path);
    tree_fini (&t);
    close (fd);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_good_hello),       cmocka_unit_test (test_replayed),
        cmocka_unit_test (test_wrong_token),      cmocka_unit_test (test_bound),
        cmocka_unit_test (test_wrong_rank),       cmocka_unit_test (test_wrong_version),
        cmocka_unit_test (test_no_hello),         cmocka_unit_test (test_odd_hellos),
        cmocka_unit_test (test_bad_frames),       cmocka_unit_test (test_misrouted),
        cmocka_unit_test (test_event_from_child), cmocka_unit_test (test_wrong_parent_key),
        cmocka_unit_test (test_no_parent_there),  cmocka_unit_test (test_refuse_children),
        cmocka_unit_test (test_many_strangers),   cmocka_unit_test (test_munge),
        cmocka_unit_test (test_munge_is_mute),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
