/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* rpc_follow [-1] [-n COUNT [-c TOPIC]] TOPIC [PAYLOAD]: send a streaming request (with -1 a plain
 * one) to rank 0 of $FLUX_URI and print the payload of each answer on a line, until an error comes,
 * which is printed, too. After COUNT answers end without more, which is a disconnect, or with -c
 * send the matchtag to that topic (RFC 6) and go on. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <flux/core.h>

static int usage (void)
{
    fprintf (stderr, "usage: rpc_follow [-1] [-n COUNT [-c TOPIC]] TOPIC [PAYLOAD], in an "
                     "instance\n");
    return 2;
}

static void cancel (flux_future_t *f, const char *topic)
{
    flux_t *h = flux_future_get_flux (f);
    flux_future_t *c = flux_rpc_pack (h, topic, 0, FLUX_RPC_NORESPONSE, "{s:i}", "matchtag",
                                      (int)flux_rpc_get_matchtag (f));

    flux_future_destroy (c);
}

int main (int argc, char **argv)
{
    bool once = false;
    int opt, count = 0;
    const char *cancel_topic = NULL, *text;

    while ((opt = getopt (argc, argv, "1n:c:")) != -1) {
        if (opt == '1')
            once = true;
        else if (opt == 'n')
            count = atoi (optarg);
        else if (opt == 'c')
            cancel_topic = optarg;
        else
            return usage ();
    }
    flux_t *h = flux_open (NULL, 0);
    if (!h || argc - optind < 1 || argc - optind > 2)
        return usage ();
    flux_future_t *f =
        flux_rpc (h, argv[optind], argv[optind + 1], 0, once ? 0 : FLUX_RPC_STREAMING);
    while (f && flux_rpc_get (f, &text) == 0) {
        printf ("%s\n", text ? text : "");
        fflush (stdout);
        if (count > 0 && --count == 0) {
            if (!cancel_topic)
                once = true;
            else
                cancel (f, cancel_topic);
        }
        if (once)
            break;
        flux_future_reset (f);
    }
    if (!f || flux_rpc_get (f, NULL) < 0)
        printf ("error %d: %s\n", errno, f ? flux_future_error_string (f) : strerror (errno));
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
