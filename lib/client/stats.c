/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>
#include <flux/attr.h>
#include <flux/reactor.h>
#include <flux/stats.h>
#include <flux/watcher.h>

#define AUX_KEY "flux::stats"
#define PREFIX_MAX 128
#define NAME_MAX_LEN 256
#define METRICS_MAX 65536
#define PACKET_MAX 1400 // what fits a frame of Ethernet

enum metric_type { COUNTER, GAUGE, TIMING };

struct metric {
    char *name;
    enum metric_type type;
    ssize_t value;
    double ms;
    bool changed;
    bool relative; // value is a change, of one that is not known here
    UT_hash_handle hh;
};

struct stats {
    flux_t *h;
    int fd; // -1: no server
    char prefix[PREFIX_MAX];
    double period;
    struct metric *metrics;
    flux_watcher_t *timer;
    char packet[PACKET_MAX];
    size_t len;
};

static void stats_free (void *arg)
{
    struct stats *s = arg;
    struct metric *m, *tmp;

    HASH_ITER (hh, s->metrics, m, tmp)
    {
        HASH_DEL (s->metrics, m);
        free (m->name);
        free (m);
    }
    flux_watcher_destroy (s->timer);
    if (s->fd >= 0)
        close (s->fd);
    free (s);
}

/* HOST:PORT, both numbers. */
static int connect_server (const char *addr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *ai = NULL;
    char host[128];
    const char *colon = strrchr (addr, ':');
    size_t len = colon ? (size_t)(colon - addr) : 0;
    int fd = -1;

    if (len > 2 && addr[0] == '[' && addr[len - 1] == ']') {
        addr++;
        len -= 2;
    }
    if (!colon || len == 0 || len >= sizeof (host))
        return -1;
    memcpy (host, addr, len);
    host[len] = '\0';
    if (getaddrinfo (host, colon + 1, &hints, &ai) != 0)
        return -1;
    fd = socket (ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect (fd, ai->ai_addr, ai->ai_addrlen) < 0) {
        close (fd);
        fd = -1;
    }
    freeaddrinfo (ai);
    return fd;
}

static void set_prefix (struct stats *s, const char *text)
{
    static const char mark[] = "{{rank}}";
    const char *at = strstr (text, mark);
    uint32_t rank = 0;

    if (!at || flux_get_rank (s->h, &rank) < 0)
        snprintf (s->prefix, sizeof (s->prefix), "%s", text);
    else
        snprintf (s->prefix, sizeof (s->prefix), "%.*s%u%s", (int)(at - text), text, rank,
                  at + sizeof (mark) - 1);
}

/* NULL where nothing is to be done. */
static struct stats *stats_get (flux_t *h)
{
    const char *addr = getenv ("FLUX_FRIPP_STATSD");
    struct stats *s;
    int saved_errno = errno;

    if (!h || !addr)
        return NULL;
    if (!(s = flux_aux_get (h, AUX_KEY)) && (s = calloc (1, sizeof (*s)))) {
        s->h = h;
        s->period = 1;
        s->fd = connect_server (addr);
        if (flux_aux_set (h, AUX_KEY, s, stats_free) < 0) {
            stats_free (s);
            return NULL;
        }
        if (s->fd >= 0)
            set_prefix (s, "flux.{{rank}}");
    }
    errno = saved_errno;
    return s && s->fd >= 0 ? s : NULL;
}

static void flush_packet (struct stats *s)
{
    if (s->len > 0)
        (void)!send (s->fd, s->packet, s->len, 0); // who does not listen misses it
    s->len = 0;
}

static void put (struct stats *s, const struct metric *m)
{
    char line[PREFIX_MAX + NAME_MAX_LEN + 64];
    int n = 0;

    switch (m->type) {
    case COUNTER:
        n = snprintf (line, sizeof (line), "%s.%s:%zd|C\n", s->prefix, m->name, m->value);
        break;
    case GAUGE:
        n = snprintf (line, sizeof (line), "%s.%s:%s%zd|g\n", s->prefix, m->name,
                      m->relative && m->value > 0 ? "+" : "", m->value);
        break;
    case TIMING:
        n = snprintf (line, sizeof (line), "%s.%s:%f|ms\n", s->prefix, m->name, m->ms);
        break;
    }
    if (n < 0 || (size_t)n >= sizeof (line))
        return;
    if (s->len + (size_t)n > sizeof (s->packet))
        flush_packet (s);
    memcpy (s->packet + s->len, line, (size_t)n);
    s->len += (size_t)n;
}

static void timer_cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    struct stats *s = arg;

    for (struct metric *m = s->metrics; m; m = m->hh.next) {
        if (m->changed)
            put (s, m);
        m->changed = false;
    }
    flush_packet (s);
    flux_watcher_stop (w);
}

static void start_timer (struct stats *s)
{
    if (!s->timer) {
        s->timer = flux_timer_watcher_create (flux_get_reactor (s->h), s->period, 0., timer_cb, s);
        flux_watcher_unref (s->timer); // metrics keep no reactor running
    }
    if (s->timer && !flux_watcher_is_active (s->timer)) {
        flux_timer_watcher_reset (s->timer, s->period, 0.);
        flux_watcher_start (s->timer);
    }
}

static struct metric *metric_get (struct stats *s, const char *name)
{
    struct metric *m;

    HASH_FIND_STR (s->metrics, name, m);
    if (m || HASH_COUNT (s->metrics) >= METRICS_MAX || strlen (name) > NAME_MAX_LEN ||
        !(m = calloc (1, sizeof (*m))))
        return m;
    if (!(m->name = strdup (name))) {
        free (m);
        return NULL;
    }
    HASH_ADD_KEYPTR (hh, s->metrics, m->name, strlen (m->name), m);
    return m;
}

static void update (flux_t *h, const char *name, const struct metric *new, bool add)
{
    struct stats *s = stats_get (h);
    struct metric *m = s && name ? metric_get (s, name) : NULL;

    if (!m)
        return;
    m->type = new->type;
    m->ms = new->ms;
    m->relative = add && s->period == 0; // else the sum is known here
    m->value = add && s->period > 0 ? m->value + new->value : new->value;
    if (s->period > 0) {
        m->changed = true;
        start_timer (s);
    } else {
        put (s, m);
        flush_packet (s);
    }
}

void flux_stats_count (flux_t *h, const char *name, ssize_t count)
{
    update (h, name, &(struct metric){.type = COUNTER, .value = count}, false);
}

void flux_stats_gauge_set (flux_t *h, const char *name, ssize_t value)
{
    update (h, name, &(struct metric){.type = GAUGE, .value = value}, false);
}

void flux_stats_gauge_inc (flux_t *h, const char *name, ssize_t inc)
{
    update (h, name, &(struct metric){.type = GAUGE, .value = inc}, true);
}

void flux_stats_timing (flux_t *h, const char *name, double ms)
{
    update (h, name, &(struct metric){.type = TIMING, .ms = ms}, false);
}

void flux_stats_set_period (flux_t *h, double period)
{
    struct stats *s = stats_get (h);

    if (s && period >= 0)
        s->period = period;
}

void flux_stats_set_prefix (flux_t *h, const char *fmt, ...)
{
    struct stats *s = stats_get (h);
    char text[PREFIX_MAX];
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    if (s)
        set_prefix (s, text);
}

bool flux_stats_enabled (flux_t *h, const char *metric)
{
    struct stats *s = stats_get (h);
    struct metric *m = NULL;

    if (s && metric)
        HASH_FIND_STR (s->metrics, metric, m);
    return s && (!metric || m);
}
