/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Parts of the job shell that need no processes. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/shell/affinity.h"
#include "lib/shell/cputopo.h"
#include "lib/shell/envlist.h"
#include "lib/shell/ioencode.h"
#include "lib/util/utf8.h"
#include "lib/shell/jobfiles.h"
#include "lib/shell/jobtmp.h"
#include "lib/shell/mustache.h"
#include "lib/shell/rlimits.h"
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/shell/fakebroker.h"

static void test_utf8 (void **state)
{
    static const struct {
        const char *s;
        bool valid;
        size_t cut;
    } table[] = {
        {"plain", true, 0},
        {"\xc3\xa4", true, 0},
        {"\xe2\x82\xac", true, 0},
        {"\xf0\x9f\x98\x80", true, 0},
        {"a\xc3", true, 1},
        {"a\xe2\x82", true, 2},
        {"\xf0\x9f\x98", true, 3},
        {"\xff", false, 0},
        {"\xc0\x80", false, 0},
        {"\xe0\x80\x80", false, 0},
        {"\xed\xa0\x80", false, 0},
        {"\xf5\x80", false, 0},
        {"\x80", false, 0},
        {"\xc3(", false, 0},
        {"\xf4\x90\x80\x80", false, 0},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        size_t cut, len = strlen (table[i].s);
        assert_int_equal (utf8_valid (table[i].s, len, &cut), table[i].valid);
        if (table[i].valid)
            assert_int_equal (cut, table[i].cut);
        assert_int_equal (utf8_valid (table[i].s, len, NULL), table[i].valid && table[i].cut == 0);
    }
}

/* What is encoded comes back, whatever bytes it is. */
static void test_ioencode (void **state)
{
    static const struct {
        const char *data;
        size_t len;
    } table[] = {{"", 0},
                 {"a", 1},
                 {"\"\\\n\t\r\x01\x7f", 7},
                 {"\0", 1},
                 {"ab\0cd", 5},
                 {"\xff\xfe", 2},
                 {"\xff\xfe\xfd", 3},
                 {"\xc3\xa4\xff z", 5},
                 {"\xe2\x82\xac", 3}};

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        struct buf b = {0};
        const char *stream, *rank;
        char *data;
        size_t len;
        bool eof;
        ioencode_context (&b, "stdout", "7", table[i].data, table[i].len, i % 2);
        json_t *o = json_loadb (b.data, b.len, 0, NULL);
        assert_non_null (o);
        assert_int_equal (ioencode_decode (o, &stream, &rank, &data, &len, &eof), 0);
        assert_string_equal (stream, "stdout");
        assert_string_equal (rank, "7");
        assert_int_equal (eof, i % 2);
        assert_int_equal (len, table[i].len);
        if (len > 0)
            assert_memory_equal (data, table[i].data, len);
        free (data);
        json_decref (o);
        buf_clear (&b);
    }
}

static void test_iodecode_malformed (void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"stream\":\"stdin\"}",
        "{\"stream\":1,\"rank\":\"0\",\"data\":\"x\"}",
        "{\"stream\":\"stdin\",\"rank\":\"0\",\"data\":\"x\",\"encoding\":\"rot13\"}",
        "{\"stream\":\"stdin\",\"rank\":\"0\",\"data\":\"x\",\"encoding\":\"base64\"}",
        "{\"stream\":\"stdin\",\"rank\":\"0\",\"data\":\"!!!!\",\"encoding\":\"base64\"}",
        "{\"stream\":\"stdin\",\"rank\":\"0\",\"data\":\"====\",\"encoding\":\"base64\"}",
        "{\"stream\":\"stdin\",\"rank\":\"0\",\"data\":5}",
    };

    for (size_t i = 0; i < sizeof (texts) / sizeof (texts[0]); i++) {
        json_t *o = json_loads (texts[i], 0, NULL);
        char *data;
        size_t len;
        assert_int_equal (ioencode_decode (o, NULL, NULL, &data, &len, NULL), -1);
        assert_int_equal (errno, EPROTO);
        json_decref (o);
    }
}

