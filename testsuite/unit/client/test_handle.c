/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Handles as such: opening, the loop connector, message handlers, foreign event loops. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <flux/core.h>

#include "testsuite/unit/cmocka.h"

static void send_event (flux_t *h, const char *topic)
{
    flux_msg_t *msg = flux_event_encode (topic, NULL);

    assert_int_equal (flux_send_new (h, &msg, 0), 0);
    assert_null (msg);
}

static const char *next_topic (flux_t *h, const char *glob)
{
    static char buf[64];
    struct flux_match m = {.topic_glob = glob};
    flux_msg_t *msg = flux_recv (h, m, FLUX_O_NONBLOCK);
    const char *s;

    if (!msg)
        return NULL;
    flux_msg_get_topic (msg, &s);
    snprintf (buf, sizeof (buf), "%s", s);
    flux_msg_destroy (msg);
    return buf;
}

static void test_loop (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    flux_msgcounters_t c;

    assert_int_equal (flux_pollevents (h), FLUX_POLLOUT);
    for (const char *s = "abcd"; *s; s++)
        send_event (h, (char[]){*s, 0});
    assert_int_equal (flux_pollevents (h), FLUX_POLLIN | FLUX_POLLOUT);
    assert_string_equal (next_topic (h, "c"), "c");
    assert_string_equal (next_topic (h, NULL), "a"); // the order of the others is kept
    assert_null (next_topic (h, "x"));
    assert_int_equal (errno, EAGAIN);
    assert_string_equal (next_topic (h, NULL), "b");
    flux_msg_t *msg = flux_event_encode ("front", NULL);
    assert_int_equal (flux_requeue (h, msg, FLUX_RQ_HEAD), 0);
    flux_msg_destroy (msg);
    msg = flux_event_encode ("back", NULL);
    assert_int_equal (flux_requeue (h, msg, FLUX_RQ_TAIL), 0);
    assert_int_equal (flux_requeue (h, msg, 99), -1);
    flux_msg_destroy (msg);
    assert_string_equal (next_topic (h, NULL), "front");
    assert_string_equal (next_topic (h, NULL), "d");
    assert_string_equal (next_topic (h, NULL), "back");
    assert_null (next_topic (h, NULL));
    flux_get_msgcounters (h, &c);
    assert_int_equal (c.event_tx, 4);
    assert_int_equal (c.event_rx, 4);
    flux_clr_msgcounters (h);
    flux_get_msgcounters (h, &c);
    assert_int_equal (c.event_tx, 0);
    assert_int_equal (flux_send (h, NULL, 0), -1);
    assert_int_equal (flux_reconnect (h), -1);
    assert_int_equal (errno, ENOSYS);
    flux_close (h);
}

static void test_pollfd (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    struct pollfd pfd = {flux_pollfd (h), POLLIN, 0};

    assert_true (pfd.fd >= 0);
    flux_pollevents (h);
    assert_int_equal (poll (&pfd, 1, 0), 0);
    send_event (h, "a");
    assert_int_equal (poll (&pfd, 1, 0), 1);
    assert_true (flux_pollevents (h) & FLUX_POLLIN);
    assert_string_equal (next_topic (h, NULL), "a");
    flux_pollevents (h);
    assert_int_equal (poll (&pfd, 1, 0), 0);
    flux_msg_t *msg = flux_event_encode ("b", NULL);
    flux_requeue (h, msg, FLUX_RQ_TAIL);
    flux_msg_destroy (msg);
    assert_int_equal (poll (&pfd, 1, 0), 1);
    assert_true (flux_pollevents (h) & FLUX_POLLIN);
    flux_close (h);
}

static void count_free (void *arg)
{
    ++*(int *)arg;
}

static void test_aux_clone_flags (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    int freed = 0;

    assert_int_equal (flux_aux_set (h, "x", &freed, count_free), 0);
    flux_t *c = flux_clone (h);
    assert_true (flux_flags_get (c) & FLUX_O_CLONE);
    assert_null (flux_aux_get (c, "x"));
    assert_ptr_equal (flux_aux_get (h, "x"), &freed);
    send_event (c, "via clone");
    assert_string_equal (next_topic (h, NULL), "via clone");
    flux_flags_set (h, FLUX_O_TEST_NOSUB);
    assert_int_equal (flux_event_subscribe (h, "x"), 0);
    flux_flags_unset (h, FLUX_O_TEST_NOSUB);
    flux_close (h); // the clone still holds the connection
    send_event (c, "still there");
    assert_string_equal (next_topic (c, NULL), "still there");
    assert_int_equal (freed, 0);
    flux_close (c);
    assert_int_equal (freed, 1);
    flux_close (NULL);
}

