/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A record of the wire-up, and text that a PMI server or srun's plugin sent: what decodes encodes
 * to the same bytes again. */

#include "lib/bootstrap/pmi1.h"
#include "lib/bootstrap/record.h"
#include "spank/ticket.h"
#include "testsuite/fuzz/fuzz.h"

static void try_record (const uint8_t *data, size_t size)
{
    struct wire_record rec;
    struct buf b = {0};

    if (wire_record_decode (&rec, data, size) < 0)
        return;
    MUST (wire_record_encode (&b, &rec) == 0);
    MUST (b.len == size && memcmp (b.data, data, size) == 0);
    wire_record_clear (&rec);
    buf_clear (&b);
}

static void try_text (const char *text)
{
    struct ticket t;
    char again[1024];

    free (pmi1_line_value (text, "cmd"));
    free (pmi1_line_value (text, "value"));
    if (ticket_decode (&t, text) == 0) {
        struct ticket u;
        MUST (ticket_encode (&t, again, sizeof (again)) == 0);
        MUST (ticket_decode (&u, again) == 0);
        MUST (u.port == t.port && u.size == t.size && strcmp (u.nonce, t.nonce) == 0);
    }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = fuzz_string (data, size);

    try_record (data, size);
    try_text (text);
    free (text);
    return 0;
}