static void test_mustache (void **state)
{
    static const struct {
        const char *in;
        const char *out;
        enum mustache_scope scope;
    } table[] = {
        {"plain", "plain", MUSTACHE_JOB},
        {"a{{id.dec}}b", "a4660b", MUSTACHE_JOB},
        {"{{name}}.{{size}}.{{nnodes}}", "prog.2.1", MUSTACHE_JOB},
        {"{{node.id}}-{{node.name}}-{{node.cores}}-{{node.ncores}}", "0-node0-0-1-2",
         MUSTACHE_NODE},
        {"{{taskid}} {{task.id}} {{task.rank}} {{task.index}} {{task.localid}}", "1 1 1 1 1",
         MUSTACHE_TASK},
        {"{{tmpdir}}/x", "/tmp/t/x", MUSTACHE_NODE},
        {"{{unknown}} {{", "{{unknown}} {{", MUSTACHE_JOB},
        {"{{}}", "{{}}", MUSTACHE_JOB},
        {"}}{{name}}{{name}}", "}}progprog", MUSTACHE_JOB},
    };
    char *request = fake_request (0x1234, "[\"/bin/prog\"]", 2, NULL);
    flux_error_t error;
    struct shell_info *info = shell_info_create (request, strlen (request), NULL, &error);
    assert_non_null (info);
    struct mustache m = {info, "/tmp/t", 1, 1};

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        char *s = mustache_render (&m, table[i].in);
        assert_string_equal (s, table[i].out);
        assert_int_equal (mustache_scope (table[i].in), table[i].scope);
        free (s);
    }
    m.taskid = -1;
    char *s = mustache_render (&m, "{{taskid}}");
    assert_string_equal (s, "{{taskid}}");
    free (s);
    shell_info_destroy (info);
    free (request);
}

static void test_hostfile (void **state)
{
    static const struct {
        const char *hosts;
        const char *map; // NULL: refused
    } table[] = {
        {"node1\nnode0\n", "1,3;0,2"},
        {"node[0-1]\n\n node1 \n", "0,3;1-2"},
        {"node0\n", "0-3"},
        {"node7\n", NULL},
        {"", NULL},
        {"node[\n", NULL},
    };
    char path[] = "/tmp/hostfile-XXXXXX", options[256];
    flux_error_t error;
    int fd = mkstemp (path);

    snprintf (options, sizeof (options), "{\"taskmap\":{\"scheme\":\"hostfile\",\"value\":\"%s\"}}",
              path);
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        assert_int_equal (ftruncate (fd, 0), 0);
        assert_int_equal (pwrite (fd, table[i].hosts, strlen (table[i].hosts), 0),
                          strlen (table[i].hosts));
        char *request = fake_request_multi (1, "[\"x\"]", 4, options, 0, 2);
        struct shell_info *info = shell_info_create (request, strlen (request), NULL, &error);
        assert_int_equal (info != NULL, table[i].map != NULL);
        if (info) {
            char *s = taskmap_encode (info->map, TASKMAP_ENCODE_RAW);
            assert_string_equal (s, table[i].map);
            free (s);
        }
        shell_info_destroy (info);
        free (request);
    }
    close (fd);
    unlink (path);
}

static void test_cpus (void **state)
{
    static const struct {
        const char *s;
        int count; // -1: malformed
        int last;
    } table[] = {{"0", 1, 0},
                 {"0-3,8", 5, 8},
                 {"0x3", 2, 1},
                 {"0x1,0x00000000", 1, 32},
                 {"0x80000000,0x1", 2, 63},
                 {"", -1, 0},
                 {"x", -1, 0},
                 {"0x", -1, 0},
                 {"1-", -1, 0},
                 {"0-5000", -1, 0},
                 {"0x1;2", -1, 0}};
    cpu_set_t cpus;

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        int rc = affinity_parse_cpus (table[i].s, strlen (table[i].s), &cpus);
        assert_int_equal (rc, table[i].count < 0 ? -1 : 0);
        if (rc == 0) {
            assert_int_equal (CPU_COUNT (&cpus), table[i].count);
            assert_true (CPU_ISSET (table[i].last, &cpus));
        }
    }
}

/* Which CPUs and GPUs each of two tasks gets. */
static void test_affinity (void **state)
{
    static const struct {
        const char *options;
        const char *cpus[2]; // NULL: not bound
    } table[] = {
        {"{}", {"0-3", "0-3"}},
        {"{\"cpu-affinity\":\"off\"}", {NULL, NULL}},
        {"{\"cpu-affinity\":false}", {NULL, NULL}},
        {"{\"cpu-affinity\":\"per-task\"}", {"0-1", "2-3"}},
        {"{\"cpu-affinity\":\"verbose,per-task\"}", {"0-1", "2-3"}},
        {"{\"cpu-affinity\":\"dry-run,per-task\"}", {"0-1", "2-3"}}, // to be told only
        {"{\"cpu-affinity\":\"map:5;6-7\"}", {"5", "6-7"}},
        {"{\"cpu-affinity\":\"map:5\"}", {"5", "5"}},
    };
    struct cputopo topo = {.ncores = 4, .core = calloc (4, sizeof (cpu_set_t))};
    flux_error_t error;

    for (int i = 0; i < 4; i++) { // two CPUs per core
        CPU_SET (2 * i, &topo.core[i]);
        CPU_SET (2 * i + 1, &topo.core[i]);
    }
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        char *request = fake_request (1, "[\"x\"]", 2, table[i].options);
        struct shell_info *info = shell_info_create (request, strlen (request), NULL, &error);
        struct affinity aff;
        assert_int_equal (affinity_init (&aff, info, &topo, &error), 0);
        for (int task = 0; task < 2; task++) {
            cpu_set_t cpus, expect;
            bool bound = affinity_cpus (&aff, task, &cpus);
            assert_int_equal (bound, table[i].cpus[task] != NULL);
            if (bound) {
                affinity_parse_cpus (table[i].cpus[task], strlen (table[i].cpus[task]), &expect);
                assert_true (CPU_EQUAL (&cpus, &expect));
            }
        }
        shell_info_destroy (info);
        free (request);
    }
    char *request = fake_request (1, "[\"x\"]", 2, "{\"cpu-affinity\":\"map:5;x\"}");
    struct shell_info *info = shell_info_create (request, strlen (request), NULL, &error);
    struct affinity aff;
    assert_int_equal (affinity_init (&aff, info, &topo, &error), -1);
    shell_info_destroy (info);
    free (request);
    free (topo.core);
}