static void test_reactor_of_handle (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    flux_reactor_t *r = flux_reactor_create (0);

    assert_int_equal (flux_set_reactor (h, r), 0);
    assert_ptr_equal (flux_get_reactor (h), r);
    assert_int_equal (flux_set_reactor (h, r), -1);
    assert_int_equal (errno, EEXIST);
    flux_close (h);
    flux_reactor_destroy (r);
}

static void test_matchtags (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    uint32_t tag[100];

    for (int i = 0; i < 100; i++) {
        tag[i] = flux_matchtag_alloc (h);
        assert_int_equal (tag[i], i + 1);
    }
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1 - 100);
    flux_matchtag_free (h, tag[50]);
    flux_matchtag_free (h, tag[50]);
    flux_matchtag_free (h, 12345678);
    flux_matchtag_free (h, 0);
    assert_int_equal (flux_matchtag_avail (h), UINT32_MAX - 1 - 99);
    assert_true (flux_matchtag_alloc (h) != tag[50]); // as late as possible
    flux_close (h);
}

struct calls {
    char seen[64];
    flux_msg_handler_t *victim;
};

static void note (struct calls *c, const char *s)
{
    strcat (c->seen, s);
}

#define HANDLER(name, text)                                                                        \
    static void name (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)         \
    {                                                                                              \
        note (arg, text);                                                                          \
    }
HANDLER (on_a, "a")
HANDLER (on_b, "b")
HANDLER (on_glob, "g")
HANDLER (on_any_event, "e")

static void on_stop (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    note (arg, "s");
    flux_reactor_stop (flux_get_reactor (h));
}

static void on_kill (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct calls *c = arg;

    note (c, "k");
    flux_msg_handler_destroy (c->victim);
    c->victim = NULL;
    flux_msg_handler_destroy (mh);
}

static void send_request (flux_t *h, const char *topic, uint32_t rolemask)
{
    flux_msg_t *msg = flux_request_encode (topic, NULL);

    flux_msg_set_cred (msg, (struct flux_msg_cred){getuid (), rolemask});
    flux_msg_set_matchtag (msg, 77);
    assert_int_equal (flux_send_new (h, &msg, 0), 0);
}

/* The loop gives answers back to us too, to where nobody waits for them. */
static void test_handlers (void **state)
{
    static const struct flux_msg_handler_spec tab[] = {
        {FLUX_MSGTYPE_REQUEST, "a", on_a, 0},
        {FLUX_MSGTYPE_REQUEST, "b", on_b, FLUX_ROLE_USER},
        {FLUX_MSGTYPE_REQUEST, "g.*", on_glob, 0},
        {FLUX_MSGTYPE_EVENT, NULL, on_any_event, 0},
        {FLUX_MSGTYPE_EVENT, "x*", on_glob, 0},
        {FLUX_MSGTYPE_REQUEST, "stop", on_stop, 0},
        FLUX_MSGHANDLER_TABLE_END,
    };
    flux_t *h = flux_open ("loop://", 0);
    struct calls c = {0};
    flux_msg_handler_t **vec;

    assert_int_equal (flux_msg_handler_addvec_ex (h, "svc", tab, &c, &vec), 0);
    flux_msg_handler_delvec (vec);
    assert_int_equal (flux_msg_handler_addvec (h, tab, &c, &vec), 0);
    send_request (h, "a", FLUX_ROLE_OWNER);
    send_request (h, "g.1", FLUX_ROLE_OWNER);
    send_request (h, "b", FLUX_ROLE_USER);
    send_request (h, "a", FLUX_ROLE_USER);    // EPERM
    send_request (h, "zzz", FLUX_ROLE_OWNER); // ENOSYS
    send_event (h, "xyz");
    send_event (h, "abc");
    send_request (h, "stop", FLUX_ROLE_OWNER);
    send_request (h, "a", FLUX_ROLE_OWNER); // stays where it is
    flux_reactor_run (flux_get_reactor (h), 0);
    assert_string_equal (c.seen, "agbgees");
    assert_string_equal (next_topic (h, NULL), "a");
    // the answers, in order
    for (int i = 0; i < 2; i++) {
        flux_msg_t *msg = flux_recv (h, FLUX_MATCH_RESPONSE, FLUX_O_NONBLOCK);
        int errnum;
        flux_msg_get_errnum (msg, &errnum);
        assert_int_equal (errnum, i == 0 ? EPERM : ENOSYS);
        flux_msg_destroy (msg);
    }
    flux_msg_handler_delvec (vec);
    flux_msg_handler_delvec (NULL);
    flux_close (h);
}

