/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the KVS costs the job services of rank 0, in their own process.
 *
 *   kvs_core [JOBS]
 *
 * First the price of single calls, then JOBS (1000000) jobs: each puts its keys, appends its events
 * and is never touched again. Time per job and memory should not grow with their number. */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ev.h>
#include "lib/util/monotime.h"
#include "shell/broker/router.h"
#include "shell/broker/router_overlay.h"
#include "shell/service/kvs/content.h"
#include "shell/service/kvs/kvs.h"

struct bench {
    struct ev_loop *loop;
    struct router *rt;
    struct content *content;
    struct kvs *kvs;
    char dir[32];
};

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static void start (struct bench *b)
{
    flux_error_t error;
    struct content_config conf = {.rundir = b->dir};
    strcpy (b->dir, "/tmp/kvs-bench-XXXXXX");
    if (!mkdtemp (b->dir))
        die ("mkdtemp");
    double t = monotime_now ();
    if (!(b->loop = ev_loop_new (0)) || !(b->rt = router_create (b->loop, 0, 1, getuid ())) ||
        !(b->content = content_create (b->rt, &conf, &error)) ||
        !(b->kvs = kvs_create (b->rt, b->content, &error)))
        die ("start");
    printf ("start of content and kvs       %8.3f ms\n", (monotime_now () - t) * 1e3);
}

static void turn (struct bench *b)
{
    ev_run (b->loop, EVRUN_NOWAIT);
}

static void report (const char *what, double begin, int n)
{
    printf ("%-30s %8.0f ns\n", what, (monotime_now () - begin) * 1e9 / n);
}

static void single_calls (struct bench *b)
{
    enum { N = 200000 };
    static const char event[] = "{\"timestamp\":1700000000.123456,\"name\":\"alloc\"}\n";
    char key[64], *data;
    size_t len;
    double t;

    t = monotime_now ();
    for (int i = 0; i < N; i++) {
        snprintf (key, sizeof (key), "job.0000.0001.%04x.%04x.R", i >> 4, i & 15);
        if (kvs_local_put (b->kvs, NULL, key, "{\"version\":1}", 13) < 0)
            die ("put");
        if (i % 100 == 99)
            turn (b);
    }
    report ("put of a new key", t, N);
    t = monotime_now ();
    for (int i = 0; i < N; i++) {
        snprintf (key, sizeof (key), "job.0000.0001.%04x.%04x.R", i >> 4, i & 15);
        if (kvs_local_put (b->kvs, NULL, key, "{\"version\":2}", 13) < 0)
            die ("put");
        if (i % 100 == 99)
            turn (b);
    }
    report ("put of a known key", t, N);
    t = monotime_now ();
    for (int i = 0; i < N; i++) {
        snprintf (key, sizeof (key), "job.0000.0001.%04x.%04x.eventlog", (i & 8191) >> 4, i & 15);
        if (kvs_local_append (b->kvs, NULL, key, event, sizeof (event) - 1) < 0)
            die ("append");
        if (i % 100 == 99)
            turn (b);
    }
    report ("append to an eventlog", t, N);
    t = monotime_now ();
    for (int i = 0; i < N; i++) {
        snprintf (key, sizeof (key), "job.0000.0001.%04x.%04x.R", i >> 4, i & 15);
        if (kvs_local_get (b->kvs, NULL, key, &data, &len) < 0)
            die ("get");
        free (data);
    }
    report ("get", t, N);
    t = monotime_now ();
    for (int i = 0; i < 200; i++) {
        char *ref;
        snprintf (key, sizeof (key), "job.0000.0001.%04x.%04x.R", i, 0);
        kvs_local_put (b->kvs, NULL, key, "{\"version\":3}", 13);
        if (kvs_local_getroot (b->kvs, NULL, NULL, &ref) < 0)
            die ("getroot");
        free (ref);
    }
    report ("put and root hash", t, 200);
    kvs_local_unlink (b->kvs, NULL, "job");
    turn (b);
}

