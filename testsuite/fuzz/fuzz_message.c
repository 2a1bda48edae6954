/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A flat message (RFC 3). What is accepted must encode to what decodes to the same. */

#include <string.h>
#include <flux/event.h>
#include <flux/request.h>
#include <flux/response.h>

#include "testsuite/fuzz/fuzz.h"

static void read_all (const flux_msg_t *msg)
{
    const char *topic, *s;
    const void *p;
    size_t len;

    (void)flux_request_decode (msg, &topic, &s);
    (void)flux_response_decode_raw (msg, &topic, &p, &len);
    (void)flux_response_decode_error (msg, &s);
    (void)flux_event_decode (msg, &topic, &s);
    (void)flux_msg_unpack (msg, "{s?s}", "x", &s);
    (void)flux_msg_cmp (msg, flux_match_init (FLUX_MSGTYPE_ANY, 1, "a*"));
    free (flux_msg_route_string (msg));
    flux_msg_t *rep = flux_response_derive (msg, 1);
    if (rep) {
        MUST (flux_msg_route_count (rep) == flux_msg_route_count (msg));
        flux_msg_route_push (rep, "next");
        flux_msg_route_delete_last (rep);
    }
    flux_msg_destroy (rep);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    flux_msg_t *msg = flux_msg_decode (data, size);

    if (!msg)
        return 0;
    read_all (msg);
    ssize_t len = flux_msg_encode_size (msg);
    MUST (len > 0);
    char *buf = malloc (len);
    char *buf2 = malloc (len);
    MUST (flux_msg_encode (msg, buf, len) == 0);
    flux_msg_t *msg2 = flux_msg_decode (buf, len);
    MUST (msg2 && flux_msg_encode_size (msg2) == len);
    MUST (flux_msg_encode (msg2, buf2, len) == 0 && memcmp (buf, buf2, len) == 0);
    flux_msg_destroy (msg2);
    free (buf);
    free (buf2);
    flux_msg_destroy (msg);
    return 0;
}
