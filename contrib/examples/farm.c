/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A farm: one farmer gives out work to workers, which may be tasks of other jobs, come late, and
 * die in the middle of it: what a dead worker had is given to another one. See flux-tasks(7).
 *
 *     cc farm.c $(pkg-config --cflags --libs flux-tasks) -o farm
 *     flux submit -N1 -n1 ./farm farmer 100
 *     flux submit -N2 -n4 ./farm worker
 *     flux submit -n8 ./farm worker           # more of them, at any time */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/tasks.h>

#define WAIT 60.    // seconds
#define FARMER 4096 // its rank; workers have those below, as they come
#define WORKERS_MAX FARMER

enum { TAG_READY, TAG_WORK, TAG_RESULT, TAG_END };

struct work {
    int number;
    long result;
};

static void die (const char *what)
{
    perror (what);
    exit (1);
}

/* The number of primes below n * 1000. */
static long do_work (int n)
{
    long count = 0;

    for (long i = 2; i < n * 1000L; i++) {
        long k = 2;
        while (k * k <= i && i % k)
            k++;
        count += k * k > i;
    }
    return count;
}

static int worker (flux_group_t *g)
{
    struct flux_group_message m;
    struct work w = {0, 0};
    const char *dies = getenv ("FARM_WORKER_DIES"); // to see what happens then

    if (flux_group_send (g, FARMER, TAG_READY, NULL, 0, WAIT) < 0)
        die ("send");
    for (int done = 0;; done++) {
        if (flux_group_recv (g, FARMER, -1, &m, WAIT) < 0)
            die ("recv"); // EHOSTUNREACH: the farmer is gone
        if (m.tag == TAG_END) {
            flux_group_message_clear (&m);
            return 0;
        }
        memcpy (&w, m.data, sizeof (w));
        flux_group_message_clear (&m);
        if (dies && done == atoi (dies))
            _exit (9);
        w.result = do_work (w.number);
        if (flux_group_send (g, FARMER, TAG_RESULT, &w, sizeof (w), WAIT) < 0)
            die ("send");
    }
}

struct farm {
    flux_group_t *group;
    int total, next, done;
    long sum;
    int again[WORKERS_MAX]; // what dead workers had
    int nagain;
    int has[WORKERS_MAX];  // work of a worker, -1: none
    int idle[WORKERS_MAX]; // ranks
    int nidle;
};

static void give_work (struct farm *f, int rank)
{
    struct work w = {f->nagain > 0 ? f->again[--f->nagain] : f->next++, 0};

    if (flux_group_send (f->group, rank, TAG_WORK, &w, sizeof (w), WAIT) == 0)
        f->has[rank] = w.number;
    else
        f->again[f->nagain++] = w.number; // it has just died
}

static void take_back (struct farm *f)
{
    for (int i = 0; i < WORKERS_MAX; i++) {
        if (f->has[i] < 0 || flux_group_is_member (f->group, i))
            continue;
        fprintf (stderr, "worker %d is gone, work %d is given to another one\n", i, f->has[i]);
        f->again[f->nagain++] = f->has[i];
        f->has[i] = -1;
    }
}

static void take_message (struct farm *f, const struct flux_group_message *m)
{
    const struct work *w = m->data;

    if (m->from >= WORKERS_MAX)
        return;
    if (m->tag == TAG_RESULT && f->has[m->from] == w->number) {
        f->sum += w->result;
        f->done++;
        f->has[m->from] = -1;
    }
    f->idle[f->nidle++] = m->from;
}

static int farmer (flux_group_t *g, int total)
{
    struct flux_group_message m;
    struct farm *f = calloc (1, sizeof (*f));

    f->group = g;
    f->total = total;
    memset (f->has, -1, sizeof (f->has));
    while (f->done < total) {
        take_back (f);
        while (f->nidle > 0 && (f->nagain > 0 || f->next < total))
            give_work (f, f->idle[--f->nidle]);
        if (flux_group_recv (g, FLUX_GROUP_ANY, -1, &m, .5) == 0) {
            take_message (f, &m);
            flux_group_message_clear (&m);
        } else if (errno != ETIMEDOUT) {
            die ("recv");
        }
    }
    for (int r = flux_group_next (g, -1); r >= 0; r = flux_group_next (g, r)) {
        if (r != FARMER)
            flux_group_send (g, r, TAG_END, NULL, 0, WAIT);
    }
    flux_group_flush (g, WAIT);
    printf ("%d pieces of work, sum of results %ld\n", f->done, f->sum);
    free (f);
    return 0;
}

int main (int argc, char **argv)
{
    flux_error_t error;
    flux_tasks_t *t;
    flux_group_t *g;
    bool is_farmer = argc > 2 && strcmp (argv[1], "farmer") == 0;
    int rc;

    if (!is_farmer && (argc != 2 || strcmp (argv[1], "worker") != 0)) {
        fprintf (stderr, "usage: farm farmer COUNT | farm worker\n");
        return 2;
    }
    /* The farmer has a rank that all know in a group of the instance, workers are whoever comes. */
    if (!(t = flux_tasks_open (NULL, &error)) ||
        !(g = flux_group_join (t, "farm", FLUX_GROUP_INSTANCE, is_farmer ? FARMER : FLUX_GROUP_ANY,
                               WAIT, &error))) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    /* A worker may be there before the farmer. */
    while (!flux_group_is_member (g, FARMER)) {
        if (flux_group_wait_change (g, flux_group_version (g), WAIT) < 0)
            die ("no farmer");
    }
    rc = is_farmer ? farmer (g, atoi (argv[2])) : worker (g);
    flux_tasks_close (t);
    return rc;
}
