/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The wire-up server against real clients, each a process of its own on a socket pair. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/bootstrap/server.h"
#include "lib/bootstrap/wireup.h"
#include "lib/util/monotime.h"
#include "testsuite/unit/cmocka.h"

extern char **environ;

#define MAX 300

enum behaviour { GOOD, ORPHAN, DIES, ABORTS, SILENT, BAD_PARENT, WRONG_NONCE, GARBAGE };

/* exit codes of a client */
enum { OK = 0, BEGIN_FAILED = 1, FINISH_FAILED = 2, WRONG = 3 };

static uint32_t binary_parent (uint32_t rank)
{
    return rank == 0 ? BOOTSTRAP_NO_PARENT : (rank - 1) / 2;
}

static int check_info (const struct bootstrap_info *info, uint32_t rank, uint32_t size,
                       uint32_t parent, int report)
{
    char uri[64];

    if (info->rank != rank || info->size != size || info->munge || info->jobid || !info->instance ||
        strlen (info->instance) != 32 || strcmp (info->attrs[0].name, "a") != 0 ||
        strcmp (info->attrs[0].value, "b=c") != 0 || strcmp (info->attrs[1].value, "") != 0 ||
        info->attrs[2].name)
        return WRONG;
    snprintf (uri, sizeof (uri), "tcp://x:%u", parent);
    if (rank == 0 ? info->parent_uri != NULL
                  : strcmp (info->parent_uri, uri) != 0 || strcmp (info->parent_pubkey, "k") != 0)
        return WRONG;
    if (strncmp (info->hostlist, "h0,h1", size > 1 ? 5 : 2) != 0)
        return WRONG;
    return write (report, info->token, sizeof (info->token)) == sizeof (info->token) ? OK : WRONG;
}

static int set_env (const char *name, const char *value, void *arg)
{
    return setenv (name, value, 1);
}

static int client (uint32_t rank, uint32_t size, enum behaviour how, int fd, int report)
{
    struct bootstrap *b;
    char uri[64], host[16];
    flux_error_t e;
    int rc;

    snprintf (uri, sizeof (uri), "tcp://x:%u", rank);
    snprintf (host, sizeof (host), "h%u", rank);
    setenv ("FLUX_BOOTSTRAP_HOSTNAME", host, 1);
    setenv ("FLUX_BOOTSTRAP_ATTRS", "a=b=c\nempty=", 1);
    if (how == WRONG_NONCE)
        setenv ("FLUX_BOOTSTRAP_NONCE", "0123", 1);
    if (how == DIES)
        return OK;
    if (how == SILENT) {
        char c;
        return read (fd, &c, 1) >= 0 ? OK : WRONG;
    }
    if (how == GARBAGE)
        return write (fd, "\xff\xff\xff\xff garbage", 12) == 12 && read (fd, uri, 1) == 0 ? OK
                                                                                          : WRONG;
    if (!(b = bootstrap_begin (NULL)))
        return BEGIN_FAILED;
    for (char **v = environ; *v; v++) {
        if (strncmp (*v, "FLUX_BOOTSTRAP", 14) == 0)
            return WRONG;
    }
    if (how == ABORTS) {
        bootstrap_abort (b, "no disk");
        bootstrap_destroy (b);
        return OK;
    }
    if (bootstrap_finish (b, uri, "k", how == BAD_PARENT ? size : binary_parent (rank), &e) < 0) {
        rc =
            write (report, e.text, strlen (e.text)) > 0 && (how != GOOD || bootstrap_is_refused (b))
                ? FINISH_FAILED
                : WRONG;
        bootstrap_destroy (b);
        return rc;
    }
    rc = check_info (bootstrap_get_info (b), rank, size, how == ORPHAN ? 0 : binary_parent (rank),
                     report);
    bootstrap_destroy (b);
    return rc;
}

struct run {
    struct wireup_server *srv;
    uint32_t size;
    pid_t pid[MAX];
    int report[MAX];
};

