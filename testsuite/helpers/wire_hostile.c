/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* wire_hostile stream|requests [TOPIC...]: send the broker of $FLUX_URI what no client should, and
 * look after each that it still answers. "stream" breaks the framing, "requests" sends every topic
 * with payloads that do not fit. A broker that does not answer within 10 s is the failure. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <flux/core.h>

#include "lib/codec/msgio.h"
#include "lib/util/fdutil.h"

#define ALIVE_TIMEOUT 10.
#define NEST 5000

static void die (const char *what, const char *detail)
{
    fprintf (stderr, "wire_hostile: %s: %s (%s)\n", what, detail, strerror (errno));
    exit (1);
}

static void check_alive (const char *after)
{
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f = h ? flux_rpc (h, "broker.ping", "{}", FLUX_NODEID_ANY, 0) : NULL;

    if (!f || flux_future_wait_for (f, ALIVE_TIMEOUT) < 0 || flux_future_get (f, NULL) < 0)
        die ("the broker does not answer after", after);
    flux_future_destroy (f);
    flux_close (h);
}

static int connect_raw (void)
{
    const char *uri = getenv ("FLUX_URI");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char greeting;

    if (!uri || strncmp (uri, "local://", 8) != 0 || strlen (uri + 8) >= sizeof (addr.sun_path))
        die ("no local FLUX_URI", uri ? uri : "");
    strcpy (addr.sun_path, uri + 8);
    if (connect (fd, (struct sockaddr *)&addr, sizeof (addr)) < 0 || read (fd, &greeting, 1) != 1)
        die ("connect", uri);
    return fd;
}

#define FRAME(size) "\x12\x00\xee\xff" size
#define PROTO(type, flags)                                                                         \
    "\024\x8e\001" type flags "----"                                                               \
    "\0\0\0\1"                                                                                     \
    "\377\377\377\377"                                                                             \
    "\0\0\0\1"
#define BYTES(s) s, sizeof (s) - 1

