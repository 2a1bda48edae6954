/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The KVS as a client sees it: run under `flux start [--test-size=N]`.
 *
 *   kvs_rpc [COUNT [MIB]]     MIB is the size of a large value, 0 for none */

#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
#include "lib/util/monotime.h"

enum { WINDOW = 128 };

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static flux_future_t *put (flux_t *h, int i)
{
    char key[64];
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    flux_future_t *f;
    snprintf (key, sizeof (key), "bench.d%d.k%d", i / 100, i % 100);
    if (!txn || flux_kvs_txn_put (txn, 0, key, "a value of some forty bytes, as they are.") < 0 ||
        !(f = flux_kvs_commit (h, NULL, 0, txn)))
        die ("put");
    flux_kvs_txn_destroy (txn);
    return f;
}

static flux_future_t *get (flux_t *h, int i)
{
    char key[64];
    flux_future_t *f;
    snprintf (key, sizeof (key), "bench.d%d.k%d", i / 100, i % 100);
    if (!(f = flux_kvs_lookup (h, NULL, 0, key)))
        die ("get");
    return f;
}

static void finish (flux_future_t *f)
{
    if (f && flux_future_get (f, NULL) < 0)
        die ("answer");
    flux_future_destroy (f);
}

static void run (flux_t *h, const char *what, flux_future_t *(*fn) (flux_t *, int), int count,
                 int window)
{
    flux_future_t *ring[WINDOW] = {NULL};
    double t = monotime_now ();
    for (int i = 0; i < count; i++) {
        finish (ring[i % window]);
        ring[i % window] = fn (h, i);
    }
    for (int i = 0; i < window; i++)
        finish (ring[i]);
    t = monotime_now () - t;
    printf ("%-28s %9.0f /s %9.1f us\n", what, count / t, t * 1e6 / count);
}

static void large (flux_t *h, size_t mib)
{
    size_t len = mib << 20, got;
    char *data = malloc (len);
    const void *back;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    flux_future_t *f;

    for (size_t i = 0; i < len; i++)
        data[i] = i * 2654435761u >> 24;
    double t = monotime_now ();
    if (flux_kvs_txn_put_raw (txn, 0, "bench.large", data, len) < 0 ||
        !(f = flux_kvs_commit (h, NULL, 0, txn)))
        die ("put");
    finish (f);
    printf ("put of %zu MiB %24.2f s\n", mib, monotime_now () - t);
    t = monotime_now ();
    if (!(f = flux_kvs_lookup (h, NULL, 0, "bench.large")) ||
        flux_kvs_lookup_get_raw (f, &back, &got) < 0 || got != len || memcmp (back, data, len) != 0)
        die ("get");
    printf ("get of %zu MiB %24.2f s\n", mib, monotime_now () - t);
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
    free (data);
}

int main (int argc, char **argv)
{
    int count = argc > 1 ? atoi (argv[1]) : 20000;
    int mib = argc > 2 ? atoi (argv[2]) : 64;
    flux_t *h = flux_open (NULL, 0);
    if (!h)
        die ("flux_open");
    run (h, "commits, one after another", put, count / 10, 1);
    run (h, "commits, 128 at a time", put, count, WINDOW);
    run (h, "lookups, one after another", get, count / 10, 1);
    run (h, "lookups, 128 at a time", get, count, WINDOW);
    if (mib > 0)
        large (h, mib);
    flux_close (h);
    return 0;
}
