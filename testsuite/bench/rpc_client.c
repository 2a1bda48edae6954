/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* rpc_client [count [rank]]: what RPCs to the broker of $FLUX_URI, or to another rank, cost a
 * client, beside the floor: a byte that a thread sends back over a socketpair. Run it with `flux
 * start`. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <flux/core.h>

#include "lib/util/monotime.h"

#define WINDOW 256

struct pipeline {
    flux_t *h;
    uint32_t rank;
    int to_send;
    int to_get;
};

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static flux_future_t *ping (flux_t *h, uint32_t rank)
{
    flux_future_t *f = flux_rpc_pack (h, "broker.ping", rank, 0, "{s:i s:s}", "seq", 1, "pad", "");
    if (!f)
        die ("flux_rpc");
    return f;
}

static void on_pong (flux_future_t *f, void *arg)
{
    struct pipeline *p = arg;

    if (flux_future_get (f, NULL) < 0)
        die ("broker.ping");
    flux_future_destroy (f);
    p->to_get--;
    if (p->to_send-- > 0)
        flux_future_then (ping (p->h, p->rank), -1., on_pong, p);
}

static double pipelined (flux_t *h, uint32_t rank, int count)
{
    struct pipeline p = {h, rank, count - WINDOW, count};
    double start = monotime_now ();

    for (int i = 0; i < WINDOW; i++)
        flux_future_then (ping (h, rank), -1., on_pong, &p);
    if (flux_reactor_run (flux_get_reactor (h), 0) < 0 || p.to_get != 0)
        die ("reactor");
    return count / (monotime_now () - start);
}

static double sync_rtt (flux_t *h, uint32_t rank, int count)
{
    double start = monotime_now ();

    for (int i = 0; i < count; i++) {
        flux_future_t *f = ping (h, rank);
        if (flux_future_get (f, NULL) < 0)
            die ("broker.ping");
        flux_future_destroy (f);
    }
    return (monotime_now () - start) / count * 1e6;
}

static void *echo (void *arg)
{
    int fd = *(int *)arg;
    char c;

    while (read (fd, &c, 1) == 1 && write (fd, &c, 1) == 1)
        ;
    return NULL;
}

static double floor_rtt (int count)
{
    int fd[2];
    char c = 0;
    pthread_t t;

    if (socketpair (AF_UNIX, SOCK_STREAM, 0, fd) < 0 || pthread_create (&t, NULL, echo, &fd[1]))
        die ("floor");
    double start = monotime_now ();
    for (int i = 0; i < count; i++)
        if (write (fd[0], &c, 1) != 1 || read (fd[0], &c, 1) != 1)
            die ("floor");
    double us = (monotime_now () - start) / count * 1e6;
    close (fd[0]);
    pthread_join (t, NULL);
    close (fd[1]);
    return us;
}

int main (int argc, char *argv[])
{
    int count = argc > 1 ? atoi (argv[1]) : 20000;
    uint32_t rank = argc > 2 ? strtoul (argv[2], NULL, 10) : FLUX_NODEID_ANY;
    double start = monotime_now ();
    flux_t *h = flux_open (NULL, 0);

    if (!h)
        die ("flux_open");
    printf ("open            %8.1f us\n", (monotime_now () - start) * 1e6);
    printf ("socketpair echo %8.1f us\n", floor_rtt (count));
    printf ("sync rpc        %8.1f us\n", sync_rtt (h, rank, count));
    printf ("pipelined (%d) %8.0f /s\n", WINDOW,
            pipelined (h, rank, count > WINDOW ? count : WINDOW));
    flux_close (h);
    return 0;
}