static void test_handler_order (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    struct calls c = {0};
    struct flux_match m = {.typemask = FLUX_MSGTYPE_REQUEST, .topic_glob = "t"};
    flux_msg_handler_t *old = flux_msg_handler_create (h, m, on_a, &c);
    flux_msg_handler_t *young = flux_msg_handler_create (h, m, on_b, &c);
    m.topic_glob = "*";
    flux_msg_handler_t *glob = flux_msg_handler_create (h, m, on_glob, &c);

    assert_null (flux_msg_handler_create (h, m, NULL, NULL));
    flux_msg_handler_start (old);
    flux_msg_handler_start (glob);
    flux_msg_handler_start (young);
    send_request (h, "t", FLUX_ROLE_OWNER);
    flux_reactor_run (flux_get_reactor (h), FLUX_REACTOR_NOWAIT);
    flux_msg_handler_stop (young);
    send_request (h, "t", FLUX_ROLE_OWNER);
    flux_reactor_run (flux_get_reactor (h), FLUX_REACTOR_NOWAIT);
    flux_msg_handler_destroy (old);
    send_request (h, "t", FLUX_ROLE_OWNER);
    flux_reactor_run (flux_get_reactor (h), FLUX_REACTOR_NOWAIT);
    assert_string_equal (c.seen, "bag");
    flux_msg_handler_destroy (glob);
    flux_close (h);
    flux_msg_handler_destroy (young); // after the handle
}

/* Who asked for one matchtag has its response, whoever else came later; but not with a route, as
 * the number is another sender's then. */
static void test_response_order (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    struct calls c = {0};
    struct flux_match m = FLUX_MATCH_RESPONSE;
    flux_msg_t *msg = flux_response_encode ("x", NULL);

    m.matchtag = flux_matchtag_alloc (h);
    flux_msg_handler_t *rpc = flux_msg_handler_create (h, m, on_a, &c);
    m.matchtag = FLUX_MATCHTAG_NONE;
    flux_msg_handler_t *any = flux_msg_handler_create (h, m, on_b, &c);
    flux_msg_handler_start (rpc);
    flux_msg_handler_start (any);
    for (uint32_t tag = 1; tag <= 2; tag++) {
        assert_int_equal (flux_msg_set_matchtag (msg, tag), 0);
        assert_int_equal (flux_send (h, msg, 0), 0);
        flux_reactor_run (flux_get_reactor (h), FLUX_REACTOR_NOWAIT);
    }
    assert_int_equal (flux_msg_set_matchtag (msg, 1), 0);
    flux_msg_route_enable (msg);
    assert_int_equal (flux_msg_route_push (msg, "other"), 0);
    assert_int_equal (flux_send (h, msg, 0), 0);
    flux_reactor_run (flux_get_reactor (h), FLUX_REACTOR_NOWAIT);
    assert_string_equal (c.seen, "abb");
    flux_msg_destroy (msg);
    flux_msg_handler_destroy (rpc);
    flux_msg_handler_destroy (any);
    flux_close (h);
}

static void on_handle (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    ++*(int *)arg;
    flux_watcher_unref (w);
}

/* A message that nobody takes keeps nobody waiting whom the watcher does not. */
static void test_unref_watcher (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    flux_reactor_t *r = flux_get_reactor (h);
    int count = 0;
    flux_watcher_t *w = flux_handle_watcher_create (r, h, FLUX_POLLIN, on_handle, &count);

    flux_watcher_start (w);
    send_event (h, "x");
    assert_int_equal (flux_reactor_run (r, 0), 0);
    assert_int_equal (count, 1);
    assert_false (flux_watcher_is_referenced (w));
    flux_watcher_destroy (w);
    flux_close (h);
}