static void run_start_config (struct run *r, const struct wireup_config *config,
                              const enum behaviour *how)
{
    uint32_t size = config->size;

    memset (r, 0, sizeof (*r));
    r->size = size;
    assert_non_null (r->srv = wireup_server_create (config, NULL));
    for (uint32_t i = 0; i < size; i++) {
        int sv[2], pfd[2];

        assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
        assert_int_equal (pipe (pfd), 0);
        assert_true ((r->pid[i] = fork ()) >= 0);
        if (r->pid[i] == 0) {
            close (sv[0]);
            wireup_server_env (r->srv, i, sv[1], set_env, NULL);
            _exit (client (i, size, how ? how[i] : GOOD, sv[1], pfd[1]));
        }
        close (sv[1]);
        close (pfd[1]);
        r->report[i] = pfd[0];
        assert_int_equal (wireup_server_add (r->srv, sv[0]), 0);
    }
}

static void run_start (struct run *r, uint32_t size, double timeout, const enum behaviour *how)
{
    const struct wireup_config config = {.size = size, .timeout = timeout};

    run_start_config (r, &config, how);
}

/* Reaps client i: its exit code, and what it reported. */
static int run_reap (struct run *r, uint32_t i, char *text, size_t size)
{
    int status;
    ssize_t n;

    assert_int_equal (waitpid (r->pid[i], &status, 0), r->pid[i]);
    n = read (r->report[i], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close (r->report[i]);
    return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void test_sizes (void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 16, MAX};

    for (size_t s = 0; s < sizeof (sizes) / sizeof (sizes[0]); s++) {
        struct run r;
        char first[256], token[256];

        run_start (&r, sizes[s], 30, NULL);
        assert_int_equal (wireup_server_run (r.srv, -1, NULL), 0);
        for (uint32_t i = 0; i < r.size; i++) {
            assert_int_equal (run_reap (&r, i, i ? token : first, sizeof (token)), OK);
            if (i > 0)
                assert_memory_equal (first, token, BOOTSTRAP_TOKEN_SIZE);
        }
        wireup_server_destroy (r.srv);
    }
}

static void test_failures (void **state)
{
    static const struct {
        enum behaviour third;
        int code; // of the third
        const char *why;
    } row[] = {
        {DIES, OK, "the broker ended before the instance was up"},
        {ABORTS, OK, "h2: no disk"},
        {SILENT, OK, "no word from rank 2 within 0.3 s"},
        {BAD_PARENT, FINISH_FAILED, "the broker ended before the instance was up"},
        {WRONG_NONCE, FINISH_FAILED, "the broker ended before the instance was up"},
        {GARBAGE, OK, "the broker ended before the instance was up"},
    };

    for (size_t k = 0; k < sizeof (row) / sizeof (row[0]); k++) {
        enum behaviour how[4] = {GOOD, GOOD, row[k].third, GOOD};
        struct run r;
        flux_error_t e;
        char text[256];

        run_start (&r, 4, 0.3, how);
        assert_int_equal (wireup_server_run (r.srv, -1, &e), -1);
        assert_string_equal (e.text, row[k].why);
        wireup_server_destroy (r.srv);
        for (uint32_t i = 0; i < 4; i++) {
            int code = run_reap (&r, i, text, sizeof (text));
            assert_int_equal (code, i == 2 ? row[k].code : FINISH_FAILED);
            if (i != 2 && row[k].third == SILENT)
                assert_string_equal (text, row[k].why);
        }
    }
}

/* After the time the quorum is enough, but not without rank 0. Rank 5 is below 2, which is missing.
 */
static void test_quorum (void **state)
{
    static const struct {
        uint32_t quorum, silent;
        int rc;
    } row[] = {{5, 2, 0}, {5, 4, 0}, {6, 4, -1}, {5, 0, -1}};

    for (size_t k = 0; k < sizeof (row) / sizeof (row[0]); k++) {
        const struct wireup_config config = {.size = 6, .timeout = .3, .quorum = row[k].quorum};
        enum behaviour how[6] = {GOOD, GOOD, GOOD, GOOD, GOOD, row[k].silent == 2 ? ORPHAN : GOOD};
        struct run r;
        char text[256];

        how[row[k].silent] = SILENT;
        run_start_config (&r, &config, how);
        assert_int_equal (wireup_server_run (r.srv, -1, NULL), row[k].rc);
        wireup_server_destroy (r.srv);
        for (uint32_t i = 0; i < 6; i++)
            assert_int_equal (run_reap (&r, i, text, sizeof (text)),
                              row[k].rc == 0 || i == row[k].silent ? OK : FINISH_FAILED);
    }
}

static int host_of (const char *hostlist, uint32_t rank, char *buf, size_t size)
{
    return snprintf (buf, size, "node%u", rank) < (int)size ? 0 : -1;
}

static void test_many_missing (void **state)
{
    const struct wireup_config config = {.size = 1000, .timeout = 0.01, .host_of = host_of};
    struct wireup_server *srv = wireup_server_create (&config, NULL);
    flux_error_t e;

    assert_int_equal (wireup_server_run (srv, -1, &e), -1);
    assert_int_equal (errno, ETIMEDOUT);
    assert_memory_equal (e.text, "no word from node0, node1, node2, ", 33);
    assert_non_null (strstr (e.text, " more within 0.01 s"));
    wireup_server_destroy (srv);
}

static void test_stop (void **state)
{
    const struct wireup_config config = {.size = 2, .timeout = 30};
    struct wireup_server *srv = wireup_server_create (&config, NULL);
    int pfd[2];

    assert_int_equal (pipe (pfd), 0);
    assert_int_equal (write (pfd[1], "x", 1), 1);
    assert_int_equal (wireup_server_run (srv, pfd[0], NULL), -1);
    assert_int_equal (errno, ECANCELED);
    wireup_server_destroy (srv);
    close (pfd[0]);
    close (pfd[1]);
}

/* Strangers on the port can neither stop the wire-up nor pass for a broker. */
static void test_strangers (void **state)
{
    const struct wireup_config config = {.size = 1, .timeout = 0.3};
    struct wireup_server *srv = wireup_server_create (&config, NULL);
    int port = wireup_server_listen (srv, 0, 0, NULL);
    int fd[3];
    flux_error_t e;

    assert_true (port > 0);
    for (int i = 0; i < 3; i++) {
        fd[i] = wireup_connect ("127.0.0.1", port, monotime_now () + 5, NULL);
        assert_true (fd[i] >= 0);
    }
    close (fd[0]);
    assert_int_equal (write (fd[1], "GET / HTTP/1.0\r\n\r\n", 18), 18);
    assert_int_equal (write (fd[2], "\0\0\0\4FLXw", 8), 8);
    assert_int_equal (wireup_server_run (srv, -1, &e), -1);
    assert_string_equal (e.text, "no word from rank 0 within 0.3 s");
    close (fd[1]);
    close (fd[2]);
    wireup_server_destroy (srv);
}

static void test_connect (void **state)
{
    const struct wireup_config config = {.size = 1, .timeout = 1};
    struct wireup_server *srv = wireup_server_create (&config, NULL);
    int port = wireup_server_listen (srv, 20000, 60000, NULL);
    flux_error_t e;
    int fd;

    assert_in_range (port, 20000, 60000);
    /* the second answers; nobody listens at the first */
    fd = wireup_connect ("127.9.9.9,127.0.0.1", port, monotime_now () + 5, NULL);
    assert_true (fd >= 0);
    close (fd);
    /* and so over IPv6, where the host has it */
    if (access ("/proc/net/if_inet6", F_OK) == 0 &&
        (fd = wireup_connect ("::1", port, monotime_now () + 5, &e)) < 0)
        fail_msg ("%s", e.text);
    close (fd);
    wireup_server_destroy (srv);
    assert_int_equal (wireup_connect ("127.0.0.1", port, monotime_now () + 5, &e), -1);
    assert_non_null (strstr (e.text, "127.0.0.1"));
    assert_int_equal (wireup_connect ("not-a-number", port, monotime_now () + 5, &e), -1);
    assert_int_equal (wireup_connect ("", port, monotime_now () + 5, &e), -1);
}

static void test_create_refuses (void **state)
{
    const struct wireup_config none = {.size = 0}, many = {.size = UINT32_MAX};

    assert_null (wireup_server_create (&none, NULL));
    assert_null (wireup_server_create (&many, NULL));
    wireup_server_destroy (NULL);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_sizes),   cmocka_unit_test (test_failures),
        cmocka_unit_test (test_quorum),  cmocka_unit_test (test_many_missing),
        cmocka_unit_test (test_stop),    cmocka_unit_test (test_strangers),
        cmocka_unit_test (test_connect), cmocka_unit_test (test_create_refuses),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
