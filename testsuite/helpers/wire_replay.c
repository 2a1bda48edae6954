/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* wire_replay FILE: say to the broker of $FLUX_URI, byte for byte, what a client said when it was
 * recorded, and compare the answers. Lines of a file:
 *
 *   # text      what the client did
 *   !           a new connection
 *   > HEX       the client sends a message, with its frame
 *   < TYPE ERRNUM MATCHTAG FLAGS TOPIC PAYLOAD      the broker sends
 *   ~ TYPE ...  the same; lines of this kind that follow each other come in any order
 *
 * ERRNUM is 0 for events. PAYLOAD is "-" for none, "?" for any, hex:.. or JSON, in which "*" stands
 * for any value. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <jansson.h>

#include "lib/codec/msgio.h"
#include "lib/codec/payload.h"
#include "lib/util/fdutil.h"

#define TIMEOUT_MS 10000
#define LINE_SIZE 65536

static void die (const char *what, const char *line)
{
    fprintf (stderr, "wire_replay: %s: %s%s%s\n", what, line ? line : "", errno ? ": " : "",
             errno ? strerror (errno) : "");
    exit (1);
}

static struct msgio *connect_broker (void)
{
    const char *uri = getenv ("FLUX_URI");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char greeting;

    if (!uri || strncmp (uri, "local://", 8) != 0 || strlen (uri + 8) >= sizeof (addr.sun_path))
        die ("FLUX_URI is no local one", uri);
    strcpy (addr.sun_path, uri + 8);
    if (connect (fd, (struct sockaddr *)&addr, sizeof (addr)) < 0 || read (fd, &greeting, 1) != 1 ||
        greeting != 0)
        die ("connect", uri);
    return msgio_create (fd);
}

static size_t unhex (char *dst, const char *s)
{
    size_t n = 0;
    unsigned int byte;

    for (; sscanf (s, "%2x", &byte) == 1; s += 2)
        dst[n++] = byte;
    return n;
}

static void send_line (struct msgio *io, const char *hex)
{
    static char data[LINE_SIZE];
    size_t len = unhex (data, hex);

    fd_set_blocking (msgio_fd (io));
    if (fd_write_all (msgio_fd (io), data, len) < 0)
        die ("write", hex);
    fd_set_nonblocking (msgio_fd (io));
}

static flux_msg_t *receive (struct msgio *io, const char *line)
{
    flux_msg_t *msg;

    while (!(msg = msgio_next (io)) && errno == EAGAIN) {
        struct pollfd pfd = {msgio_fd (io), POLLIN, 0};
        if (poll (&pfd, 1, TIMEOUT_MS) == 0) {
            errno = 0;
            die ("no answer came", line);
        }
        if (msgio_fill (io) < 0 && errno != EAGAIN)
            die ("read", line);
    }
    if (!msg)
        die ("no message", line);
    return msg;
}

static bool matches (const json_t *want, const json_t *got)
{
    const char *key;
    json_t *val;
    size_t i;

    if (json_is_string (want) && strcmp (json_string_value (want), "*") == 0)
        return got != NULL;
    if (json_is_object (want)) {
        if (json_object_size (want) != json_object_size (got))
            return false;
        json_object_foreach ((json_t *)want, key, val)
        {
            if (!matches (val, json_object_get (got, key)))
                return false;
        }
        return true;
    }
    if (json_is_array (want)) {
        if (json_array_size (want) != json_array_size (got))
            return false;
        json_array_foreach (want, i, val)
        {
            if (!matches (val, json_array_get (got, i)))
                return false;
        }
        return true;
    }
    if (json_is_number (want)) // 1 and 1.0 are the same to any reader
        return json_is_number (got) && json_number_value (want) == json_number_value (got);
    return json_equal (want, got);
}

