/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* event_fan RUNDIR SIZE [count]: what an event takes to reach a subscriber on each of SIZE ranks,
 * whose sockets are RUNDIR/local-RANK: one at a time (median), and as many as can be. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <flux/core.h>

#include "lib/util/monotime.h"
#include "testsuite/bench/median.h"

#define SIZE_MAX_RANKS 1024

struct fan {
    flux_t *h[SIZE_MAX_RANKS];
    struct pollfd pfd[SIZE_MAX_RANKS];
    int got[SIZE_MAX_RANKS];
    int size;
    long total;
};

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static void publish (struct fan *f)
{
    flux_msg_t *msg = flux_event_encode ("fan.out", NULL);

    if (!msg || flux_send (f->h[0], msg, 0) < 0)
        die ("publish");
    flux_msg_destroy (msg);
}

/* Until all ranks together have `total` events. */
static void receive (struct fan *f, long total)
{
    while (f->total < total) {
        if (poll (f->pfd, f->size, 10000) <= 0)
            die ("an event did not come");
        for (int i = 0; i < f->size; i++) {
            flux_msg_t *msg;
            while ((msg = flux_recv (f->h[i], FLUX_MATCH_EVENT, FLUX_O_NONBLOCK))) {
                f->got[i]++;
                f->total++;
                flux_msg_destroy (msg);
            }
        }
    }
}

int main (int argc, char **argv)
{
    struct fan f = {0};
    int count = argc > 3 ? atoi (argv[3]) : 1000;
    double *took;
    char uri[512];

    if (argc < 3 || (f.size = atoi (argv[2])) < 1 || f.size > SIZE_MAX_RANKS || count < 1)
        die ("usage: event_fan RUNDIR SIZE [count]");
    if (!(took = calloc (count, sizeof (*took))))
        die ("memory");
    for (int i = 0; i < f.size; i++) {
        snprintf (uri, sizeof (uri), "local://%s/local-%d", argv[1], i);
        if (!(f.h[i] = flux_open (uri, 0)) || flux_event_subscribe (f.h[i], "fan.") < 0)
            die (uri);
        f.pfd[i] = (struct pollfd){.fd = flux_pollfd (f.h[i]), .events = POLLIN};
    }
    for (int i = 0; i < count; i++) {
        double start = monotime_now ();
        publish (&f);
        receive (&f, f.total + f.size);
        took[i] = monotime_now () - start;
    }
    double m = median (took, count);
    printf ("one event to %d ranks %8.1f us (median of %d)\n", f.size, m * 1e6, count);
    double start = monotime_now ();
    for (int i = 0; i < count; i++)
        publish (&f);
    receive (&f, f.total + (long)count * f.size);
    printf ("events to %d ranks    %8.0f /s\n", f.size, count / (monotime_now () - start));
    for (int i = 0; i < f.size; i++) {
        if (f.got[i] != 2 * count)
            die ("a rank missed an event");
        flux_close (f.h[i]);
    }
    free (took);
    return 0;
}
