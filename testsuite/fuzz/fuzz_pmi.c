/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What tasks say to the PMI server. The first byte says in how large pieces it comes. */

#include "lib/pmi/clique.h"
#include "lib/pmi/server.h"
#include "lib/pmi/wire.h"
#include "testsuite/fuzz/fuzz.h"

static struct pmi_server *server;

static void send_cb (void *arg, int localid, const void *data, size_t len)
{
    MUST (len > 0 && len < 2 * PMI2_MESSAGE_MAX);
}

static void exchange_cb (void *arg, struct buf *pairs)
{
    MUST (pairs->len == 0 || pairs->data[pairs->len - 1] == '\0');
    MUST (pmi_server_add (server, pairs->data, pairs->len) == 0);
    buf_clear (pairs);
    pmi_server_exchanged (server, true);
}

static void abort_cb (void *arg, int localid, int code, const char *text)
{
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const int taskids[] = {0};
    const struct pmi_server_config config = {"kvs", 1, 1, taskids, 1};
    const struct pmi_server_ops ops = {send_cb, exchange_cb, abort_cb};
    size_t piece = size > 0 && data[0] > 0 ? data[0] : 4096;

    server = pmi_server_create (&config, &ops, NULL);
    pmi_server_preput (server, "PMI_process_mapping", "(vector,(0,1,1))");
    for (size_t at = 1; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        if (pmi_server_input (server, 0, data + at, n) < 0)
            break;
    }
    pmi_server_add (server, (const char *)data, size);
    pmi_server_destroy (server);
    char *s = fuzz_string (data, size);
    int ranks[8];
    int n = pmi_clique (s, 64, 3, ranks, 8);
    MUST (n == -1 || (n >= 1 && n <= 64));
    free (s);
    return 0;
}
