/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job shells as the broker sees them: started through the spawner, with real processes. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/service/job_exec/procs.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/shell/fakebroker.h"

#define SERVICE_INPUT "{}" // stdin from the shell's service

static void run_one (struct fakebroker *fb, const char *command, int ntasks, const char *options,
                     int status, const char *out, const char *err)
{
    uint64_t id = 1000 + fb->njobs;
    struct fake_job *job = fakebroker_start (fb, id, fake_request (id, command, ntasks, options));

    assert_true (fakebroker_run (fb, 20.));
    assert_true (job->started && job->exited && !job->failed);
    assert_int_equal (job->status, status);
    assert_int_equal (job->wait_status, status);
    char *s = fake_output (job, "stdout", NULL);
    if (out)
        assert_string_equal (s, out);
    free (s);
    s = fake_output (job, "stderr", NULL);
    if (err)
        assert_string_equal (s, err);
    free (s);
}

static void test_jobs (void **state)
{
    static const struct {
        const char *command;
        int ntasks;
        int status;
        const char *out;
        const char *err;
    } jobs[] = {
        {"[\"true\"]", 1, 0, "", ""},
        {"[\"false\"]", 1, 1 << 8, "", ""},
        {"[\"echo\",\"hello\",\"w\\u00f6rld\"]", 1, 0, "hello wörld\n", ""},
        {"[\"sh\",\"-c\",\"echo oops >&2; exit 3\"]", 1, 3 << 8, "", "oops\n"},
        {"[\"sh\",\"-c\",\"kill -9 $$\"]", 1, (128 + SIGKILL) << 8, "", ""},
        {"[\"printf\",\"no newline\"]", 1, 0, "no newline", ""},
        {"[\"sh\",\"-c\",\"exit $FLUX_TASK_RANK\"]", 4, 3 << 8, "", ""},
        {"[\"sh\",\"-c\",\"echo $FLUX_JOB_SIZE $FLUX_JOB_NNODES $FLUX_TASK_LOCAL_ID\"]", 1, 0,
         "1 1 0\n", ""},
        {"[\"echo\",\"{{size}} {{taskid}} {{name}} {{none}}\"]", 1, 0, "1 0 echo {{none}}\n", ""},
        {"[\"sh\",\"-c\",\"test -d $FLUX_JOB_TMPDIR && touch $FLUX_JOB_TMPDIR/x\"]", 1, 0, "", ""},
        {"[\"sh\",\"-c\",\"ps -o sid= -p $$ >/dev/null; ls /proc/self/fd | wc -w\"]", 1, 0, "5\n",
         ""},
    };
    struct fakebroker *fb = *state;

    for (size_t i = 0; i < sizeof (jobs) / sizeof (jobs[0]); i++)
        run_one (fb, jobs[i].command, jobs[i].ntasks, NULL, jobs[i].status, jobs[i].out,
                 jobs[i].err);
}

/* A short job says all in its result: it neither connects nor sends. */
static void test_silent (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job = NULL;

    for (int i = 0; i < 20 && (!job || job->connected); i++) { // on a busy machine it is not short
        job = fakebroker_start (fb, 1, fake_request (1, "[\"true\"]", 1, NULL));
        assert_true (fakebroker_run (fb, 20.));
    }
    assert_false (job->connected);
    json_t *o = fake_event (&job->output, "header");
    assert_non_null (o);
    json_decref (o);
    const char *names[] = {"shell.init", "shell.start", "shell.task-exit"};
    for (int i = 0; i < 3; i++) {
        o = fake_event (&job->exec, names[i]);
        assert_non_null (o);
        json_decref (o);
    }
}

static void test_start_fails (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request (1, "[\"/no/such/program\"]", 1, NULL));

    assert_true (fakebroker_run (fb, 20.));
    assert_int_equal (job->status, 127 << 8);
    assert_non_null (strstr (job->raised.data, "/no/such/program"));
    job = fakebroker_start (fb, 1, fake_request (1, "[\"/etc/passwd\"]", 1, NULL));
    assert_true (fakebroker_run (fb, 20.));
    assert_int_equal (job->status, 126 << 8);
}