static bool payload_matches (const flux_msg_t *msg, const char *want)
{
    const void *data;
    size_t len;
    char buf[LINE_SIZE];

    if (strcmp (want, "?") == 0)
        return true;
    if (strcmp (want, "-") == 0)
        return !flux_msg_has_payload (msg);
    if (flux_msg_get_payload (msg, &data, &len) < 0)
        return false;
    if (strncmp (want, "hex:", 4) == 0)
        return unhex (buf, want + 4) == len && memcmp (buf, data, len) == 0;
    json_t *o = json_loads (want, 0, NULL);
    if (!o)
        die ("no JSON", want);
    bool ok = matches (o, msg_get_json (msg));
    json_decref (o);
    return ok;
}

static bool head_matches (const flux_msg_t *msg, int type, int errnum, unsigned int tag,
                          unsigned int flags, const char *topic)
{
    int got_type, got_errnum = 0;
    uint32_t got_tag = 0;
    const char *got_topic = "-";

    flux_msg_get_type (msg, &got_type);
    flux_msg_get_errnum (msg, &got_errnum);
    flux_msg_get_matchtag (msg, &got_tag);
    flux_msg_get_topic (msg, &got_topic);
    for (int bit = 1; bit < 256; bit <<= 1)
        if (bit != FLUX_MSGFLAG_PAYLOAD && flux_msg_has_flag (msg, bit) != ((flags & bit) != 0))
            return false;
    return got_type == type && got_errnum == errnum && got_tag == tag &&
           strcmp (got_topic, topic) == 0;
}

static bool line_matches (const flux_msg_t *msg, const char *line)
{
    int type, errnum, pos = 0;
    unsigned int tag, flags;
    char topic[256];

    if (sscanf (line, "%d %d %u %x %255s %n", &type, &errnum, &tag, &flags, topic, &pos) < 5)
        die ("no line of an answer", line);
    return head_matches (msg, type, errnum, tag, flags, topic) && payload_matches (msg, line + pos);
}

static void complain (const flux_msg_t *msg, const char *line)
{
    fprintf (stderr, "wire_replay: expected: %s\ngot:\n", line);
    flux_msg_fprint (stderr, msg);
    exit (1);
}

static void expect_line (struct msgio *io, const char *line)
{
    flux_msg_t *msg = receive (io, line);

    if (!line_matches (msg, line))
        complain (msg, line);
    flux_msg_destroy (msg);
}

/* ---- answers in any order */

#define GROUP_MAX 64

struct group {
    char *line[GROUP_MAX];
    size_t count;
};

static void expect_group (struct msgio *io, struct group *g)
{
    while (g->count > 0) {
        flux_msg_t *msg = receive (io, g->line[0]);
        size_t i = 0;
        while (i < g->count && !line_matches (msg, g->line[i]))
            i++;
        if (i == g->count)
            complain (msg, g->line[0]);
        free (g->line[i]);
        g->line[i] = g->line[--g->count];
        flux_msg_destroy (msg);
    }
}

int main (int argc, char *argv[])
{
    FILE *f = argc == 2 ? fopen (argv[1], "r") : NULL;
    static char line[LINE_SIZE];
    struct msgio *io = NULL;
    struct group group = {.count = 0};
    int count = 0;

    if (!f)
        die ("usage: wire_replay FILE", argv[1]);
    while (fgets (line, sizeof (line), f)) {
        line[strcspn (line, "\n")] = '\0';
        if (line[0] != '~' && io)
            expect_group (io, &group);
        if (line[0] == '#')
            printf ("%s\n", line);
        else if (line[0] == '!') {
            msgio_destroy (io);
            io = connect_broker ();
        } else if (line[0] == '>' && io)
            send_line (io, line + 2);
        else if (line[0] == '~' && group.count < GROUP_MAX) {
            group.line[group.count++] = strdup (line + 2);
            count++;
        } else if (line[0] == '<' && io) {
            expect_line (io, line + 2);
            count++;
        }
    }
    if (io)
        expect_group (io, &group);
    msgio_destroy (io);
    fclose (f);
    printf ("%d answers as recorded\n", count);
    return count > 0 ? 0 : 1;
}