static void test_destroy_in_callback (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    struct calls c = {0};
    struct flux_match m = FLUX_MATCH_EVENT;

    c.victim = flux_msg_handler_create (h, m, on_a, &c); // older, so it would come after
    flux_msg_handler_start (c.victim);
    flux_msg_handler_start (flux_msg_handler_create (h, m, on_kill, &c));
    send_event (h, "x");
    send_event (h, "y");
    assert_int_equal (flux_reactor_run (flux_get_reactor (h), 0), 0);
    assert_string_equal (c.seen, "k");
    assert_string_equal (next_topic (h, NULL), "y");
    flux_close (h);
}

/* What a clone reads and has no handler for goes back in order. */
static void test_clone_requeue (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    flux_t *clone = flux_clone (h);
    struct calls c = {0};
    struct flux_match m = {.typemask = FLUX_MSGTYPE_EVENT, .topic_glob = "mine"};
    flux_msg_handler_t *mh = flux_msg_handler_create (clone, m, on_a, &c);

    flux_msg_handler_start (mh);
    send_event (h, "1");
    send_event (h, "2");
    send_event (h, "mine");
    send_event (h, "3");
    for (int i = 0; i < 5; i++)
        flux_reactor_run (flux_get_reactor (clone), FLUX_REACTOR_NOWAIT);
    assert_string_equal (c.seen, "a");
    assert_int_equal (flux_dispatch_requeue (h), -1);
    assert_int_equal (flux_dispatch_requeue (clone), 0);
    assert_string_equal (next_topic (h, NULL), "1");
    assert_string_equal (next_topic (h, NULL), "2");
    assert_string_equal (next_topic (h, NULL), "3");
    flux_msg_handler_destroy (mh);
    flux_close (clone);
    flux_close (h);
}

static flux_msg_t *request_from (const char *sender, uint32_t userid, uint32_t role, uint32_t tag)
{
    flux_msg_t *msg = flux_request_encode ("svc.x", NULL);

    flux_msg_set_matchtag (msg, tag);
    flux_msg_set_cred (msg, (struct flux_msg_cred){userid, role});
    flux_msg_route_push (msg, sender);
    return msg;
}

static void test_disconnect_cancel (void **state)
{
    flux_t *h = flux_open ("loop://", 0);
    struct flux_msglist *l = flux_msglist_create ();
    const struct {
        const char *sender;
        uint32_t tag;
    } waiting[] = {{"A", 1}, {"B", 1}, {"A", 2}, {"B", 2}};
    for (int i = 0; i < 4; i++) {
        flux_msg_t *msg = request_from (waiting[i].sender, 5, FLUX_ROLE_USER, waiting[i].tag);
        flux_msglist_append (l, msg);
        flux_msg_destroy (msg);
    }
    flux_msg_t *cancel = request_from ("B", 6, FLUX_ROLE_USER, 0);
    flux_msg_pack (cancel, "{s:i}", "matchtag", 2);
    assert_int_equal (flux_msglist_cancel (h, l, cancel), 0); // another user
    flux_msg_set_userid (cancel, 5);
    assert_int_equal (flux_msglist_cancel (h, l, cancel), 1);
    assert_int_equal (flux_msglist_cancel (h, l, cancel), 0);
    flux_msg_destroy (cancel);
    flux_msg_t *rep = flux_recv (h, FLUX_MATCH_RESPONSE, FLUX_O_NONBLOCK);
    int errnum;
    assert_int_equal (flux_msg_get_errnum (rep, &errnum), 0);
    assert_int_equal (errnum, ENODATA);
    flux_msg_destroy (rep);
    flux_msg_t *disc = request_from ("A", 0, FLUX_ROLE_OWNER, 0);
    assert_int_equal (flux_msglist_disconnect (l, disc), 2);
    assert_int_equal (flux_msglist_count (l), 1);
    flux_msg_destroy (disc);
    flux_msglist_destroy (l);
    flux_close (h);
}