static void write_file (const char *dir, int cpu, const char *name, const char *text)
{
    char path[512];

    snprintf (path, sizeof (path), "%s/cpu%d", dir, cpu);
    mkdir (path, 0700);
    snprintf (path, sizeof (path), "%s/cpu%d/topology", dir, cpu);
    mkdir (path, 0700);
    snprintf (path, sizeof (path), "%s/cpu%d/topology/%s", dir, cpu, name);
    FILE *f = fopen (path, "w");
    assert_non_null (f);
    fputs (text, f);
    fclose (f);
}

/* Two packages of two cores of two threads, numbered as such machines do. */
static void test_cputopo (void **state)
{
    char dir[] = "/tmp/cputopo-XXXXXX", command[256], text[32];
    cpu_set_t allowed;

    assert_non_null (mkdtemp (dir));
    CPU_ZERO (&allowed);
    for (int cpu = 0; cpu < 8; cpu++) {
        CPU_SET (cpu, &allowed);
        write_file (dir, cpu, "package_cpus_list", cpu % 2 == 0 ? "0,2,4,6\n" : "1,3,5,7\n");
        snprintf (text, sizeof (text), "%d,%d\n", cpu % 4, cpu % 4 + 4);
        write_file (dir, cpu, "core_cpus_list", text);
    }
    struct cputopo *topo = cputopo_create (dir, &allowed);
    assert_int_equal (topo->ncores, 4);
    const int first[] = {0, 2, 1, 3};
    for (int i = 0; i < 4; i++) {
        assert_int_equal (CPU_COUNT (&topo->core[i]), 2);
        assert_true (CPU_ISSET (first[i], &topo->core[i]));
        assert_true (CPU_ISSET (first[i] + 4, &topo->core[i]));
    }
    cputopo_destroy (topo);
    CPU_CLR (0, &allowed); // one thread of core 0, and all of the core of CPU 1
    CPU_CLR (1, &allowed);
    CPU_CLR (5, &allowed);
    topo = cputopo_create (dir, &allowed);
    assert_int_equal (topo->ncores, 3);
    assert_int_equal (CPU_COUNT (&topo->core[0]), 1);
    assert_true (CPU_ISSET (4, &topo->core[0]));
    cputopo_destroy (topo);
    topo = cputopo_create ("/nonexistent", &allowed);
    assert_int_equal (topo->ncores, 5);
    cputopo_destroy (topo);
    snprintf (command, sizeof (command), "rm -r %s", dir);
    assert_int_equal (system (command), 0);
}

static void test_envlist (void **state)
{
    struct envlist env;
    json_t *o = json_pack ("{s:s s:s s:i}", "A", "1", "B", "2", "C", 3);

    assert_int_equal (envlist_init (&env, o), 0);
    assert_string_equal (envlist_get (&env, "A"), "1");
    assert_null (envlist_get (&env, "C"));
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf (name, sizeof (name), "X%d", i);
        assert_int_equal (envlist_setf (&env, name, "%d", i), 0);
    }
    envlist_set (&env, "A", "new");
    envlist_unset (&env, "B");
    envlist_unset (&env, "none");
    assert_string_equal (envlist_get (&env, "A"), "new");
    assert_null (envlist_get (&env, "B"));
    assert_string_equal (envlist_get (&env, "X99"), "99");
    assert_int_equal (env.n, 101);
    assert_null (env.v[101]);
    envlist_clear (&env);
    json_decref (o);
    assert_int_equal (envlist_init_text (&env,
                                         " { \"A\":\"1\", \"B\" : null,\"\u00fc\":\"\\u00fc\\n=\","
                                         "\"A\":\"2\" } "),
                      0);
    assert_int_equal (env.n, 2);
    assert_string_equal (env.v[0], "A=2");
    assert_string_equal (env.v[1], "\u00fc=\u00fc\n=");
    envlist_clear (&env);
    assert_int_equal (envlist_init_text (&env, "{}"), 0);
    assert_int_equal (env.n, 0);
    assert_null (env.v[0]);
    envlist_clear (&env);
}

