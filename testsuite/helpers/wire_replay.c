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
 *   ? TYPE ...  it may come, until the connection ends
 *
 * ERRNUM is 0 for events. PAYLOAD is "-" for none, "?" for any, hex:.. or JSON, in which "*" stands
 * for any value, an object for a text that is that object, and "@1" for a job id (wire_ids.h). What
 * comes before its line is kept for it. */

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
#include "testsuite/helpers/wire_ids.h"

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

static void send_line (struct msgio *io, const struct wire_ids *ids, const char *hex)
{
    static unsigned char data[LINE_SIZE];
    size_t len = wire_ids_request (ids, hex, data);

    if (len == 0)
        die ("no message, or with an id that no answer had", hex);
    fd_set_blocking (msgio_fd (io));
    if (fd_write_all (msgio_fd (io), data, len) < 0)
        die ("write", hex);
    fd_set_nonblocking (msgio_fd (io));
}

/* NULL when nothing comes. */
static flux_msg_t *receive_or_null (struct msgio *io, const char *line)
{
    flux_msg_t *msg;

    while (!(msg = msgio_next (io)) && errno == EAGAIN) {
        struct pollfd pfd = {msgio_fd (io), POLLIN, 0};
        if (poll (&pfd, 1, TIMEOUT_MS) == 0)
            return NULL;
        if (msgio_fill (io) < 0 && errno != EAGAIN)
            die ("read", line);
    }
    if (!msg)
        die ("no message", line);
    return msg;
}

static flux_msg_t *receive (struct msgio *io, const char *line)
{
    flux_msg_t *msg = receive_or_null (io, line);

    errno = 0;
    if (!msg)
        die ("no answer came", line);
    return msg;
}

static bool matches (struct wire_ids *ids, const json_t *want, const json_t *got);

/* An event, for example, is JSON with a newline in a text. */
static bool text_matches (struct wire_ids *ids, const json_t *want, const json_t *text)
{
    json_t *o = json_loads (json_string_value (text), 0, NULL);
    bool ok = o && matches (ids, want, o);

    json_decref (o);
    return ok;
}

static bool matches (struct wire_ids *ids, const json_t *want, const json_t *got)
{
    const char *key;
    json_t *val;
    size_t i;

    if (json_is_string (want) && strcmp (json_string_value (want), "*") == 0)
        return got != NULL;
    if (json_is_string (want) && json_string_value (want)[0] == '@')
        return wire_ids_match (ids, json_string_value (want), got);
    if (json_is_object (want) && json_is_string (got))
        return text_matches (ids, want, got);
    if (json_is_object (want)) {
        if (json_object_size (want) != json_object_size (got))
            return false;
        json_object_foreach ((json_t *)want, key, val)
        {
            if (!matches (ids, val, json_object_get (got, key)))
                return false;
        }
        return true;
    }
    if (json_is_array (want)) {
        if (json_array_size (want) != json_array_size (got))
            return false;
        json_array_foreach (want, i, val)
        {
            if (!matches (ids, val, json_array_get (got, i)))
                return false;
        }
        return true;
    }
    if (json_is_number (want)) // 1 and 1.0 are the same to any reader
        return json_is_number (got) && json_number_value (want) == json_number_value (got);
    return json_equal (want, got);
}

static bool payload_matches (struct wire_ids *ids, const flux_msg_t *msg, const char *want)
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
    bool ok = matches (ids, o, msg_get_json (msg));
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

static bool line_matches (struct wire_ids *ids, const flux_msg_t *msg, const char *line)
{
    int type, errnum, pos = 0;
    unsigned int tag, flags;
    char topic[256];

    if (sscanf (line, "%d %d %u %x %255s %n", &type, &errnum, &tag, &flags, topic, &pos) < 5)
        die ("no line of an answer", line);
    char *name = wire_ids_text (ids, topic);
    bool ok = head_matches (msg, type, errnum, tag, flags, name) &&
              payload_matches (ids, msg, line + pos);
    free (name);
    return ok;
}

static void complain (const flux_msg_t *msg, const char *line)
{
    fprintf (stderr, "wire_replay: expected: %s\ngot:\n", line);
    if (msg)
        flux_msg_fprint (stderr, msg);
    exit (1);
}

