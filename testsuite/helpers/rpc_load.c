/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* rpc_load SIZE STOPFILE: a steady load of pings from the broker of $FLUX_URI to all SIZE ranks, a
 * hundred a second to each, until the file is there. Then it waits for what is under way, and tells
 *
 *     answered=N failed=N hung=N twice=N slowest=MS
 *
 * hung are those without an answer 15 s later, twice those with more than one. "cut" is put in
 * front when the broker closed the connection; what is under way then is not counted as hung. */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <flux/core.h>

#include "lib/util/monotime.h"

#define PERIOD .01
#define WINDOW 64 // under way to one rank
#define PATIENCE 15.
#define CALLS_MAX 4000000

struct call {
    double sent; // 0: has its answer
    uint32_t rank;
};

struct load {
    flux_t *h;
    uint32_t size;
    struct call *calls; // by matchtag
    uint32_t count;
    int *under_way; // by rank
    int answered, failed, twice, left;
    double slowest;
    bool cut;
};

static void die (const char *what)
{
    fprintf (stderr, "rpc_load: %s: %m\n", what);
    exit (2);
}

static void send_one (struct load *l, uint32_t rank)
{
    flux_msg_t *msg = flux_request_encode ("attr.ping", "{\"seq\":0,\"pad\":\"\"}");

    if (l->count + 1 >= CALLS_MAX)
        return;
    l->count++;
    if (!msg || flux_msg_set_nodeid (msg, rank) < 0 || flux_msg_set_matchtag (msg, l->count) < 0)
        die ("message");
    l->calls[l->count] = (struct call){monotime_now (), rank};
    l->left++;
    l->under_way[rank]++;
    if (flux_send (l->h, msg, 0) < 0)
        l->cut = true;
    flux_msg_decref (msg);
}

static void take (struct load *l, const flux_msg_t *msg)
{
    uint32_t tag = 0;
    int errnum = 0;

    if (flux_msg_get_matchtag (msg, &tag) < 0 || flux_msg_get_errnum (msg, &errnum) < 0 ||
        tag == 0 || tag > l->count)
        return;
    struct call *c = &l->calls[tag];
    if (c->sent == 0) {
        l->twice++;
        return;
    }
    double took = monotime_now () - c->sent;
    if (took > l->slowest)
        l->slowest = took;
    c->sent = 0;
    l->left--;
    l->under_way[c->rank]--;
    if (errnum)
        l->failed++;
    else
        l->answered++;
}

static void receive_for (struct load *l, double seconds)
{
    double end = monotime_now () + seconds;

    while (!l->cut && monotime_now () < end) {
        flux_msg_t *msg = flux_recv (l->h, FLUX_MATCH_RESPONSE, FLUX_O_NONBLOCK);
        struct pollfd pfd = {.fd = flux_pollfd (l->h), .events = POLLIN};
        if (msg) {
            take (l, msg);
            flux_msg_destroy (msg);
        } else if (errno != EAGAIN && errno != EWOULDBLOCK)
            l->cut = true;
        else
            poll (&pfd, 1, 2);
    }
}

int main (int argc, char **argv)
{
    struct load l = {0};
    double end;

    if (argc != 3 || (l.size = strtoul (argv[1], NULL, 10)) == 0)
        die ("usage: rpc_load SIZE STOPFILE");
    l.calls = calloc (CALLS_MAX, sizeof (*l.calls));
    l.under_way = calloc (l.size, sizeof (*l.under_way));
    if (!l.calls || !l.under_way || !(l.h = flux_open (NULL, 0)))
        die ("flux_open");
    while (!l.cut && access (argv[2], F_OK) < 0) {
        for (uint32_t r = 0; r < l.size; r++)
            if (l.under_way[r] < WINDOW)
                send_one (&l, r);
        receive_for (&l, PERIOD);
    }
    for (end = monotime_now () + PATIENCE; l.left > 0 && !l.cut && monotime_now () < end;)
        receive_for (&l, PERIOD);
    receive_for (&l, .2); // for those that come twice
    printf ("%sanswered=%d failed=%d hung=%d twice=%d slowest=%.0f\n", l.cut ? "cut " : "",
            l.answered, l.failed, l.cut ? 0 : l.left, l.twice, l.slowest * 1e3);
    flux_close (l.h);
    return 0;
}
