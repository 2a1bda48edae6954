/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The content store under the KVS, and the calls of the services beside it. */

#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "testsuite/unit/cmocka.h"
#include "testsuite/unit/service/kvs_world.h"

static void store (struct world *w, int rank, struct call *c, const void *data, size_t len)
{
    call_clear (c);
    router_rpc_raw (w->b[rank].rt, "content.store", FLUX_NODEID_ANY, 0, data, len, answer, c);
    run (w, c, 1);
}

static void test_content (void **state)
{
    struct world *w = *state;
    struct call c = {0}, l = {0};
    char *big = malloc (3000000);
    memset (big, 'b', 3000000);
    store (w, 2, &c, big, 3000000);
    assert_int_equal (c.errnum, 0);
    assert_int_equal (c.len, 20);
    for (int r = 0; r < SIZE; r++) {
        call_clear (&l);
        router_rpc_raw (w->b[r].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
        run (w, &l, 1);
        assert_int_equal (l.errnum, 0);
        assert_int_equal (l.len, 3000000);
        assert_memory_equal (l.text, big, 3000000);
    }
    store (w, 1, &c, NULL, 0);
    assert_int_equal (c.errnum, 0);
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.errnum, 0);
    assert_int_equal (l.len, 0);
    c.text[3] ^= 1;
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.errnum, ENOENT);
    call (w, 0, &l, "content.flush", NULL);
    assert_int_equal (l.errnum, 0);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    assert_int_equal (access (path, F_OK), 0);
    call (w, 0, &l, "content.dropcache", NULL);
    store (w, 2, &c, big, 3000000);
    call (w, 2, &l, "content.flush", NULL);
    call (w, 2, &l, "content.dropcache", NULL);
    call_clear (&l);
    router_rpc_raw (w->b[2].rt, "content.load", FLUX_NODEID_ANY, 0, c.text, 20, answer, &l);
    run (w, &l, 1);
    assert_int_equal (l.len, 3000000);
    call_clear (&l);
    call_clear (&c);
    free (big);
}

/* Everything goes out of memory and comes back. */
static void test_dropcache (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    for (int i = 0; i < 200; i++) {
        char key[32];
        snprintf (key, sizeof (key), "d%d.e%d.f", i % 10, i);
        kvs_local_put (w->b[0].kvs, NULL, key, "value", 5);
    }
    call (w, 0, &c, "kvs.dropcache", NULL);
    call (w, 0, &c, "content.flush", NULL);
    call (w, 0, &c, "content.dropcache", NULL);
    expect (w, 0, "d7.e17.f", "dmFsdWU=");
    expect (w, 2, "d9.e199.f", "dmFsdWU=");
    call_clear (&c);
}

/* Without a folder to write to the store stays in memory, and says so to who asks for more. */
static void test_no_disk (void **state)
{
    struct world *w = *state;
    struct call c = {0};
    put (w, 0, "primary", "a", "MQ==", 0);
    chmod (w->dir, 0500);
    if (access (w->dir, W_OK) == 0) { // root may write all the same
        char path[64];
        snprintf (path, sizeof (path), "%s/content.spool", w->dir);
        assert_int_equal (mkdir (path, 0700), 0);
    }
    for (int i = 0; i < 2; i++) {
        call (w, 0, &c, "content.flush", NULL);
        assert_int_not_equal (c.errnum, 0);
        expect (w, 2, "a", "MQ==");
    }
    chmod (w->dir, 0700);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.spool", w->dir);
    rmdir (path);
    call (w, 0, &c, "content.flush", NULL);
    assert_int_equal (c.errnum, 0);
    call_clear (&c);
}

static int list_count (const char *name, bool is_dir, void *arg)
{
    ++*(int *)arg;
    return 0;
}

