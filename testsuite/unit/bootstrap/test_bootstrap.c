/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Single and PMI-1 bootstrap, the environment, and what is scrubbed from it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/bootstrap/pmi1.h"
#include "testsuite/unit/cmocka.h"

static void test_single (void **state)
{
    struct bootstrap *b = bootstrap_begin (NULL);
    const struct bootstrap_info *info;
    uint8_t zero[BOOTSTRAP_TOKEN_SIZE] = {0};
    flux_error_t e;

    assert_non_null (b);
    info = bootstrap_get_info (b);
    assert_int_equal (info->method, BOOTSTRAP_SINGLE);
    assert_int_equal (info->rank, 0);
    assert_int_equal (info->size, 1);
    assert_null (info->attrs[0].name);
    assert_int_equal (bootstrap_finish (b, "", "", 0, &e), -1);
    assert_int_equal (bootstrap_finish (b, "", "", BOOTSTRAP_NO_PARENT, NULL), 0);
    assert_string_equal (info->hostlist, info->hostname);
    assert_null (info->parent_uri);
    assert_memory_not_equal (info->token, zero, sizeof (zero));
    bootstrap_abort (b, "nobody hears it");
    bootstrap_destroy (b);
    bootstrap_destroy (NULL);
}

static void test_bad_environ (void **state)
{
    static const struct {
        const char *name, *value, *word;
    } row[] = {
        {"FLUX_BOOTSTRAP_METHOD", "magic", "magic"},
        {"FLUX_BOOTSTRAP_METHOD", "wireup", "FLUX_BOOTSTRAP_AUTH"},
        {"FLUX_BOOTSTRAP_METHOD", "pmi1", "PMI_FD"},
        {"FLUX_BOOTSTRAP_ATTRS", "x", "name=value"},
        {"FLUX_BOOTSTRAP_ATTRS", "=x", "name=value"},
        {"FLUX_BOOTSTRAP_TIMEOUT", "-1", "TIMEOUT"},
        {"FLUX_BOOTSTRAP_TIMEOUT", "", "TIMEOUT"},
        {"FLUX_BOOTSTRAP_TIMEOUT", "9999999", "TIMEOUT"},
        {"PMI_FD", "x", "PMI_FD"},
    };

    for (size_t i = 0; i < sizeof (row) / sizeof (row[0]); i++) {
        flux_error_t e = {""};

        setenv (row[i].name, row[i].value, 1);
        assert_null (bootstrap_begin (&e));
        assert_non_null (strstr (e.text, row[i].word));
        assert_null (getenv (row[i].name));
    }
}

static void test_scrub (void **state)
{
    static const char *const gone[] = {"SLURM_PROCID",
                                       "SLURM_JOBID",
                                       "SLURM_STEP_ID",
                                       "SLURM_NODELIST",
                                       "PMI_FD",
                                       "PMIX_RANK",
                                       "SLURMD_NODENAME",
                                       "SLURM_SPANK__SLURM_SPANK_OPTION_flux_flux",
                                       "_SLURM_SPANK_OPTION_x",
                                       "SLURM_JOB_IDX",
                                       NULL};
    static const char *const kept[] = {"SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CONF", "SLURM",
                                       "HOME",         "SLURM_SUBMIT_DIR",    NULL};

    for (int i = 0; gone[i]; i++)
        setenv (gone[i], "1", 1);
    for (int i = 0; kept[i]; i++)
        setenv (kept[i], "1", 1);
    bootstrap_scrub_environ ();
    for (int i = 0; gone[i]; i++) {
        assert_null (getenv (gone[i]));
        assert_true (bootstrap_scrubs (gone[i]));
    }
    for (int i = 0; kept[i]; i++) {
        assert_non_null (getenv (kept[i]));
        assert_false (bootstrap_scrubs (kept[i]));
    }
    unsetenv ("SLURM_JOB_ID");
    unsetenv ("SLURM_CONF");
}

static void test_line_value (void **state)
{
    static const struct {
        const char *line, *key, *value;
    } row[] = {
        {"cmd=get_result rc=0 value=a b=c d", "value", "a b=c d"},
        {"cmd=get_result rc=0 value=a", "rc", "0"},
        {"cmd=maxes kvsname_max=1 keylen_max=2 vallen_max=3", "vallen_max", "3"},
        {"cmd=x  y=", "y", ""},
        {"cmd=x", "y", NULL},
        {"", "y", NULL},
        {"xy=1", "y", NULL},
        {"=", "y", NULL},
        {"y", "y", NULL},
    };

    for (size_t i = 0; i < sizeof (row) / sizeof (row[0]); i++) {
        char *v = pmi1_line_value (row[i].line, row[i].key);
        if (row[i].value)
            assert_string_equal (v, row[i].value);
        else
            assert_null (v);
        free (v);
    }
}

/* A PMI-1 server for a few ranks, with tiny values so that the hostlist goes in pieces. */
struct kv {
    char *key, *value;
} store[256];
static int nstore;

static const char *store_get (const char *key)
{
    for (int i = 0; i < nstore; i++) {
        if (strcmp (store[i].key, key) == 0)
            return store[i].value;
    }
    return NULL;
}

