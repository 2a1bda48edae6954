/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux ping: measure the way to a service. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <flux/hostlist.h>

#include "lib/util/bytes.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

#define PAD_MAX (16 << 20)

struct ping {
    struct cmd *c;
    flux_t *h;
    uint32_t nodeid;
    char rank[64]; // as the user named it
    char service[128];
    char *pad;
};

/* "any", "upstream", a rank or a host name. */
static bool parse_rank (struct ping *p, const char *s)
{
    char *end;
    unsigned long n = strtoul (s, &end, 10);
    const char *hosts;

    if (strcmp (s, "any") == 0)
        p->nodeid = FLUX_NODEID_ANY;
    else if (strcmp (s, "upstream") == 0)
        p->nodeid = FLUX_NODEID_UPSTREAM;
    else if (*s && !*end && n < FLUX_NODEID_UPSTREAM)
        p->nodeid = n;
    else {
        struct hostlist *hl =
            (hosts = flux_attr_get (p->h, "hostlist")) ? hostlist_decode (hosts) : NULL;
        int rank = hl ? hostlist_find (hl, s) : -1;
        hostlist_destroy (hl);
        if (rank < 0)
            return false;
        p->nodeid = rank;
    }
    snprintf (p->rank, sizeof (p->rank), "%s", s);
    return true;
}

/* RANK, SERVICE, RANK!SERVICE */
static void parse_target (struct ping *p, const char *target)
{
    const char *bang = strchr (target, '!'), *rank = cmd_str (p->c, "rank", NULL);
    char first[64];

    snprintf (p->service, sizeof (p->service), "broker");
    snprintf (first, sizeof (first), "%.*s", (int)(bang ? bang - target : 63), target);
    p->nodeid = FLUX_NODEID_ANY;
    if (rank && (bang || !parse_rank (p, rank)))
        cmd_die (p->c, "--rank=%s: not a rank or host, or given twice", rank);
    if (bang) {
        if (!parse_rank (p, first))
            cmd_die (p->c, "%s: not a rank or host", first);
        if (bang[1])
            snprintf (p->service, sizeof (p->service), "%s", bang + 1);
    } else if (rank || !parse_rank (p, target))
        snprintf (p->service, sizeof (p->service), "%s", target);
}

static void print_heading (const struct ping *p)
{
    bool named = p->nodeid < FLUX_NODEID_UPSTREAM && !isdigit ((unsigned char)p->rank[0]);

    printf ("flux-ping %s!%s", *p->rank ? p->rank : "any", p->service);
    if (named)
        printf (" (rank %u)", (unsigned)p->nodeid);
    putchar ('\n');
}

static flux_future_t *send_one (struct ping *p, int seq)
{
    char topic[160];
    struct timespec ts;

    clock_gettime (CLOCK_MONOTONIC, &ts);
    snprintf (topic, sizeof (topic), "%s.ping", p->service);
    return flux_rpc_pack (p->h, topic, p->nodeid, 0, "{s:i s:I s:I s:s}", "seq", seq, "time.tv_sec",
                          (json_int_t)ts.tv_sec, "time.tv_nsec", (json_int_t)ts.tv_nsec, "pad",
                          p->pad);
}

static void print_one (struct ping *p, flux_future_t *f)
{
    const char *route = "", *pad = "";
    int seq = 0, userid = -1, rolemask = 0, rank = -1;
    json_int_t sec = 0, nsec = 0;
    char who[32] = "", where[80] = "";

    if (!f ||
        flux_rpc_get_unpack (f, "{s:i s:I s:I s:s s:s s?i s?i s?i}", "seq", &seq, "time.tv_sec",
                             &sec, "time.tv_nsec", &nsec, "pad", &pad, "route", &route, "userid",
                             &userid, "rolemask", &rolemask, "rank", &rank) < 0)
        cmd_die (p->c, "%s%s%s.ping: %s", p->rank, *p->rank ? "!" : "", p->service, cmd_why (f));
    if (strcmp (pad, p->pad) != 0)
        cmd_die (p->c, "%s.ping: the padding came back changed", p->service);
    double ms = 1e3 * (monotime_now () - (sec + nsec * 1e-9));
    if (cmd_has (p->c, "userid"))
        snprintf (who, sizeof (who), " userid=%d rolemask=0x%x", userid, rolemask);
    if (rank >= 0)
        snprintf (where, sizeof (where), "%d!", rank);
    printf ("%s%s.ping pad=%zu%s seq=%d time=%0.3f ms (%s)\n", where, p->service, strlen (p->pad),
            who, seq, ms, route);
    fflush (stdout);
}

static double interval_of (struct cmd *c)
{
    const char *s = cmd_str (c, "interval", "1.0");
    char *end;
    double d = strtod (s, &end);

    if (end == s || *end || d < 0)
        cmd_die (c, "--interval=%s: not a number of seconds", s);
    return d;
}

static void ping_batch (struct ping *p, long count)
{
    flux_future_t **f = calloc (count, sizeof (*f));

    if (!f)
        cmd_die (p->c, "out of memory");
    for (long i = 0; i < count; i++)
        f[i] = send_one (p, i);
    for (long i = 0; i < count; i++) {
        print_one (p, f[i]);
        flux_future_destroy (f[i]);
    }
    free (f);
}

static int run (struct cmd *c)
{
    struct ping p = {.c = c};
    long count = cmd_int (c, "count", 0, 0, 1 << 30);
    size_t pad = 0;
    double interval = interval_of (c);
    struct timespec ts = {.tv_sec = (time_t)interval,
                          .tv_nsec = (long)((interval - (time_t)interval) * 1e9)};

    if (c->argc != 1)
        return cmd_fail (c, "one target is needed: RANK, SERVICE or RANK!SERVICE");
    if (cmd_has (c, "batch") && count == 0)
        return cmd_fail (c, "--batch goes with --count only");
    if (cmd_has (c, "pad") && (bytes_parse (cmd_str (c, "pad", ""), &pad) < 0 || pad > PAD_MAX))
        return cmd_fail (c, "--pad=%s: not a number of bytes up to 16M, as 100 or 64k",
                         cmd_str (c, "pad", ""));
    if (!(p.pad = malloc (pad + 1)))
        return cmd_fail (c, "out of memory");
    memset (p.pad, 'p', pad);
    p.pad[pad] = '\0';
    p.h = cmd_open (c);
    parse_target (&p, c->argv[0]);
    print_heading (&p);
    if (cmd_has (c, "batch"))
        ping_batch (&p, count);
    else
        for (long i = 0; count == 0 || i < count; i++) {
            flux_future_t *f = send_one (&p, i);
            print_one (&p, f);
            flux_future_destroy (f);
            if (count == 0 || i + 1 < count)
                nanosleep (&ts, NULL);
        }
    flux_close (p.h);
    free (p.pad);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.key = 'r', .name = "rank", .arg = "RANK", .help = "Find the service on this broker"},
    {.key = 'p', .name = "pad", .arg = "N", .help = "Send N bytes more (100, 64k, 1M)"},
    {.key = 'i', .name = "interval", .arg = "N", .help = "Seconds between requests (1.0)"},
    {.key = 'c', .name = "count", .arg = "N", .help = "Stop after N requests"},
    {.key = 'b', .name = "batch", .help = "Send all requests before the first response is read"},
    {.key = 'u', .name = "userid", .help = "Show user id and roles"},
    {0},
};

const struct cmd_verb cmd_verb_ping = {
    .name = "ping",
    .args = "TARGET",
    .summary = "Measure the round trip to a service",
    .opts = {opts},
    .run = run,
};