static void expect_line (struct msgio *io, struct wire_ids *ids, const char *line)
{
    flux_msg_t *msg = receive (io, line);

    if (!line_matches (ids, msg, line))
        complain (msg, line);
    flux_msg_destroy (msg);
}

/* ---- answers in any order */

#define GROUP_MAX 64

struct group {
    char *line[GROUP_MAX];
    size_t count;
    char *optional[GROUP_MAX];
    size_t noptional;
    flux_msg_t *early[GROUP_MAX]; // no line was for them yet
    size_t nearly;
};

/* The first line of the message is done. False: there is none. */
static bool take (struct group *g, struct wire_ids *ids, const flux_msg_t *msg)
{
    size_t i = 0;

    while (i < g->count && !line_matches (ids, msg, g->line[i]))
        i++;
    if (i == g->count)
        return false;
    free (g->line[i]);
    g->count--;
    memmove (&g->line[i], &g->line[i + 1], (g->count - i) * sizeof (g->line[0]));
    return true;
}

static void take_early (struct group *g, struct wire_ids *ids)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->nearly; i++) {
        if (take (g, ids, g->early[i]))
            flux_msg_destroy (g->early[i]);
        else
            g->early[kept++] = g->early[i];
    }
    g->nearly = kept;
}

static void expect_group (struct msgio *io, struct wire_ids *ids, struct group *g)
{
    take_early (g, ids);
    while (g->count > 0) {
        flux_msg_t *msg = receive_or_null (io, g->line[0]);
        if (!msg)
            complain (g->nearly > 0 ? g->early[0] : NULL, g->line[0]);
        if (take (g, ids, msg))
            flux_msg_destroy (msg);
        else if (g->nearly < GROUP_MAX)
            g->early[g->nearly++] = msg;
        else
            complain (msg, g->line[0]);
    }
}

static bool may_come (const struct group *g, struct wire_ids *ids, const flux_msg_t *msg)
{
    for (size_t i = 0; i < g->noptional; i++)
        if (line_matches (ids, msg, g->optional[i]))
            return true;
    return false;
}

/* The connection ends: nothing may be left that no line was for. */
static void end_group (struct msgio *io, struct wire_ids *ids, struct group *g)
{
    expect_group (io, ids, g);
    for (size_t i = 0; i < g->nearly; i++) {
        if (!may_come (g, ids, g->early[i]))
            complain (g->early[i], "nothing more");
        flux_msg_destroy (g->early[i]);
    }
    g->nearly = 0;
    while (g->noptional > 0)
        free (g->optional[--g->noptional]);
}

int main (int argc, char *argv[])
{
    FILE *f = argc == 2 ? fopen (argv[1], "r") : NULL;
    static char line[LINE_SIZE];
    struct msgio *io = NULL;
    struct group group = {.count = 0};
    struct wire_ids ids = {{0}};
    int count = 0;

    if (!f)
        die ("usage: wire_replay FILE", argv[1]);
    while (fgets (line, sizeof (line), f)) {
        line[strcspn (line, "\n")] = '\0';
        if (line[0] != '~' && line[0] != '!' && io)
            expect_group (io, &ids, &group);
        if (line[0] == '#')
            printf ("%s\n", line);
        else if (line[0] == '!') {
            if (io)
                end_group (io, &ids, &group);
            msgio_destroy (io);
            io = connect_broker ();
        } else if (line[0] == '>' && io)
            send_line (io, &ids, line + 2);
        else if (line[0] == '?' && group.noptional < GROUP_MAX)
            group.optional[group.noptional++] = strdup (line + 2);
        else if (line[0] == '~' && group.count < GROUP_MAX) {
            group.line[group.count++] = strdup (line + 2);
            count++;
        } else if (line[0] == '<' && io) {
            expect_line (io, &ids, line + 2);
            count++;
        }
    }
    if (io)
        end_group (io, &ids, &group);
    msgio_destroy (io);
    fclose (f);
    printf ("%d answers as recorded\n", count);
    return count > 0 ? 0 : 1;
}