static void test_rlimits (void **state)
{
    struct task_rlimit limits[RLIMITS_MAX];
    flux_error_t error;
    json_t *o = json_pack ("{s:i s:i}", "nofile", 100, "CORE", -1);

    assert_int_equal (rlimits_parse (o, limits, &error), 2);
    assert_int_equal (rlimits_parse (NULL, limits, &error), 0);
    json_object_set_new (o, "nonsense", json_integer (1));
    assert_int_equal (rlimits_parse (o, limits, &error), -1);
    assert_non_null (strstr (error.text, "nonsense"));
    json_decref (o);
}

/* Paths that lead out of the directory and contents that cannot be had. */
static void test_files_refused (void **state)
{
    static const char *const archives[] = {
        "{\"../x\":{\"mode\":33152}}",
        "{\"/x\":{\"mode\":33152}}",
        "{\"a/../../x\":{\"mode\":33152}}",
        "{\"a//x\":{\"mode\":33152}}",
        "{\".\":{\"mode\":33152}}",
        "{\"\":{\"mode\":33152}}",
        "{\"x\":{\"mode\":8630}}",
        "{\"x\":{}}",
        "[{\"mode\":33152}]",
        "{\"x\":{\"mode\":33152,\"encoding\":\"blobvec\",\"data\":[]}}",
        "{\"x\":{\"mode\":33152,\"encoding\":\"base64\",\"data\":\"!\"}}",
        "{\"d\":{\"mode\":41471,\"data\":\"/tmp\"},\"d\":{\"mode\":33152}}x",
        "[{\"path\":\"d\",\"mode\":41471,\"data\":\"/tmp\"},{\"path\":\"d\",\"mode\":33152}]",
    };
    char dir[] = "/tmp/jobfiles-XXXXXX", command[256];
    flux_error_t error;

    assert_non_null (mkdtemp (dir));
    for (size_t i = 0; i < sizeof (archives) / sizeof (archives[0]); i++) {
        json_t *o = json_loads (archives[i], 0, NULL);
        if (o)
            assert_int_equal (jobfiles_extract (o, dir, &error), -1);
        json_decref (o);
    }
    assert_int_equal (jobfiles_extract (NULL, dir, &error), 0);
    json_t *o = json_loads ("[{\"path\":\"a/b\",\"mode\":33024,\"data\":{\"k\":1}}]", 0, NULL);
    assert_int_equal (jobfiles_extract (o, dir, &error), 0);
    json_decref (o);
    snprintf (command, sizeof (command), "grep -q k %s/a/b && rm -r %s", dir, dir);
    assert_int_equal (system (command), 0);
}

/* What somebody else has put where a job's directory would be is not taken for it. */
static void test_jobtmp_of_others (void **state)
{
    char dir[] = "/tmp/test-parts-XXXXXX", path[128], *made;
    struct shell_info info = {.shell_rank = getpid ()};

    assert_non_null (mkdtemp (dir));
    strcpy (info.id_f58, "test");
    snprintf (path, sizeof (path), "%s/jobtmp-%d-test", dir, info.shell_rank);
    for (int i = 0; i < 3; i++) {
        if (i == 0)
            assert_int_equal (mkdir (path, 0700), 0);
        else if (i == 1)
            assert_int_equal (chmod (path, 0777), 0);
        else
            assert_int_equal (symlink (dir, path), 0);
        made = jobtmp_create (&info, dir, -1);
        assert_non_null (made);
        assert_int_equal (strcmp (made, path) == 0, i == 0);
        jobtmp_remove (made, &info, -1);
        free (made);
        if (i > 0)
            assert_int_equal (remove (path), 0);
        else
            assert_int_equal (mkdir (path, 0700), 0); // it was removed
    }
    assert_int_equal (rmdir (dir), 0);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_utf8),
        cmocka_unit_test (test_ioencode),
        cmocka_unit_test (test_iodecode_malformed),
        cmocka_unit_test (test_mustache),
        cmocka_unit_test (test_hostfile),
        cmocka_unit_test (test_cpus),
        cmocka_unit_test (test_affinity),
        cmocka_unit_test (test_cputopo),
        cmocka_unit_test (test_envlist),
        cmocka_unit_test (test_rlimits),
        cmocka_unit_test (test_files_refused),
        cmocka_unit_test (test_jobtmp_of_others),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