static void test_local (void **state)
{
    struct world *w = *state;
    struct kvs *kvs = w->b[0].kvs;
    char *data;
    size_t len;
    int n = 0;
    assert_int_equal (kvs_local_put (kvs, NULL, "l.a", "x\0y", 3), 0);
    assert_int_equal (kvs_local_get (kvs, NULL, "l.a", &data, &len), 0);
    assert_int_equal (len, 3);
    assert_memory_equal (data, "x\0y", 4);
    free (data);
    assert_int_equal (kvs_local_append (kvs, NULL, ".l..b.", "1", 1), 0);
    assert_int_equal (kvs_local_append (kvs, NULL, "l.b", "2", 1), 0);
    assert_int_equal (kvs_local_get (kvs, "primary", "l.b", &data, &len), 0);
    assert_string_equal (data, "12");
    free (data);
    assert_int_equal (kvs_local_mkdir (kvs, NULL, "l.d"), 0);
    assert_int_equal (kvs_local_list (kvs, NULL, "l", list_count, &n), 0);
    assert_int_equal (n, 3);
    assert_int_equal (kvs_local_exists (kvs, NULL, "l.c"), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (kvs_local_get (kvs, NULL, "l", &data, &len), -1);
    assert_int_equal (errno, EISDIR);
    assert_int_equal (kvs_local_put (kvs, NULL, ".", "", 0), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (kvs_local_put (kvs, "no", "a", "", 0), -1);
    assert_int_equal (errno, ENOTSUP);
    assert_int_equal (kvs_local_put (w->b[1].kvs, NULL, "a", "", 0), -1);
    assert_int_equal (errno, EINVAL);
}

/* A second instance finds what the first one left. */
static void test_restart (void **state)
{
    struct world w;
    flux_error_t error;
    memset (&w, 0, sizeof (w));
    strcpy (w.dir, "/tmp/kvs-state-XXXXXX");
    assert_non_null (mkdtemp (w.dir));
    kvs_world_start (&w, w.dir);
    assert_false (kvs_restored (w.b[0].kvs));
    for (int i = 0; i < 1000; i++) {
        char key[32];
        snprintf (key, sizeof (key), "r%d.x", i);
        kvs_local_put (w.b[0].kvs, NULL, key, "value", 5);
    }
    put (&w, 2, "primary", "big.val", "dmFsdWU=", 0);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    kvs_world_stop (&w);
    kvs_world_start (&w, w.dir);
    assert_true (kvs_restored (w.b[0].kvs));
    expect (&w, 0, "r999.x", "dmFsdWU=");
    expect (&w, 2, "big.val", "dmFsdWU=");
    /* a commit that is to be on disk when it is answered */
    struct call c = {0};
    call (&w, 1, &c, "kvs.commit",
          "{\"ops\":[{\"key\":\"s\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":"
          "\"MQ==\"}}],\"namespace\":\"primary\",\"flags\":4}");
    assert_int_equal (c.errnum, 0);
    call (&w, 1, &c, "content.checkpoint-get", NULL);
    assert_non_null (strstr (c.text, "\"sequence\""));
    kvs_world_stop (&w); // without a checkpoint
    kvs_world_start (&w, w.dir);
    expect (&w, 0, "s", "MQ==");
    kvs_world_stop (&w);
    call_clear (&c);
    char path[64];
    snprintf (path, sizeof (path), "%s/content.lmdb", w.dir);
    assert_int_equal (unlink (path), 0);
    snprintf (path, sizeof (path), "%s/content.lmdb-lock", w.dir);
    unlink (path);
    rmdir (w.dir);
}

static size_t store_size (const struct world *w)
{
    char path[64];
    struct stat st;
    snprintf (path, sizeof (path), "%s/content.lmdb", w->dir);
    assert_int_equal (stat (path, &st), 0);
    return st.st_size;
}

/* Garbage goes at the end of an instance, and nothing else does. */
static void put_wide (struct world *w, int round)
{
    char key[32], val[600];

    for (int i = 0; i < 300; i++) {
        snprintf (key, sizeof (key), "wide.k%d", i);
        memset (val, 'a' + round, sizeof (val));
        snprintf (val, sizeof (val) - 300, "%d.%d", i, round);
        kvs_local_put (w->b[0].kvs, NULL, key, val, sizeof (val));
    }
}

static int expect_wide (const char *name, bool is_dir, void *arg)
{
    struct world *w = arg;
    char key[32], want[32], *data;
    size_t len;

    snprintf (key, sizeof (key), "wide.%s", name);
    snprintf (want, sizeof (want), "%s.4", name + 1);
    assert_int_equal (kvs_local_get (w->b[0].kvs, NULL, key, &data, &len), 0);
    assert_int_equal (len, 600);
    assert_string_equal (data, want);
    free (data);
    w->nlisted++;
    return 0;
}

static void test_gc (void **state)
{
    struct world w;
    flux_error_t error;
    struct call c = {0};
    char big[3000], path[64], *data;
    size_t before, len;

    memset (&w, 0, sizeof (w));
    w.gc_min = 100;
    strcpy (w.dir, "/tmp/kvs-state-XXXXXX");
    assert_non_null (mkdtemp (w.dir));
    kvs_world_start (&w, w.dir);
    kvs_set_maxdirent (w.b[0].kvs, 100);
    for (int i = 0; i < 5; i++) {
        put_wide (&w, i);
        put (&w, 0, "primary", "round", "MQ==", 0);
    }
    for (int i = 0; i < 500; i++) { // each is a new blob for the value and for two directories
        memset (big, 'a' + i % 26, sizeof (big));
        snprintf (big, sizeof (big), "version %d", i);
        kvs_local_put (w.b[0].kvs, NULL, "dir.sub.changing", big, sizeof (big));
        put (&w, 0, "primary", "dir.version", "MQ==", 0);
    }
    kvs_local_put (w.b[0].kvs, NULL, "dir.other", big, 1000);
    kvs_local_symlink (w.b[0].kvs, NULL, "dir.link", NULL, "dir.other");
    kvs_local_mkdir (w.b[0].kvs, NULL, "empty.dir");
    call (&w, 0, &c, "content.flush", NULL);
    before = store_size (&w);
    assert_true (before > 2000000);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    assert_true (store_size (&w) < before / 5);
    kvs_world_stop (&w);
    kvs_world_start (&w, w.dir);
    call (&w, 0, &c, "kvs.dropcache", NULL);
    assert_int_equal (kvs_local_get (w.b[0].kvs, NULL, "dir.sub.changing", &data, &len), 0);
    assert_int_equal (len, 3000);
    assert_memory_equal (data, "version 499", 12);
    free (data);
    assert_int_equal (kvs_local_get (w.b[0].kvs, NULL, "dir.link", &data, &len), 0);
    free (data);
    assert_int_equal (kvs_local_exists (w.b[0].kvs, NULL, "empty.dir"), 0);
    w.nlisted = 0;
    assert_int_equal (kvs_local_list (w.b[0].kvs, NULL, "wide", expect_wide, &w), 0);
    assert_int_equal (w.nlisted, 300);
    /* it goes on as before, and there is nothing to collect */
    put (&w, 0, "primary", "dir.version", "Mg==", 0);
    assert_int_equal (kvs_checkpoint (w.b[0].kvs, &error), 0);
    call (&w, 0, &c, "content.checkpoint-get", NULL);
    assert_non_null (strstr (strstr (c.text, "rootref") + 1, "rootref")); // two are kept
    kvs_world_stop (&w);
    kvs_world_start (&w, w.dir);
    expect (&w, 0, "dir.version", "Mg==");
    kvs_world_stop (&w);
    call_clear (&c);
    snprintf (path, sizeof (path), "%s/content.lmdb", w.dir);
    assert_int_equal (unlink (path), 0);
    snprintf (path, sizeof (path), "%s/content.lmdb-lock", w.dir);
    unlink (path);
    assert_int_equal (rmdir (w.dir), 0); // nothing else was left
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        KVS_CASE (test_content), KVS_CASE (test_dropcache),       KVS_CASE (test_no_disk),
        KVS_CASE (test_local),   cmocka_unit_test (test_restart), cmocka_unit_test (test_gc),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
