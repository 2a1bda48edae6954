/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a peer in the overlay sends. The first byte says what the rest is: even, ZeroMQ parts of
 * messages (the second byte: where the first part ends, 0: there is but one); odd, the sets of
 * ranks of a routes message, as JSON, taken over in turn by three children. */

#include <jansson.h>
#include <string.h>

#include "lib/overlay/reach.h"
#include "lib/overlay/wire.h"
#include "testsuite/fuzz/fuzz.h"

static void make_part (zmq_msg_t *part, const uint8_t *data, size_t size)
{
    MUST (zmq_msg_init_size (part, size) == 0);
    if (size > 0)
        memcpy (zmq_msg_data (part), data, size);
}

/* What is accepted can be sent on, and arrives as it was. */
static void check_message (flux_msg_t *msg)
{
    ssize_t len = flux_msg_encode_size (msg);
    struct wire w;

    MUST (wire_encode (&w, msg) == 0);
    flux_msg_t *again = wire_decode (w.part, w.count);
    MUST (again && flux_msg_encode_size (again) == len);
    flux_msg_destroy (again);
}

static void fuzz_parts (const uint8_t *data, size_t size)
{
    size_t cut = size > 0 ? data[0] : 0;
    zmq_msg_t parts[2];
    int count = 1;

    if (size > 0) {
        data++;
        size--;
    }
    if (cut == 0 || cut > size)
        make_part (&parts[0], data, size);
    else {
        make_part (&parts[0], data, cut);
        make_part (&parts[1], data + cut, size - cut);
        count = 2;
    }
    struct wire_in in;
    wire_in_open (&in, parts, count);
    while (wire_more (&in)) {
        flux_msg_t *msg = wire_next (&in);
        MUST (msg || !wire_more (&in));
        if (msg)
            check_message (msg);
        flux_msg_destroy (msg);
    }
    wire_in_close (&in);
}

static void check_reach (const struct reach *r, const char *vias)
{
    int count = 0;

    for (uint32_t i = 0; i < 200; i++) {
        const char *via = reach_lookup (r, i);
        MUST (!via || (via >= vias && via < vias + 3));
        count += via != NULL;
    }
    MUST (count == reach_count (r));
    MUST (reach_lookup (r, 7) == NULL);
}

static void fuzz_reach (const uint8_t *data, size_t size)
{
    json_t *list = json_loadb ((const char *)data, size, 0, NULL), *ranks, *add, *del;
    struct reach *r = reach_create (100, 7);
    char vias[3];
    size_t i;

    MUST (r);
    json_array_foreach (list, i, ranks)
    {
        if (i % 4 == 3)
            reach_del (r, &vias[i % 3], ranks);
        else
            reach_add (r, &vias[i % 3], ranks);
        (void)ranks_hold (ranks, 7);
        check_reach (r, vias);
        if (i % 5 == 0 && reach_changes (r, &add, &del)) {
            json_decref (add);
            json_decref (del);
        }
    }
    ranks = reach_full (r);
    MUST (json_is_array (ranks));
    json_decref (ranks);
    json_decref (list);
    reach_destroy (r);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        fuzz_parts (data + 1, size - 1);
    else
        fuzz_reach (data + 1, size - 1);
    return 0;
}
