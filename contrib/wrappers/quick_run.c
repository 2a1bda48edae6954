/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The conversation with the broker: one request, and the responses to it. A message on the local
 * socket (RFC 3) is
 *
 *   magic (4), length of the rest (4), then parts, each with its length before it (one byte, or
 *   0xff and four): [routes...] an empty one, topic, payload, and the last one of 20 bytes:
 *   0x8e, 1, type, flags, userid (4), rolemask (4), nodeid or errnum (4), matchtag (4) */

#define _GNU_SOURCE // ppoll()

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "contrib/wrappers/quick.h"
#include "lib/util/base64.h"

#define MAGIC 0xffee0012u
#define MESSAGE_MAX (256u << 20)
#define GREETING_TIMEOUT 60 // seconds
#define READ_SMALL 1000     // most steps print little
#define READ_LARGE 65536

enum { REQUEST = 1, RESPONSE = 2 };
enum { TOPIC = 1, PAYLOAD = 2, NO_RESPONSE = 4, ROUTE = 8, STREAMING = 0x40 };
#define NODEID_ANY 0xffffffffu
#define USER_UNKNOWN 0xffffffffu

struct conn {
    int fd;
    struct buf in;
    bool greeted;
    bool much; // to read
    bool label;
    int code; // below 0: not known yet
    sigset_t mask;
    double t_interrupt;
};

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2};
#define NSIGNALS (sizeof (signals) / sizeof (signals[0]))
static volatile sig_atomic_t caught;

static void on_signal (int signum)
{
    caught = signum;
}

static void die (const char *what, const char *why)
{
    fprintf (stderr, "srun: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    exit (1);
}

/* Only within ppoll(), so that none comes between a look and the wait. */
static void hold_signals (struct conn *c)
{
    struct sigaction sa = {.sa_handler = on_signal}, old;
    sigset_t set;

    sigemptyset (&set);
    for (size_t i = 0; i < NSIGNALS; i++)
        sigaddset (&set, signals[i]);
    sigprocmask (SIG_BLOCK, &set, &c->mask);
    for (size_t i = 0; i < NSIGNALS; i++) {
        sigdelset (&c->mask, signals[i]);
        sigaction (signals[i], &sa, &old);
        if (old.sa_handler == SIG_IGN) // nohup, or in the background of a script
            sigaction (signals[i], &old, NULL);
    }
}

/* ---- out ---- */

static void put_be32 (struct buf *b, uint32_t n)
{
    n = htonl (n);
    buf_append (b, &n, sizeof (n));
}

static void put_part (struct buf *b, const char *data, size_t len)
{
    buf_putc (b, (char)len); // none is as long as 255
    buf_append (b, data, len);
}

static void put_proto (struct buf *b, int flags, uint32_t matchtag)
{
    const char head[5] = {20, (char)0x8e, 1, REQUEST, (char)flags};

    buf_append (b, head, sizeof (head));
    put_be32 (b, USER_UNKNOWN);
    put_be32 (b, 0);
    put_be32 (b, NODEID_ANY);
    put_be32 (b, matchtag);
}

static void write_all (int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write (fd, data, len);
        struct pollfd pfd = {.fd = fd, .events = POLLOUT};
        if (n < 0 && errno == EAGAIN)
            (void)poll (&pfd, 1, -1);
        else if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            data += n;
            len -= n;
        }
    }
}

/* A request in the making: up to its payload, whose length comes when it is there. */
static size_t begin_request (struct buf *b, const char *topic)
{
    uint32_t magic = MAGIC;

    buf_append (b, &magic, sizeof (magic));
    put_be32 (b, 0);
    put_part (b, NULL, 0);
    put_part (b, topic, strlen (topic));
    buf_putc (b, (char)0xff);
    put_be32 (b, 0);
    return b->len;
}