/* 1: at the barrier, -1: finalized */
static int serve_line (FILE *f, char *line)
{
    char *cmd = pmi1_line_value (line, "cmd");
    char *key = pmi1_line_value (line, "key");
    char *value = pmi1_line_value (line, "value");
    int rc = 0;

    if (strcmp (cmd, "init") == 0)
        fputs ("cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n", f);
    else if (strcmp (cmd, "get_maxes") == 0)
        fputs ("cmd=maxes rc=0 kvsname_max=64 keylen_max=64 vallen_max=120\n", f);
    else if (strcmp (cmd, "get_my_kvsname") == 0)
        fputs ("cmd=my_kvsname kvsname=kvs1\n", f);
    else if (strcmp (cmd, "put") == 0) {
        assert_true (strlen (value) < 120);
        assert_null (strpbrk (value, " =")); // not all servers take them
        store[nstore++] = (struct kv){strdup (key), strdup (value)};
        fputs ("cmd=put_result rc=0\n", f);
    } else if (strcmp (cmd, "get") == 0) {
        if (store_get (key))
            fprintf (f, "cmd=get_result rc=0 value=%s\n", store_get (key));
        else
            fputs ("cmd=get_result rc=-1\n", f);
    } else if (strcmp (cmd, "barrier_in") == 0)
        rc = 1;
    else if (strcmp (cmd, "finalize") == 0) {
        fputs ("cmd=finalize_ack\n", f);
        rc = -1;
    }
    free (cmd);
    free (key);
    free (value);
    return rc;
}

static int pmi_client (int rank, int size, int fd)
{
    char text[256], uri[32];
    struct bootstrap *b;
    const struct bootstrap_info *info;
    int commas = 0;

    snprintf (text, sizeof (text), "%d", fd);
    setenv ("PMI_FD", text, 1);
    snprintf (text, sizeof (text), "%d", rank);
    setenv ("PMI_RANK", text, 1);
    snprintf (text, sizeof (text), "%d", size);
    setenv ("PMI_SIZE", text, 1);
    snprintf (text, sizeof (text), "a-long-host-name-%d", rank);
    setenv ("FLUX_BOOTSTRAP_HOSTNAME", text, 1);
    snprintf (uri, sizeof (uri), "tcp://x:%d", rank);
    if (!(b = bootstrap_begin (NULL)) || getenv ("PMI_FD") || getenv ("PMI_RANK"))
        return 1;
    info = bootstrap_get_info (b);
    if (bootstrap_finish (b, uri, "", rank ? (unsigned)rank - 1 : BOOTSTRAP_NO_PARENT, NULL) < 0)
        return 2;
    for (const char *c = info->hostlist; *c; c++)
        commas += *c == ',';
    snprintf (uri, sizeof (uri), "tcp://x:%d", rank - 1);
    if (commas != size - 1 || (rank > 0 && strcmp (info->parent_uri, uri) != 0) ||
        strlen (info->instance) != 32)
        return 3;
    bootstrap_destroy (b);
    return 0;
}

#define PMI_SIZE 12

static void serve_all (FILE **f)
{
    bool live[PMI_SIZE];
    int left = PMI_SIZE;
    char line[1024];

    memset (live, 1, sizeof (live));
    while (left > 0) {
        int waiting = 0;
        for (int i = 0; i < PMI_SIZE; i++) {
            int rc = 0;
            while (live[i] && rc == 0) {
                assert_non_null (fgets (line, sizeof (line), f[i]));
                line[strcspn (line, "\n")] = '\0';
                rc = serve_line (f[i], line);
                fflush (f[i]);
            }
            if (rc < 0)
                live[i] = false, left--;
            waiting += rc == 1;
        }
        assert_true (waiting == 0 || waiting == PMI_SIZE);
        for (int i = 0; waiting && i < PMI_SIZE; i++) {
            fputs ("cmd=barrier_out rc=0\n", f[i]);
            fflush (f[i]);
        }
    }
}

static void test_pmi1 (void **state)
{
    FILE *f[PMI_SIZE];
    pid_t pid[PMI_SIZE];
    int status;

    for (int i = 0; i < PMI_SIZE; i++) {
        int sv[2];
        assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, sv), 0);
        if ((pid[i] = fork ()) == 0)
            _exit (pmi_client (i, PMI_SIZE, sv[1]));
        close (sv[1]);
        f[i] = fdopen (sv[0], "r+");
    }
    serve_all (f);
    for (int i = 0; i < PMI_SIZE; i++) {
        fclose (f[i]);
        waitpid (pid[i], &status, 0);
        assert_int_equal (status, 0);
    }
    for (int i = 0; i < nstore; i++) {
        free (store[i].key);
        free (store[i].value);
    }
}

static void test_pmi1_failures (void **state)
{
    static const struct {
        const char *answer, *word;
    } row[] = {
        {NULL, "time-out"},
        {"", "reset"},
        {"cmd=response_to_init rc=-1\n", "refused"},
        {"cmd=barrier_out\n", "protocol"},
        {"nonsense\n", "protocol"},
        {"cmd=response_to_init rc=0\ncmd=maxes rc=0\ncmd=my_kvsname rc=0\n", "names no KVS"},
    };

    for (size_t i = 0; i < sizeof (row) / sizeof (row[0]); i++) {
        flux_error_t e;
        int sv[2];

        assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, sv), 0);
        if (row[i].answer)
            assert_true (write (sv[1], row[i].answer, strlen (row[i].answer)) >= 0);
        if (row[i].answer)
            shutdown (sv[1], SHUT_WR);
        assert_null (pmi1_create (sv[0], 0.2, &e));
        assert_non_null (strstr (e.text, row[i].word));
        close (sv[1]);
    }
    assert_null (pmi1_create (-1, 0.2, NULL));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_single), cmocka_unit_test (test_bad_environ),
        cmocka_unit_test (test_scrub),  cmocka_unit_test (test_line_value),
        cmocka_unit_test (test_pmi1),   cmocka_unit_test (test_pmi1_failures),
    };
    for (const char *const *v = (const char *const[]){"PMI_FD", "FLUX_BOOTSTRAP_METHOD", NULL}; *v;
         v++)
        unsetenv (*v);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
