/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux event: publish events and watch for them. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

#define RAW_SHOWN_MAX 30

static bool same_payload (const flux_msg_t *msg, const char *text, bool raw)
{
    const char *s = NULL;
    const void *data = NULL;
    size_t len = 0;

    if (raw) {
        size_t want = text ? strlen (text) : 0;
        return flux_event_decode_raw (msg, NULL, &data, &len) == 0 && len == want &&
               (len == 0 || memcmp (data, text, len) == 0);
    }
    if (flux_event_decode (msg, NULL, &s) < 0)
        return false;
    return text && s ? strcmp (text, s) == 0 : text == s;
}

static int publish (struct cmd *c, flux_t *h, const char *topic, const char *text)
{
    int flags = cmd_has (c, "private") ? FLUX_MSGFLAG_PRIVATE : 0, seq, rc = -1;
    flux_future_t *f;

    if (cmd_has (c, "raw"))
        f = flux_event_publish_raw (h, topic, flags, text, text ? strlen (text) : 0);
    else
        f = flux_event_publish (h, topic, flags, text);
    if (f && flux_event_publish_get_seq (f, &seq) == 0) {
        if (cmd_has (c, "synchronous"))
            printf ("seq=%d\n", seq);
        rc = 0;
    } else
        cmd_warn (c, "%s: %s", topic, cmd_why (f));
    flux_future_destroy (f);
    return rc;
}

static int run_pub (struct cmd *c)
{
    if (c->argc == 0)
        return cmd_fail (c, "a topic is needed");
    const char *topic = c->argv[0];
    char *text = c->argc > 1 ? cmd_join (c->argv + 1, c->argc - 1) : NULL;
    flux_t *h = cmd_open (c);
    struct flux_match match = FLUX_MATCH_EVENT;

    if (cmd_has (c, "loopback") && flux_event_subscribe (h, topic) < 0)
        return cmd_fail (c, "%s: %s", topic, strerror (errno));
    if (publish (c, h, topic, text) < 0)
        return 1;
    match.topic_glob = topic;
    for (bool seen = !cmd_has (c, "loopback"); !seen;) {
        flux_msg_t *msg = flux_recv (h, match, 0);
        if (!msg)
            return cmd_fail (c, "%s", strerror (errno));
        seen = same_payload (msg, text, cmd_has (c, "raw"));
        flux_msg_destroy (msg);
    }
    free (text);
    flux_close (h);
    return 0;
}

static void print_event (const flux_msg_t *msg)
{
    const char *topic = "", *text = NULL;
    const void *data = NULL;
    size_t len = 0;

    if (flux_event_decode (msg, &topic, &text) == 0)
        printf ("%s\t%s\n", topic, text ? text : "");
    else if (flux_event_decode_raw (msg, &topic, &data, &len) == 0) {
        printf ("%s\t", topic);
        for (size_t i = 0; i < len && i < RAW_SHOWN_MAX; i++)
            putchar (isprint (((const unsigned char *)data)[i]) ? ((const char *)data)[i] : '.');
        printf ("%s\n", len > RAW_SHOWN_MAX ? "..." : "");
    } else
        printf ("malformed message ignored\n");
    fflush (stdout);
}

static int run_sub (struct cmd *c)
{
    long count = cmd_int (c, "count", 0, 0, 1L << 40);
    char everything[] = "", *all[] = {everything};
    int n = c->argc > 0 ? c->argc : 1;
    char **topics = c->argc > 0 ? c->argv : all;
    flux_t *h = cmd_open (c);

    for (int i = 0; i < n; i++)
        if (flux_event_subscribe (h, topics[i]) < 0)
            return cmd_fail (c, "%s: %s", topics[i], strerror (errno));
    for (long i = 0; count == 0 || i < count; i++) {
        flux_msg_t *msg = flux_recv (h, FLUX_MATCH_EVENT, 0);
        if (!msg)
            return cmd_fail (c, "%s", strerror (errno));
        print_event (msg);
        flux_msg_destroy (msg);
    }
    flux_close (h);
    return 0;
}

static const struct cmd_opt pub_opts[] = {
    {.key = 'r', .name = "raw", .help = "The payload is bytes, not JSON"},
    {.key = 's', .name = "synchronous", .help = "Print the event's sequence number"},
    {.key = 'l', .name = "loopback", .help = "Wait until the event has come back"},
    {.key = 'p', .name = "private", .help = "Only the owner of the instance is to see it"},
    {0},
};

static const struct cmd_opt sub_opts[] = {
    {.key = 'c', .name = "count", .arg = "N", .help = "Exit after N events"},
    {0},
};

static const struct cmd_verb event_pub_verb = {
    .name = "pub",
    .args = "TOPIC [PAYLOAD...]",
    .summary = "Publish an event",
    .opts = {pub_opts},
    .flags = CMD_VERB_STOP,
    .run = run_pub,
};

static const struct cmd_verb event_sub_verb = {
    .name = "sub",
    .args = "[TOPIC...]",
    .summary = "Show events whose topic begins so",
    .opts = {sub_opts},
    .run = run_sub,
};

static const struct cmd_verb *const subs[] = {&event_pub_verb, &event_sub_verb, NULL};

const struct cmd_verb cmd_verb_event = {
    .name = "event",
    .args = "COMMAND",
    .summary = "Publish events and watch for them",
    .subs = subs,
};