static void end_request (struct buf *b, size_t begin, int flags)
{
    uint32_t size;

    buf_putc (b, '\0');
    size = htonl (b->len - begin);
    put_proto (b, flags | TOPIC | PAYLOAD | ROUTE, flags & NO_RESPONSE ? 0 : 1);
    if (b->err)
        die ("out of memory", NULL);
    memcpy (b->data + begin - sizeof (size), &size, sizeof (size));
    size = htonl (b->len - 8);
    memcpy (b->data + 4, &size, sizeof (size));
}

static void send_signal (struct conn *c, int signum)
{
    struct buf b = {0};
    size_t begin = begin_request (&b, "step.signal");

    buf_printf (&b, "{\"signum\":%d}", signum);
    end_request (&b, begin, NO_RESPONSE);
    write_all (c->fd, b.data, b.len);
    buf_clear (&b);
}

/* What flux-core signs a jobspec with where there is one user: its name for that (RFC 15). The
 * buffers are not freed, as that takes longer than all else here. */
static struct buf encode_job (const struct quick *q)
{
    struct buf spec = {0}, b = {0};
    char header[96];
    int n = snprintf (header, sizeof (header), "version%ci1%cuserid%ci%lu%cmechanism%csnone%c", 0,
                      0, 0, (unsigned long)getuid (), 0, 0, 0);

    buf_reserve (&spec, 16384);
    quick_jobspec (&spec, q);
    if (spec.err)
        die ("out of memory", NULL);
    buf_reserve (&b, BASE64_ENCODED_LENGTH (spec.len) + 512);
    size_t begin = begin_request (&b, "step.run");
    buf_puts (&b, "{\"J\":\"");
    base64_append (&b, header, n);
    buf_putc (&b, '.');
    base64_append (&b, spec.data, spec.len);
    buf_puts (&b, ".none\",\"urgency\":16,\"flags\":0}");
    end_request (&b, begin, STREAMING);
    return b;
}

/* ---- in ---- */

static uint32_t get_be32 (const char *p)
{
    uint32_t n;

    memcpy (&n, p, sizeof (n));
    return ntohl (n);
}

static bool next_part (const char **p, const char *end, const char **part, size_t *len)
{
    if (*p >= end)
        return false;
    *len = (unsigned char)*(*p)++;
    if (*len == 255) {
        if (end - *p < 4)
            return false;
        *len = get_be32 (*p);
        *p += 4;
    }
    if ((size_t)(end - *p) < *len)
        return false;
    *part = *p;
    *p += *len;
    return true;
}

static void output (const struct conn *c, int fd, const char *data, size_t len)
{
    const char *nul = memchr (data, '\0', len);
    size_t n = nul ? (size_t)(nul - data) : len;
    struct buf b = {0};

    if (!nul)
        return;
    if (!c->label) {
        write_all (fd, nul + 1, len - n - 1);
        return;
    }
    buf_printf (&b, "%s: ", data);
    buf_append (&b, nul + 1, len - n - 1);
    write_all (fd, b.data, b.len);
    buf_clear (&b);
}

static void response (struct conn *c, const char *data, size_t len)
{
    char text[16] = "";

    if (len == 0)
        return;
    switch (*data++) {
    case 'o':
        output (c, STDOUT_FILENO, data, len - 1);
        break;
    case 'e':
        output (c, STDERR_FILENO, data, len - 1);
        break;
    case 'm':
        fprintf (stderr, "srun: %.*s", (int)len - 1, data);
        break;
    case 'x':
        memcpy (text, data, len - 1 < sizeof (text) - 1 ? len - 1 : sizeof (text) - 1);
        c->code = atoi (text);
        break;
    }
}

static void failed (uint32_t errnum, const char *data, size_t len)
{
    char text[512];

    if (len > 0 && data[len - 1] == '\0')
        len--;
    snprintf (text, sizeof (text), "%.*s", (int)len, data);
    die (len > 0 ? text : strerror ((int)errnum), NULL);
}