static void test_malformed (void **state)
{
    static const char *const requests[] = {
        "",
        "{",
        "[]",
        "{\"id\":1}",
        "{\"id\":1,\"jobspec\":{},\"R\":{},\"shell_rank\":0,\"nshells\":1,\"ranks\":[0]}",
        "{\"id\":1,\"jobspec\":{},\"R\":{},\"shell_rank\":7,\"nshells\":1,\"ranks\":[0]}",
    };
    struct fakebroker *fb = *state;

    for (size_t i = 0; i < sizeof (requests) / sizeof (requests[0]); i++) {
        struct fake_job *job = fakebroker_start (fb, 1, strdup (requests[i]));
        assert_true (fakebroker_run (fb, 20.));
        assert_int_equal (job->wait_status, 1 << 8);
        assert_int_equal (job->status, 1 << 8);
        assert_true (job->raised.len > 0);
    }
}

/* More than a packet holds, in both directions. */
static void test_large (void **state)
{
    struct fakebroker *fb = *state;
    char *command = malloc (300000);
    char *s;

    strcpy (command, "[\"sh\",\"-c\",\"printf %s $0 | wc -c\",\"");
    size_t n = strlen (command);
    memset (command + n, 'x', 100000);
    strcpy (command + n + 100000, "\"]");
    run_one (fb, command, 1, NULL, 0, "100000\n", "");
    free (command);

    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request (1, "[\"sh\",\"-c\",\"seq 500000\"]", 1, NULL));
    assert_true (fakebroker_run (fb, 20.));
    s = fake_output (job, "stdout", NULL);
    assert_int_equal (strlen (s), 3388895);
    assert_string_equal (s + 3388895 - 7, "500000\n");
    assert_true (job->connected);
    assert_true (job->output_first);
    free (s);
}

static void test_binary (void **state)
{
    struct fakebroker *fb = *state;

    run_one (fb, "[\"printf\",\"\\\\377\\\\376ab\\n\"]", 1, NULL, 0, "\377\376ab\n", "");
}

static void test_nul (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request (1, "[\"printf\",\"a\\\\000b\\n\"]", 1, NULL));

    assert_true (fakebroker_run (fb, 20.));
    assert_non_null (strstr (job->output.data, "\"base64\""));
    char *s = fake_output (job, "stdout", NULL);
    assert_memory_equal (s, "a\0b\n", 4);
    free (s);
}

static void test_kill (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request (1, "[\"sleep\",\"100\"]", 1, NULL));

    fakebroker_run_until (fb, &job->connected, 10.);
    assert_true (job->connected);
    spawner_kill (fb->sp, 1, SIGUSR1);
    assert_true (fakebroker_run (fb, 10.));
    assert_int_equal (job->status, (128 + SIGUSR1) << 8);
    assert_int_equal (spawner_kill (fb->sp, 1, SIGTERM), -1);
    assert_int_equal (errno, ENOENT);
}

/* Processes that the task leaves behind end with the job, however they ran away. */
static void test_leftovers (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job = fakebroker_start (
        fb, 1,
        fake_request (
            1, "[\"sh\",\"-c\",\"setsid sleep 1234.5 >/dev/null 2>&1 </dev/null & echo $!\"]", 1,
            NULL));

    assert_true (fakebroker_run (fb, 10.));
    char *s = fake_output (job, "stdout", NULL);
    assert_true (atoi (s) > 1);
    assert_int_equal (kill (atoi (s), 0), -1);
    free (s);
}

static void test_sigkill (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job = fakebroker_start (
        fb, 1, fake_request (1, "[\"sh\",\"-c\",\"trap '' TERM; sleep 100; sleep 100\"]", 1, NULL));

    fakebroker_run_until (fb, &job->connected, 10.);
    spawner_kill (fb->sp, 1, SIGTERM);
    fakebroker_run_until (fb, NULL, 0.1);
    assert_false (job->exited && job->status != 0);
    spawner_kill (fb->sp, 1, SIGKILL);
    assert_true (fakebroker_run (fb, 10.));
    assert_int_equal (job->status, (128 + SIGKILL) << 8);
}

/* A dead spawner takes its jobs along, and the next one starts new ones. */
static void test_spawner_dies (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job = fakebroker_start (
        fb, 1,
        fake_request (1, "[\"sh\",\"-c\",\"kill -9 $(ps -o ppid= -p $PPID); sleep 9\"]", 1, NULL));

    assert_true (fakebroker_run (fb, 10.));
    assert_int_equal (job->wait_status, SIGKILL);
    assert_int_equal (job->status, -1);
    run_one (fb, "[\"true\"]", 1, NULL, 0, "", "");
}

