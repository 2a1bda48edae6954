/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A feed between jobs: a simulation publishes its progress under topics, others follow what they
 * are interested in, as long as they like. See flux-tasks(7).
 *
 *     cc feed.c $(pkg-config --cflags --libs flux-tasks) -o feed
 *     flux submit ./feed publish 100
 *     flux run ./feed follow step.        # or energy, or ""; until the publisher ends */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/tasks.h>

#define WAIT 60. // seconds

static void die (const char *what)
{
    perror (what);
    exit (1);
}

static int publish (flux_group_t *g, int steps, int followers)
{
    char topic[32], text[64];

    /* It need not wait for anybody; the example does, so that its output is always the same. */
    if (flux_group_wait (g, followers + 1, WAIT) < 0 || flux_group_barrier (g, WAIT) < 0)
        die ("wait");
    for (int i = 0; i < steps; i++) {
        snprintf (topic, sizeof (topic), "step.%d", i);
        snprintf (text, sizeof (text), "%.3f", 1. / (i + 1));
        if (flux_group_publish (g, topic, text, strlen (text), WAIT) < 0 ||
            flux_group_publish (g, "energy", text, strlen (text), WAIT) < 0)
            die ("publish");
    }
    if (flux_group_publish (g, "end", NULL, 0, WAIT) < 0)
        die ("publish");
    return 0;
}

static int follow (flux_group_t *g, const char *prefix, int followers)
{
    struct flux_group_message m;
    bool end = false;

    if (flux_group_subscribe (g, prefix, WAIT) < 0 || flux_group_subscribe (g, "end", WAIT) < 0)
        die ("subscribe");
    if (flux_group_wait (g, followers + 1, WAIT) < 0 || flux_group_barrier (g, WAIT) < 0)
        die ("wait");
    while (!end) {
        if (flux_group_recv_topic (g, &m, WAIT) < 0)
            die ("recv"); // EOVERFLOW: we were too slow, and have missed something
        end = strcmp (m.topic, "end") == 0;
        if (!end)
            printf ("%s: %s\n", m.topic, (char *)m.data);
        flux_group_message_clear (&m);
    }
    return 0;
}

int main (int argc, char **argv)
{
    flux_error_t error;
    flux_tasks_t *t;
    flux_group_t *g;

    if (argc < 3 || (strcmp (argv[1], "publish") != 0 && strcmp (argv[1], "follow") != 0)) {
        fprintf (stderr, "usage: feed publish STEPS [FOLLOWERS] | feed follow TOPIC [FOLLOWERS]\n");
        return 2;
    }
    int followers = argc > 3 ? atoi (argv[3]) : 1;
    bool publisher = strcmp (argv[1], "publish") == 0;
    if (!(t = flux_tasks_open (NULL, &error)) ||
        !(g = flux_group_join (t, "feed", FLUX_GROUP_INSTANCE, FLUX_GROUP_ANY, WAIT, &error))) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    int rc = publisher ? publish (g, atoi (argv[2]), followers) : follow (g, argv[2], followers);
    flux_tasks_close (t);
    return rc;
}