/* One message: its payload is what comes before the last part. */
static void message (struct conn *c, const char *p, size_t size)
{
    const char *end = p + size, *part = NULL, *payload = NULL;
    size_t len = 0, payload_len = 0;

    while (p < end) {
        payload = part;
        payload_len = len;
        if (!next_part (&p, end, &part, &len))
            die ("the broker has sent a message that is none", NULL);
    }
    if (!part || len != 20 || part[2] != RESPONSE)
        return;
    uint32_t errnum = get_be32 (part + 12);
    if (!(part[3] & PAYLOAD)) {
        payload = "";
        payload_len = 0;
    }
    if (errnum && c->code < 0)
        failed (errnum, payload, payload_len);
    if (!errnum)
        response (c, payload, payload_len);
}

static void take_messages (struct conn *c)
{
    size_t start = 0;

    while (c->code < 0 && c->in.len - start >= 8) {
        uint32_t size = get_be32 (c->in.data + start + 4);
        if (size > MESSAGE_MAX)
            die ("the broker has sent a message that is too large", NULL);
        if (c->in.len - start - 8 < size)
            break;
        message (c, c->in.data + start + 8, size);
        start += 8 + size;
    }
    buf_consume (&c->in, start);
}

static void fill (struct conn *c)
{
    size_t room = c->much ? READ_LARGE : READ_SMALL;
    ssize_t n;

    if (buf_reserve (&c->in, room) < 0)
        die ("out of memory", NULL);
    n = read (c->fd, c->in.data + c->in.len, room);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        die ("lost connection to the Flux instance", n < 0 ? strerror (errno) : NULL);
    if (n > 0)
        c->in.len += n;
    c->much |= n == READ_SMALL;
}

/* ctrl-C twice within two seconds ends the step; other signals are its tasks'. */
static void pass_signal (struct conn *c)
{
    struct timespec ts;
    int signum = caught;

    caught = 0;
    if (signum == SIGINT) {
        clock_gettime (CLOCK_MONOTONIC, &ts);
        double now = ts.tv_sec + ts.tv_nsec * 1e-9, last = c->t_interrupt;
        c->t_interrupt = now;
        if (last == 0 || now - last > 2.) {
            fprintf (stderr, "srun: one more ctrl-C within 2s to cancel\n");
            return;
        }
    }
    send_signal (c, signum);
}

/* ---- the conversation ---- */

static int connect_to (const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen (path) >= sizeof (addr.sun_path))
        die ("FLUX_URI is too long", NULL);
    strcpy (addr.sun_path, path);
    if (fd < 0 || connect (fd, (struct sockaddr *)&addr, sizeof (addr)) < 0)
        die ("cannot reach the Flux instance", strerror (errno));
    return fd;
}

/* The broker greets with one byte, an errno; the request need not wait for it. */
static void take_greeting (struct conn *c)
{
    if (c->greeted || c->in.len == 0)
        return;
    if (c->in.data[0])
        die ("cannot reach the Flux instance", strerror (c->in.data[0]));
    buf_consume (&c->in, 1);
    c->greeted = true;
}

int quick_run (const struct quick *q, const char *path)
{
    struct conn c = {.code = -1, .label = q->label};
    struct timespec timeout = {.tv_sec = GREETING_TIMEOUT};
    struct pollfd pfd = {.events = POLLIN};
    struct buf job = encode_job (q);

    hold_signals (&c);
    c.fd = pfd.fd = connect_to (path);
    write_all (c.fd, job.data, job.len); // at once: greeting and answer will come together
    while (c.code < 0) {
        int n = ppoll (&pfd, 1, c.greeted ? NULL : &timeout, &c.mask);
        if (n > 0) {
            fill (&c);
            take_greeting (&c);
            take_messages (&c);
        } else if (n == 0)
            die ("cannot reach the Flux instance", "it does not answer");
        else if (caught)
            pass_signal (&c);
    }
    return c.code;
}