static void test_stdin (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request (1, "[\"cat\"]", 2, SERVICE_INPUT));

    fakebroker_run_until (fb, &job->connected, 10.);
    fakebroker_run_until (fb, NULL, 0.05);
    assert_int_equal (fakebroker_request (fb, 1, "stdin",
                                          json_pack ("{s:s s:s s:s}", "stream", "stdin", "rank",
                                                     "all", "data", "to all\n")),
                      0);
    assert_int_equal (fakebroker_request (fb, 1, "stdin",
                                          json_pack ("{s:s s:s s:s s:b}", "stream", "stdin", "rank",
                                                     "1", "data", "to one\n", "eof", 1)),
                      0);
    assert_int_equal (fakebroker_request (fb, 1, "stdin",
                                          json_pack ("{s:s s:s s:s}", "stream", "stdin", "rank",
                                                     "1", "data", "too late\n")),
                      EPIPE);
    assert_int_equal (
        fakebroker_request (fb, 1, "stdin",
                            json_pack ("{s:s s:s s:b}", "stream", "stdin", "rank", "0", "eof", 1)),
        0);
    assert_true (fakebroker_run (fb, 10.));
    assert_int_equal (job->status, 0);
    char *s0 = fake_output (job, "stdout", "0"), *s1 = fake_output (job, "stdout", "1");
    assert_string_equal (s0, "to all\n");
    assert_string_equal (s1, "to all\nto one\n");
    free (s0);
    free (s1);
    assert_non_null (strstr (job->input.data, "to one"));
}