static void test_open_errors (void **state)
{
    static const struct {
        const char *uri;
        int errnum;
    } rows[] = {
        {"foo://x", ENOENT},     {"", ENOENT},
        {"/x", ENOENT},          {"...", ENOENT},
        {".x/..", ENOENT},       {"local:///nonexistent/socket", ENOENT},
        {"local://", EINVAL},    {"fd://", EINVAL},
        {"fd://x", EINVAL},      {"fd://999999", EBADF},
        {"ssh://host", EINVAL},  {"ssh://-oProxyCommand=x/path", EINVAL},
        {"ssh://h/a;b", EINVAL}, {"ssh://h:-x/a", EINVAL},
    };
    flux_error_t e;

    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++) {
        errno = 0;
        assert_null (flux_open_ex (rows[i].uri, 0, &e));
        assert_int_equal (errno, rows[i].errnum);
        assert_true (strlen (e.text) > 0);
    }
    assert_null (flux_open ("loop://", 1 << 20));
    unsetenv ("FLUX_URI");
    assert_null (flux_open_ex (NULL, 0, &e));
    setenv ("FLUX_URI", "loop://", 1);
    for (int i = 0; i < 2; i++) {
        flux_t *h = flux_open_ex (i == 0 ? NULL : ".", 0, &e);
        assert_non_null (h);
        flux_close (h);
    }
    unsetenv ("FLUX_URI");
}

/* A listener that greets with one byte, then closes. */
struct listener {
    int fd;
    char path[64];
    char greeting;
    pthread_t thread;
};

static void *greet (void *arg)
{
    struct listener *l = arg;
    int fd = accept (l->fd, NULL, NULL);

    if (write (fd, &l->greeting, 1) != 1)
        abort ();
    char c;
    while (read (fd, &c, 1) > 0)
        ;
    close (fd);
    return NULL;
}

static void test_greeting (void **state)
{
    static const char greetings[] = {0, EPERM};
    flux_error_t e;

    for (int i = 0; i < 2; i++) {
        struct listener l = {.greeting = greetings[i]};
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        char uri[80];
        snprintf (l.path, sizeof (l.path), "/tmp/flux-test-%d", (int)getpid ());
        strcpy (addr.sun_path, l.path);
        l.fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal (bind (l.fd, (struct sockaddr *)&addr, sizeof (addr)), 0);
        snprintf (uri, sizeof (uri), "local://%s", l.path);
        if (i == 0) {
            // not listening: tried again for a while, then refused
            assert_null (flux_open_ex (uri, 0, &e));
            assert_int_equal (errno, ECONNREFUSED);
        }
        assert_int_equal (listen (l.fd, 1), 0);
        pthread_create (&l.thread, NULL, greet, &l);
        flux_t *h = flux_open_ex (uri, 0, &e);
        if (greetings[i] == 0)
            assert_non_null (h);
        else {
            assert_null (h);
            assert_int_equal (errno, EPERM);
        }
        flux_close (h);
        pthread_join (l.thread, NULL);
        close (l.fd);
        unlink (l.path);
    }
}

/* ssh:// with a program in its place: it greets and echoes. */
static void test_ssh (void **state)
{
    char path[] = "/tmp/flux-ssh-XXXXXX";
    int fd = mkstemp (path);
    FILE *f = fdopen (fd, "w");
    flux_error_t e;

    fprintf (f, "#!/bin/sh\n"
                "[ \"$*\" = '-p 22 me@host flux relay /tmp/x' ] || exit 1\n"
                "printf '\\000'\nexec cat\n");
    fclose (f);
    chmod (path, 0700);
    setenv ("FLUX_SSH", path, 1);
    flux_t *h = flux_open_ex ("ssh://me@host:22/tmp/x", 0, &e);
    assert_non_null (h);
    send_event (h, "hello");
    flux_msg_t *msg = flux_recv (h, FLUX_MATCH_EVENT, 0);
    assert_non_null (msg);
    flux_msg_destroy (msg);
    flux_close (h);
    assert_null (flux_open_ex ("ssh://other/x", 0, &e)); // it exits at once
    assert_int_equal (errno, ECONNRESET);
    unsetenv ("FLUX_SSH");
    unlink (path);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_loop),
        cmocka_unit_test (test_pollfd),
        cmocka_unit_test (test_aux_clone_flags),
        cmocka_unit_test (test_reactor_of_handle),
        cmocka_unit_test (test_matchtags),
        cmocka_unit_test (test_handlers),
        cmocka_unit_test (test_handler_order),
        cmocka_unit_test (test_response_order),
        cmocka_unit_test (test_unref_watcher),
        cmocka_unit_test (test_destroy_in_callback),
        cmocka_unit_test (test_clone_requeue),
        cmocka_unit_test (test_disconnect_cancel),
        cmocka_unit_test (test_open_errors),
        cmocka_unit_test (test_greeting),
        cmocka_unit_test (test_ssh),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