/* Without the pages of the store's file, which are the page cache's. */
static long rss_mib (void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen ("/proc/self/status", "r");
    while (f && fgets (line, sizeof (line), f))
        if (sscanf (line, "RssAnon: %ld", &kib) == 1)
            break;
    if (f)
        fclose (f);
    return kib >> 10;
}

static double store_mb (const struct bench *b)
{
    char path[64];
    struct stat st;
    snprintf (path, sizeof (path), "%s/content.spool", b->dir);
    return stat (path, &st) == 0 ? st.st_blocks * 512 / 1e6 : 0;
}

static void one_job (struct bench *b, const char *dir)
{
    static const char *events[] = {"submit", "validate", "depend",  "priority", "alloc",
                                   "start",  "finish",   "release", "free",     "clean"};
    static char jobspec[900], r[300];
    char key[128], event[160];

    memset (jobspec, 'j', sizeof (jobspec));
    memset (r, 'r', sizeof (r));
    snprintf (key, sizeof (key), "%s.jobspec", dir);
    kvs_local_put (b->kvs, NULL, key, jobspec, sizeof (jobspec));
    snprintf (key, sizeof (key), "%s.J", dir);
    kvs_local_put (b->kvs, NULL, key, dir, strlen (dir));
    snprintf (key, sizeof (key), "%s.R", dir);
    kvs_local_put (b->kvs, NULL, key, r, sizeof (r));
    snprintf (key, sizeof (key), "%s.guest.output", dir);
    kvs_local_append (b->kvs, NULL, key, "hello\n", 6);
    snprintf (key, sizeof (key), "%s.eventlog", dir);
    for (size_t i = 0; i < sizeof (events) / sizeof (events[0]); i++) {
        int n = snprintf (event, sizeof (event), "{\"timestamp\":%.6f,\"name\":\"%s\"}\n",
                          walltime_now (), events[i]);
        if (kvs_local_append (b->kvs, NULL, key, event, n) < 0)
            die ("append");
    }
}

/* Ids as they come at 4000 jobs per second (RFC 19: milliseconds, generator, sequence). */
static void job_dir (char *dir, size_t size, unsigned long n)
{
    unsigned long id = (n / 4) << 24 | (n & 3);
    snprintf (dir, size, "job.%04lx.%04lx.%04lx.%04lx", id >> 48 & 0xffff, id >> 32 & 0xffff,
              id >> 16 & 0xffff, id & 0xffff);
}

static void many_jobs (struct bench *b, unsigned long jobs)
{
    char dir[64], key[128], *data;
    size_t len;
    double t = monotime_now (), worst = 0, t0;

    printf ("\n%10s %12s %14s %10s %10s\n", "jobs", "us per job", "worst turn ms", "RSS MiB",
            "store MB");
    for (unsigned long n = 1; n <= jobs; n++) {
        job_dir (dir, sizeof (dir), n);
        one_job (b, dir);
        if (n % 20 == 0) {
            t0 = monotime_now ();
            turn (b);
            if (monotime_now () - t0 > worst)
                worst = monotime_now () - t0;
        }
        if (n % (jobs / 10) == 0) {
            printf ("%10lu %12.2f %14.2f %10ld %10.0f\n", n,
                    (monotime_now () - t) * 1e6 / (jobs / 10), worst * 1e3, rss_mib (),
                    store_mb (b));
            t = monotime_now ();
            worst = 0;
        }
    }
    t = monotime_now ();
    for (int i = 0; i < 1000; i++) {
        job_dir (dir, sizeof (dir), 1 + (i * 7919ul) % jobs);
        snprintf (key, sizeof (key), "%s.jobspec", dir);
        if (kvs_local_get (b->kvs, NULL, key, &data, &len) < 0 || len != 900)
            die (key);
        free (data);
    }
    printf ("\n");
    report ("get from a random old job", t, 1000);
}

int main (int argc, char **argv)
{
    struct bench b;
    start (&b);
    single_calls (&b);
    many_jobs (&b, argc > 1 ? strtoul (argv[1], NULL, 10) : 1000000);
    kvs_destroy (b.kvs);
    content_destroy (b.content);
    router_destroy (b.rt);
    rmdir (b.dir);
    return 0;
}