/* Four job shells of one job, each on a node of its own. */
static void test_nodes (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *jobs[4];

    for (int i = 3; i >= 0; i--) // the leader comes last
        jobs[i] = fakebroker_start (
            fb, 1 + i,
            fake_request_multi (1 + i,
                                "[\"sh\",\"-c\",\"echo $FLUX_TASK_RANK {{node.name}}; "
                                "exit $FLUX_TASK_RANK\"]",
                                8, NULL, i, 4));
    assert_true (fakebroker_run (fb, 20.));
    for (int i = 0; i < 8; i++) {
        char rank[16], expect[32];
        snprintf (rank, sizeof (rank), "%d", i);
        snprintf (expect, sizeof (expect), "%d node%d\n", i, i / 2);
        char *s = fake_output (jobs[0], "stdout", rank);
        assert_string_equal (s, expect);
        free (s);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal (jobs[i]->status, (2 * i + 1) << 8);
    json_t *o = fake_event (&jobs[0]->exec, "shell.start");
    char *s = json_dumps (json_object_get (o, "context"), JSON_COMPACT);
    assert_string_equal (s, "{\"taskmap\":{\"version\":1,\"map\":[[0,4,2,1]]}}");
    free (s);
    json_decref (o);
}

static void test_nodes_stdin (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *jobs[2];

    for (int i = 0; i < 2; i++)
        jobs[i] =
            fakebroker_start (fb, 1 + i, fake_request_multi (1 + i, "[\"cat\"]", 2, "{}", i, 2));
    fakebroker_run_until (fb, &jobs[0]->connected, 10.);
    fakebroker_run_until (fb, NULL, 0.2);
    assert_int_equal (fakebroker_request (fb, 1, "stdin",
                                          json_pack ("{s:s s:s s:s s:b}", "stream", "stdin", "rank",
                                                     "all", "data", "hello\n", "eof", 1)),
                      0);
    assert_true (fakebroker_run (fb, 10.));
    char *s = fake_output (jobs[0], "stdout", NULL);
    assert_string_equal (s, "hello\nhello\n");
    free (s);
}

/* The PMI libraries' API on three nodes. */
static void test_pmi (void **state)
{
    static const char *const expect[] = {"ok 6 2\n", "ok 6\n"};
    char *top = realpath (getenv ("top_builddir") ? getenv ("top_builddir") : ".", NULL);
    struct fakebroker *fb = *state;

    for (int version = 1; version <= 2; version++) {
        struct fake_job *jobs[3];
        char command[4096];
        snprintf (command, sizeof (command), "[\"%s/testsuite/unit/pmi/pmi_task\",\"%d\"]", top,
                  version);
        for (int i = 0; i < 3; i++)
            jobs[i] =
                fakebroker_start (fb, 1 + i, fake_request_multi (1 + i, command, 6, NULL, i, 3));
        assert_true (fakebroker_run (fb, 20.));
        char *s = fake_output (jobs[0], "stdout", NULL);
        assert_string_equal (s, expect[version - 1]);
        free (s);
        for (int i = 0; i < 3; i++)
            assert_int_equal (jobs[i]->status, 0);
    }
    free (top);
}

static void test_pty (void **state)
{
    run_one (*state, "[\"sh\",\"-c\",\"test -t 0 && test -t 1 && test -t 2 && echo yes >&2\"]", 1,
             "{\"pty\":true}", 0, "yes\r\n", "");
}

/* A terminal that a client attaches to: it sees and types, and nothing is kept. */
static void test_pty_interactive (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job = fakebroker_start (
        fb, 1,
        fake_request (1, "[\"sh\",\"-c\",\"stty size; read x; echo got $x; exit 3\"]", 1,
                      "{\"pty\":{\"interactive\":1}}"));

    fakebroker_run_until (fb, &job->connected, 10.);
    fakebroker_run_until (fb, NULL, 0.1);
    json_t *o = fake_event (&job->exec, "shell.init");
    assert_string_equal (
        json_string_value (json_object_get (json_object_get (o, "context"), "pty")), "terminus.0");
    json_decref (o);
    assert_int_equal (fakebroker_request (fb, 1, "terminus.0", json_pack ("{s:s}", "type", "data")),
                      ENOENT);
    fakebroker_stream (fb, 1, "terminus.0",
                       json_pack ("{s:s s:s s:{s:i s:i}}", "type", "attach", "mode", "rw",
                                  "winsize", "rows", 30, "cols", 100));
    fakebroker_run_until (fb, NULL, 0.1);
    assert_int_equal (fakebroker_request (fb, 1, "terminus.0",
                                          json_pack ("{s:s s:s}", "type", "data", "data", "abc\n")),
                      0);
    assert_true (fakebroker_run (fb, 10.));
    assert_int_equal (job->status, 3 << 8);
    assert_int_equal (fb->stream_errnum, ENODATA);
    assert_non_null (strstr (fb->stream.data, "\"attach\""));
    assert_non_null (strstr (fb->stream.data, "got abc"));
    assert_non_null (strstr (fb->stream.data, "\"status\":768"));
    char *s = fake_output (job, "stdout", NULL);
    assert_string_equal (s, "");
    free (s);
}

/* A leader whose followers will never come ends when it is told to. */
static void test_kill_waiting (void **state)
{
    struct fakebroker *fb = *state;
    struct fake_job *job =
        fakebroker_start (fb, 1, fake_request_multi (1, "[\"true\"]", 2, NULL, 0, 2));

    fakebroker_run_until (fb, &job->connected, 10.);
    spawner_kill (fb->sp, 1, SIGKILL);
    assert_true (fakebroker_run (fb, 1.));
    assert_int_equal (job->wait_status, (128 + SIGKILL) << 8);
}

/* The process that runs a job, and what the job says besides. */
static pid_t shell_of (struct fakebroker *fb, const char *script, const char *options, char **said)
{
    uint64_t id = 1000 + fb->njobs;
    char command[1024], *rest;

    snprintf (command, sizeof (command), "[\"sh\",\"-c\",\"echo $PPID; %s\"]", script);
    struct fake_job *job = fakebroker_start (fb, id, fake_request (id, command, 1, options));
    assert_true (fakebroker_run (fb, 20.));
    assert_true (job->started && job->exited);
    char *s = fake_output (job, "stdout", NULL);
    pid_t pid = strtol (s, &rest, 10);
    if (said)
        *said = strdup (rest + 1);
    free (s);
    return pid;
}

static void run_in_root (struct fakebroker *fb)
{
    char *request = fake_request (1, "[\"pwd\"]", 1, NULL);
    json_t *o = json_loads (request, 0, NULL);
    json_t *attributes = json_object_get (json_object_get (o, "jobspec"), "attributes");

    json_object_set_new (json_object_get (attributes, "system"), "cwd", json_string ("/"));
    struct fake_job *job = fakebroker_start (fb, 1, json_dumps (o, 0));
    assert_true (fakebroker_run (fb, 20.));
    char *s = fake_output (job, "stdout", NULL);
    assert_string_equal (s, "/\n");
    free (s);
    free (request);
    json_decref (o);
}

/* After a plain job the process stays and has the next one, which finds nothing of the first. */
static void test_stays (void **state)
{
    static const char *look =
        "pwd; env | grep -v -e FLUX -e PMI -e OMPI | sort; ls /proc/self/fd | wc -l; "
        "ls $FLUX_JOB_TMPDIR; umask; ulimit -n";
    struct fakebroker *fb = *state;
    char *first, *second;

    pid_t pid = shell_of (fb, look, NULL, &first);
    assert_int_equal (shell_of (fb, look, NULL, &second), pid);
    assert_string_equal (second, first);
    free (second);
    run_in_root (fb);
    assert_int_equal (
        shell_of (fb, "touch $FLUX_JOB_TMPDIR/x; exit 3",
                  "{\"output\":{\"stderr\":{\"type\":\"file\",\"path\":\"/dev/null\"}},"
                  "\"rlimit\":{\"nofile\":50}}",
                  NULL),
        pid);
    assert_int_equal (shell_of (fb, "sleep 0.2; seq 100000", NULL, NULL), pid); // was connected
    assert_int_equal (shell_of (fb, look, NULL, &second), pid);
    assert_string_equal (second, first);
    free (first);
    free (second);
    fakebroker_run_until (fb, NULL, PROCS_IDLE_TIME * 1.8);
    for (int i = 0; i < 200 && kill (pid, 0) == 0; i++)
        usleep (20000);
    assert_int_equal (kill (pid, 0), -1); // nobody needed it
    run_one (fb, "[\"true\"]", 1, NULL, 0, "", "");
}

static void test_leaves (void **state)
{
    static const char *const scripts[] = {
        "setsid sleep 1234.5 >/dev/null 2>&1 </dev/null &", // leaves a process behind
        "kill -9 $PPID; sleep 100",                         // takes its shell along
    };
    struct fakebroker *fb = *state;

    pid_t pid = shell_of (fb, "test -t 1", "{\"pty\":true}", NULL), next;
    for (size_t i = 0; i < sizeof (scripts) / sizeof (scripts[0]); i++) {
        next = shell_of (fb, "true", NULL, NULL);
        assert_int_not_equal (next, pid);
        pid = next;
        struct fake_job *job = &fb->jobs[fb->njobs];
        char command[256];
        snprintf (command, sizeof (command), "[\"sh\",\"-c\",\"%s\"]", scripts[i]);
        fakebroker_start (fb, 1, fake_request (1, command, 1, NULL));
        assert_true (fakebroker_run (fb, 20.));
        assert_int_equal (job->status, i == 0 ? 0 : -1);
        assert_int_equal (job->wait_status, i == 0 ? 0 : SIGKILL);
    }
    next = shell_of (fb, "true", NULL, NULL);
    assert_int_not_equal (next, pid);
    assert_int_equal (kill (next, SIGKILL), 0); // while it is idle
    fakebroker_run_until (fb, NULL, 0.05);
    assert_int_not_equal (shell_of (fb, "true", NULL, NULL), next);
}

/* A signal on its way to a job that ends must not reach the one that comes after. */
static void test_signalled_leaves (void **state)
{
    struct fakebroker *fb = *state;
    pid_t pid = shell_of (fb, "true", NULL, NULL);
    struct fake_job *job = fakebroker_start (
        fb, 1,
        fake_request (1, "[\"sh\",\"-c\",\"trap 'exit 0' USR1; sleep 0.1; sleep 100\"]", 1, NULL));

    fakebroker_run_until (fb, &job->connected, 10.);
    for (int i = 0; i < 100 && !job->exited; i++) {
        spawner_kill (fb->sp, 1, SIGUSR1);
        fakebroker_run_until (fb, NULL, 0.01);
    }
    assert_true (fakebroker_run (fb, 10.));
    assert_int_not_equal (shell_of (fb, "true", NULL, NULL), pid);
}

static int setup (void **state)
{
    *state = fakebroker_create ();
    return 0;
}

static int teardown (void **state)
{
    fakebroker_destroy (*state);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown (f, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_jobs),
        TEST (test_silent),
        TEST (test_start_fails),
        TEST (test_malformed),
        TEST (test_large),
        TEST (test_binary),
        TEST (test_nul),
        TEST (test_kill),
        TEST (test_leftovers),
        TEST (test_sigkill),
        TEST (test_spawner_dies),
        TEST (test_stdin),
        TEST (test_pmi),
        TEST (test_pty),
        TEST (test_kill_waiting),
        TEST (test_pty_interactive),
        TEST (test_nodes),
        TEST (test_nodes_stdin),
        TEST (test_stays),
        TEST (test_leaves),
        TEST (test_signalled_leaves),
    };
    cmocka_set_test_filter (getenv ("TEST_FILTER"));
    return cmocka_run_group_tests (tests, NULL, NULL);
}