static const struct {
    const char *what;
    const char *bytes;
    size_t len;
} streams[] = {
    {"nothing at all", BYTES ("")},
    {"HTTP", BYTES ("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
    {"half a header", BYTES ("\x12\x00\xee")},
    {"half a message", BYTES (FRAME ("\0\0\0\x40") "abc")},
    {"4 GiB announced", BYTES (FRAME ("\377\377\377\377") "abc")},
    {"128 MiB announced, none sent", BYTES (FRAME ("\010\0\0\0"))},
    {"an empty message", BYTES (FRAME ("\0\0\0\0"))},
    {"a part longer than the message", BYTES (FRAME ("\0\0\0\x06") "\377\377\377\377\377x")},
    {"no type", BYTES (FRAME ("\0\0\0\x15") PROTO ("\0", "\0"))},
    {"a request without topic", BYTES (FRAME ("\0\0\0\x16") "\0" PROTO ("\001", "\x08"))},
    {"a request without route stack", BYTES (FRAME ("\0\0\0\x17") "\001a" PROTO ("\001", "\x01"))},
    {"an empty topic", BYTES (FRAME ("\0\0\0\x17") "\0\0" PROTO ("\001", "\x09"))},
    {"a response nobody asked for", BYTES (FRAME ("\0\0\0\x18") "\0\001a" PROTO ("\002", "\x09"))},
    {"a response with a made up route",
     BYTES (FRAME ("\0\0\0\x1a") "\001x\0\001a" PROTO ("\002", "\x09"))},
    {"a request with made up routes",
     BYTES (FRAME ("\0\0\0\x1c") "\001x\001y\0\001a" PROTO ("\001", "\x09"))},
    {"an event without topic", BYTES (FRAME ("\0\0\0\x15") PROTO ("\004", "\0"))},
    {"an event with routes", BYTES (FRAME ("\0\0\0\x1a") "\001x\0\001a" PROTO ("\004", "\x09"))},
    {"a control message", BYTES (FRAME ("\0\0\0\x15") PROTO ("\010", "\0"))},
};

static void send_all (int fd, const void *data, size_t len)
{
    ssize_t n = send (fd, data, len, MSG_NOSIGNAL);
    (void)n; // the broker may have closed already, as it should
}

static int run_streams (void)
{
    size_t n = sizeof (streams) / sizeof (streams[0]);
    int held[64];

    for (size_t i = 0; i < n; i++) {
        held[i] = connect_raw ();
        send_all (held[i], streams[i].bytes, streams[i].len);
        check_alive (streams[i].what);
    }
    for (size_t i = 0; i < n; i++)
        close (held[i]);
    check_alive ("all went away");
    return n;
}

/* A client that asks and never reads. */
static void never_read (void)
{
    int fd = connect_raw ();
    struct msgio *io = msgio_create (fd);
    flux_msg_t *msg = flux_request_encode ("broker.ping", "{}");

    flux_msg_set_matchtag (msg, 1);
    for (int i = 0; i < 50000; i++) {
        if (msgio_send (io, msg) < 0)
            die ("msgio_send", "ping");
        if (i % 1000 == 0 && msgio_flush (io) < 0)
            break;
    }
    for (int i = 0; i < 100 && msgio_flush (io) > 0; i++)
        usleep (10000);
    check_alive ("a client that never reads");
    msgio_destroy (io);
    flux_msg_destroy (msg);
    check_alive ("it went away");
}

static char *nested (void)
{
    char *s = malloc (NEST * 6 + NEST + 8);
    char *p = s;

    for (int i = 0; i < NEST; i++)
        p = stpcpy (p, "{\"id\":");
    p = stpcpy (p, "1");
    for (int i = 0; i < NEST; i++)
        *p++ = '}';
    *p = '\0';
    return s;
}

static const char *const payloads[] = {
    "",
    "x",
    "{",
    "[]",
    "3",
    "null",
    "{}",
    "{\"id\":\"x\"}",
    "{\"id\":-1,\"signum\":-9,\"urgency\":999,\"severity\":-1,\"type\":\"\",\"key\":\"\"}",
    "{\"id\":1e300}",
    "{\"id\":18446744073709551615}",
    "{\"id\":9223372036854775807,\"path\":\"../../etc\",\"flags\":-1,\"key\":\"..\",\"keys\":[1]}",
    "{\"key\":3,\"namespace\":4,\"flags\":\"x\",\"name\":[],\"topic\":{},\"service\":1}",
    "{\"key\":\"a..b.\",\"namespace\":\"nix\",\"flags\":4095}",
    "{\"key\":\"a\",\"namespace\":\"primary\",\"flags\":-1,\"rootdir\":{\"type\":\"dirref\"}}",
    "{\"key\":\"a\",\"flags\":0,\"rootdir\":{\"ver\":1,\"type\":\"dirref\",\"data\":[\"sha1-xyz\"]}"
    "}",
    "{\"namespace\":\"primary\",\"flags\":0,\"ops\":[{\"key\":\"a\"}]}",
    "{\"namespace\":\"primary\",\"flags\":0,\"ops\":[{\"key\":\".\",\"flags\":0,\"dirent\":"
    "{\"ver\":1,\"type\":\"val\",\"data\":\"!!\"}}]}",
    "{\"namespace\":\"primary\",\"flags\":0,\"ops\":[{\"key\":\"h.h\",\"flags\":0,\"dirent\":"
    "{\"ver\":1,\"type\":\"dir\",\"data\":{\"x\":{\"ver\":9}}}}]}",
    "{\"namespace\":\"primary\",\"flags\":0,\"ops\":3,\"rootseq\":-5,\"rootref\":\"\"}",
    "{\"namespace\":\"a/b\",\"rootref\":\"sha1-00\",\"owner\":-1,\"flags\":0}",
    "{\"name\":\"rank\",\"value\":\"77\",\"force\":true}",
    "{\"name\":\"\\u0000\",\"value\":\"\"}",
    "{\"topic\":\"\",\"flags\":-1,\"payload\":\"!!!\"}",
    "{\"service\":\"kvs\"}",
    "{\"service\":\"a.b\"}",
    "{\"J\":\"x.y.none\",\"urgency\":16,\"flags\":0}",
    "{\"J\":\"\",\"urgency\":-1,\"flags\":-1}",
    "{\"max_entries\":-1,\"attrs\":\"all\",\"constraint\":{\"and\":[{\"or\":3}]},\"since\":-1}",
    "{\"max_entries\":1,\"attrs\":[\"nix\",1],\"constraint\":{\"states\":[\"x\"]}}",
    "{\"matchtag\":\"x\"}",
    "{\"matchtag\":4294967295}",
    "{\"targets\":\"0-999999999\",\"reason\":1,\"overwrite\":9,\"ranks\":\"x[\",\"nodes\":3}",
    "{\"cmd\":{\"cmdline\":[],\"env\":3,\"opts\":[]},\"flags\":-1,\"pid\":-1,\"signum\":99999}",
    "{\"pid\":1,\"signum\":0}",
    "{\"event\":\"\",\"data\":3,\"backlog\":-1,\"follow\":\"x\",\"hashes\":[],\"rank\":-1}",
};

static flux_msg_t *make (const char *topic, const void *data, size_t len, int variant)
{
    flux_msg_t *msg = flux_request_encode_raw (topic, data, len);

    if (!msg)
        die ("encode", topic);
    flux_msg_set_matchtag (msg, 1 + variant);
    if (variant & 1)
        flux_msg_set_streaming (msg);
    return msg;
}

/* Send one topic with everything, then go away with what it left open. */
static void run_topic (const char *topic, const char *bomb)
{
    struct msgio *io = msgio_create (connect_raw ());
    int n = sizeof (payloads) / sizeof (payloads[0]);

    for (int i = 0; i < 2 * (n + 3); i++) {
        const char *p = i / 2 < n ? payloads[i / 2] : bomb;
        size_t len = strlen (p) + 1;
        if (i / 2 == n + 1) // no NUL
            len--;
        else if (i / 2 == n + 2) // none
            p = NULL;
        flux_msg_t *msg = make (topic, p, p ? len : 0, i & 1);
        if (msgio_send (io, msg) < 0)
            die ("msgio_send", topic);
        flux_msg_destroy (msg);
    }
    for (int i = 0; i < 500 && msgio_flush (io) > 0; i++)
        usleep (1000);
    check_alive (topic);
    msgio_destroy (io);
    check_alive (topic);
}

int main (int argc, char *argv[])
{
    int count = 0;

    if (argc == 2 && strcmp (argv[1], "stream") == 0) {
        count = run_streams ();
        never_read ();
    } else if (argc > 2 && strcmp (argv[1], "requests") == 0) {
        char *bomb = nested ();
        for (int i = 2; i < argc; i++, count++)
            run_topic (argv[i], bomb);
        free (bomb);
    } else {
        fprintf (stderr, "usage: wire_hostile stream|requests [TOPIC...]\n");
        return 2;
    }
    printf ("%d done\n", count);
    return 0;
}
