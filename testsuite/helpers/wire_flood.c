/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* wire_flood MODE COUNT: a client of $FLUX_URI that asks for much and does not read. "watchers"
 * makes COUNT watches of keys, "values" has one key with 1 MiB written COUNT times, "events"
 * hears COUNT events of 1 MiB, "lists" and "journal" ask COUNT times for all jobs. The broker must
 * go on answering, and keep its own memory under a bound that does not depend on COUNT. Lists and
 * the journal are read in the end: they must be whole, and how many jobs there were in all answers
 * is printed. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
#include <jansson.h>

#define MEMORY_MAX 192 // MiB
#define VALUE_SIZE (1 << 20)

static void die (const char *what)
{
    fprintf (stderr, "wire_flood: %s: %s\n", what, strerror (errno));
    exit (1);
}

/* What the broker has taken for itself, in MiB; the store's file is not counted. */
static long memory (flux_t *h)
{
    const char *pid = flux_attr_get (h, "broker.pid");
    char path[64], line[256];
    long kib = -1;

    snprintf (path, sizeof (path), "/proc/%s/status", pid ? pid : "self");
    FILE *f = fopen (path, "r");
    while (f && fgets (line, sizeof (line), f))
        sscanf (line, "RssAnon: %ld", &kib);
    if (!f || kib < 0)
        die (path);
    fclose (f);
    return kib / 1024;
}

static void check (flux_t *h, const char *after)
{
    flux_future_t *f = flux_rpc (h, "broker.ping", "{}", FLUX_NODEID_ANY, 0);

    if (!f || flux_future_wait_for (f, 30.) < 0 || flux_future_get (f, NULL) < 0)
        die ("the broker does not answer");
    flux_future_destroy (f);
    long mib = memory (h);
    if (mib > MEMORY_MAX) {
        fprintf (stderr, "wire_flood: %s: the broker has %ld MiB\n", after, mib);
        exit (1);
    }
    printf ("%s: within %d MiB\n", after, MEMORY_MAX);
}

static flux_msg_t *watch_request (int i)
{
    flux_msg_t *msg = flux_request_encode ("kvs-watch.lookup", NULL);
    char key[32];

    snprintf (key, sizeof (key), i ? "nothing.here%d" : "flood", i % 1000);
    if (!msg ||
        flux_msg_pack (msg, "{s:s s:s s:i}", "key", key, "namespace", "primary", "flags",
                       FLUX_KVS_WATCH | FLUX_KVS_WAITCREATE) < 0 ||
        flux_msg_set_streaming (msg) < 0 || flux_msg_set_matchtag (msg, i + 1) < 0)
        die ("request");
    return msg;
}

/* No answer is taken from the socket: the handle is only sent to. A broker that closes it has had
 * enough, which is its right. */
static bool send_watch (flux_t *idle, int i)
{
    flux_msg_t *msg = watch_request (i);
    int rc = flux_send (idle, msg, 0);

    flux_msg_destroy (msg);
    return rc == 0;
}

static void write_values (flux_t *h, int count)
{
    char *data = malloc (VALUE_SIZE);

    if (!data)
        die ("malloc");
    for (int i = 0; i < count; i++) {
        memset (data, 'a' + i % 26, VALUE_SIZE);
        flux_kvs_txn_t *txn = flux_kvs_txn_create ();
        flux_future_t *f = NULL;
        if (!txn || flux_kvs_txn_put_raw (txn, 0, "flood", data, VALUE_SIZE) < 0 ||
            !(f = flux_kvs_commit (h, NULL, 0, txn)) || flux_future_get (f, NULL) < 0)
            die ("commit");
        flux_future_destroy (f);
        flux_kvs_txn_destroy (txn);
    }
    free (data);
}

/* Events to one that has subscribed and does not read. Another that does gets each, in order. */
static void publish (flux_t *h, flux_t *idle, int count)
{
    struct flux_match match = FLUX_MATCH_EVENT;
    char *data = malloc (VALUE_SIZE);

    if (!data || flux_event_subscribe (h, "flood") < 0 || flux_event_subscribe (idle, "flood") < 0)
        die ("subscribe");
    memset (data, 'e', VALUE_SIZE);
    for (int i = 0; i < count; i++) {
        flux_future_t *f = flux_event_publish_raw (h, "flood.x", 0, data, VALUE_SIZE);
        if (!f || flux_future_get (f, NULL) < 0)
            die ("publish");
        flux_future_destroy (f);
        flux_msg_t *msg = flux_recv (h, match, 0);
        if (!msg)
            die ("event");
        flux_msg_destroy (msg);
    }
    free (data);
}

static void ask (flux_t *idle, bool journal, int tag)
{
    flux_msg_t *msg = flux_request_encode (journal ? "job-manager.events-journal" : "job-list.list",
                                           journal ? "{\"full\":true}"
                                                   : "{\"max_entries\":0,\"attrs\":[\"all\"]}");

    if (!msg || flux_msg_set_streaming (msg) < 0 || flux_msg_set_matchtag (msg, tag) < 0 ||
        flux_send (idle, msg, 0) < 0)
        die ("request");
    flux_msg_destroy (msg);
}

/* Jobs in an answer, -1 at the end of what was asked for. */
static int count_jobs (const flux_msg_t *msg)
{
    json_t *jobs, *events;

    if (flux_msg_unpack (msg, "{s:o}", "jobs", &jobs) == 0)
        return (int)json_array_size (jobs);
    if (flux_msg_unpack (msg, "{s:o}", "events", &events) == 0)
        return json_array_size (events) > 0 ? 1 : -1;
    return -1;
}

static void flood_of_jobs (flux_t *h, flux_t *idle, const char *mode, int count)
{
    bool journal = strcmp (mode, "journal") == 0;
    int jobs = 0, n, ended = 0;
    flux_msg_t *msg;

    for (int i = 0; i < count; i++)
        ask (idle, journal, i + 1);
    check (h, mode);
    while (ended < count && (msg = flux_recv (idle, FLUX_MATCH_RESPONSE, 0))) {
        if ((n = count_jobs (msg)) < 0)
            ended++;
        else
            jobs += n;
        flux_msg_destroy (msg);
    }
    if (ended < count)
        die ("cut off");
    printf ("%d jobs\n", jobs);
}

int main (int argc, char *argv[])
{
    bool values = argc == 3 && strcmp (argv[1], "values") == 0;
    bool of_jobs =
        argc == 3 && (strcmp (argv[1], "lists") == 0 || strcmp (argv[1], "journal") == 0);
    int count = argc == 3 ? atoi (argv[2]) : 0, sent = 0;
    flux_t *h = flux_open (NULL, 0), *idle = flux_open (NULL, 0);

    if (!h || !idle)
        die ("flux_open");
    if (of_jobs) {
        flood_of_jobs (h, idle, argv[1], count);
    } else if (values) {
        send_watch (idle, 0);
        write_values (h, count);
    } else if (argc == 3 && strcmp (argv[1], "events") == 0) {
        publish (h, idle, count);
    } else {
        while (sent < count && send_watch (idle, sent + 1))
            sent++;
    }
    check (h, argv[1]);
    flux_close (idle);
    check (h, "and it went away");
    flux_close (h);
    return 0;
}
