/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A task for script tests: group_task WHAT [ARG]. Each says what it found wrong and exits 1; rank 0
 * prints one line when all went well. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <flux/tasks.h>

#define WAIT 20.

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf (stderr, "%d: line %d: %s: %s\n", flux_tasks_rank (t), __LINE__, #cond,        \
                     strerror (errno));                                                            \
            exit (1);                                                                              \
        }                                                                                          \
    } while (0)

static flux_tasks_t *t;
static flux_group_t *g;
static int rank, size;

static void join_all (const char *name)
{
    flux_error_t error = {""};

    g = flux_group_join (t, name, FLUX_GROUP_JOB, flux_tasks_rank (t), WAIT, &error);
    if (!g) {
        fprintf (stderr, "%s\n", error.text);
        exit (1);
    }
    CHECK (flux_group_wait (g, flux_tasks_size (t), WAIT) == 0);
    rank = flux_group_rank (g);
    size = flux_group_size (g);
    CHECK (rank == flux_tasks_rank (t) && size == flux_tasks_size (t));
}

/* All collective operations, a few times. */
static void collective (int times)
{
    struct flux_group_message m, *parts;
    size_t count;
    char text[32];

    join_all ("collective");
    for (int i = 0; i < times; i++) {
        int64_t v[3] = {rank, -rank, 1 << (rank % 8)};
        double r[2] = {rank + .5, 1.};
        CHECK (flux_group_barrier (g, WAIT) == 0);
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_SUM, v, 2, WAIT) == 0);
        CHECK (v[0] == size * (size - 1) / 2 && v[1] == -v[0]);
        v[0] = v[1] = rank;
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_MAX, v, 2, WAIT) == 0);
        CHECK (v[0] == size - 1);
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_OR, v + 2, 1, WAIT) == 0);
        CHECK (v[2] == (1 << (size < 8 ? size : 8)) - 1);
        CHECK (flux_group_allreduce_real (g, FLUX_GROUP_SUM, r, 2, WAIT) == 0);
        CHECK (r[1] == size && r[0] == size * (size - 1) / 2 + size * .5);
        snprintf (text, sizeof (text), "from %d", i);
        CHECK (flux_group_bcast (g, i % size, text, i % size == rank ? strlen (text) : 0, &m,
                                 WAIT) == 0);
        CHECK (m.from == i % size && !strcmp (m.data, text));
        flux_group_message_clear (&m);
        snprintf (text, sizeof (text), "%d", rank * rank);
        CHECK (flux_group_gather (g, text, strlen (text), &parts, &count, WAIT) == 0);
        CHECK ((int)count == size);
        for (int k = 0; k < size; k++)
            CHECK (parts[k].from == k && atoi (parts[k].data) == k * k);
        flux_group_parts_free (parts, count);
    }
    /* those that do not fit together fail, for all, and the next one works */
    int64_t two[2] = {0};
    if (size > 1)
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_SUM, two, 1 + rank % 2, WAIT) < 0 &&
               errno == EINVAL);
    CHECK (flux_group_barrier (g, WAIT) == 0);
}

/* How many connections to other hosts this process has. */
static int links (void)
{
    struct sockaddr_storage addr;
    int n = 0;

    for (int fd = 3; fd < 256; fd++) {
        socklen_t len = sizeof (addr);
        n += getpeername (fd, (struct sockaddr *)&addr, &len) == 0 && addr.ss_family == AF_INET;
    }
    return n;
}

/* Everybody sends to everybody, of all sizes; the large ones go over direct links in the end. */
static void messages (int bytes)
{
    char *data = malloc (bytes + 1);
    struct flux_group_message m;
    int n = 20;

    join_all ("messages");
    for (int i = 0; i < n; i++) {
        for (int to = 0; to < size; to++) {
            int len = i % 4 == 3 ? bytes : i;
            memset (data, 'a' + (rank + i) % 26, bytes);
            CHECK (flux_group_send (g, to, i % 3, data, len, WAIT) == 0);
        }
        /* take some in between: nobody has room for all */
        for (int from = 0; from < size; from++) {
            CHECK (flux_group_recv (g, from, i % 3, &m, WAIT) == 0);
            CHECK (m.from == from && m.tag == i % 3 && (int)m.len == (i % 4 == 3 ? bytes : i));
            for (size_t k = 0; k < m.len; k++)
                CHECK (((char *)m.data)[k] == 'a' + (from + i) % 26);
            flux_group_message_clear (&m);
        }
    }
    CHECK (flux_group_flush (g, WAIT) == 0);
    CHECK (flux_group_recv (g, FLUX_GROUP_ANY, -1, &m, 0.) < 0 && errno == ETIMEDOUT);
    if (getenv ("EXPECT_LINKS"))
        CHECK ((links () > 0) == (*getenv ("EXPECT_LINKS") == 'y'));
    CHECK (flux_group_send (g, size + 3, 0, "x", 1, WAIT) < 0 && errno == ENOENT);
    CHECK (flux_group_barrier (g, WAIT) == 0);
    free (data);
}

/* Of one who takes all and leaves, the sender hears that it has; of one who leaves some, too. */
static void leave (int n)
{
    struct flux_group_message m;

    join_all ("leave");
    CHECK (flux_group_barrier (g, WAIT) == 0);
    if (rank == 0) {
        for (int i = 0; i < n * (size - 1); i++)
            CHECK (flux_group_send (g, 1 + i % (size - 1), 0, &i, sizeof (i), WAIT) == 0);
        CHECK (flux_group_flush (g, WAIT) == (size > 2 ? -1 : 0) && (size == 2 || errno == ENOENT));
        CHECK (flux_group_flush (g, WAIT) == 0);
        return;
    }
    for (int i = 0; i < n - (rank == 2); i++) {
        CHECK (flux_group_recv (g, 0, 0, &m, WAIT) == 0);
        flux_group_message_clear (&m);
    }
    CHECK (flux_group_leave (g, WAIT) == 0);
}

/* A receiver that takes nothing holds its sender up; nothing is lost. */
static void pressure (void)
{
    static char data[32 << 10];
    struct flux_group_message m;
    int sent = 0;

    join_all ("pressure");
    if (rank == 0) {
        while (flux_group_send (g, size - 1, sent, data, sizeof (data), .3) == 0)
            sent++;
        CHECK (errno == ETIMEDOUT && sent < 64);
        CHECK (flux_group_barrier (g, WAIT) == 0);
        CHECK (flux_group_flush (g, WAIT) == 0);
        CHECK (flux_group_send (g, size - 1, 9999, &sent, sizeof (sent), WAIT) == 0);
        CHECK (flux_group_flush (g, WAIT) == 0);
    } else {
        CHECK (flux_group_barrier (g, WAIT) == 0);
    }
    for (int i = 0; rank == size - 1; i++) {
        CHECK (flux_group_recv (g, 0, -1, &m, WAIT) == 0);
        if (m.tag == 9999) {
            CHECK (*(int *)m.data == i);
            flux_group_message_clear (&m);
            break;
        }
        CHECK (m.tag == i && m.len == sizeof (data));
        flux_group_message_clear (&m);
    }
    CHECK (flux_group_barrier (g, WAIT) == 0);
}

/* The last task dies; the others hear of it in whatever they do. */
static void death (void)
{
    struct flux_group_message m;

    join_all ("death");
    CHECK (flux_group_barrier (g, WAIT) == 0);
    if (rank == size - 1)
        kill (getpid (), 9);
    CHECK (flux_group_recv (g, size - 1, 0, &m, WAIT) < 0 && errno == EHOSTUNREACH);
    CHECK (flux_group_barrier (g, WAIT) < 0 && errno == EHOSTUNREACH);
    CHECK (flux_group_is_lost (g, size - 1) && flux_group_size (g) == size - 1);
    CHECK (flux_group_send (g, size - 1, 0, "x", 1, WAIT) < 0 && errno == EHOSTUNREACH);
    CHECK (flux_group_barrier (g, WAIT) == 0);
}

/* Published before the barrier is received by all, in one order. */
static void topics (int n)
{
    struct flux_group_message m, *parts;
    char order[4096] = "", text[64];
    size_t count;

    join_all ("topics");
    CHECK (flux_group_subscribe (g, "data.", WAIT) == 0);
    CHECK (flux_group_barrier (g, WAIT) == 0);
    for (int i = 0; i < n; i++) {
        snprintf (text, sizeof (text), "data.%d", rank);
        CHECK (flux_group_publish (g, text, &i, sizeof (i), WAIT) == 0);
        CHECK (flux_group_publish (g, "other", "x", 1, WAIT) == 0);
    }
    for (int i = 0; i < n * size; i++) {
        CHECK (flux_group_recv_topic (g, &m, WAIT) == 0);
        CHECK (!strncmp (m.topic, "data.", 5) && m.len == sizeof (int));
        if (strlen (order) < sizeof (order) - 32)
            sprintf (order + strlen (order), "%s:%d ", m.topic + 5, *(int *)m.data);
        flux_group_message_clear (&m);
    }
    CHECK (flux_group_unsubscribe (g, "data.", WAIT) == 0);
    CHECK (flux_group_barrier (g, WAIT) == 0);
    CHECK (flux_group_publish (g, "data.last", NULL, 0, WAIT) == 0);
    CHECK (flux_group_gather (g, order, strlen (order), &parts, &count, WAIT) == 0);
    for (int k = 1; k < size; k++)
        CHECK (!strcmp (parts[0].data, parts[k].data));
    flux_group_parts_free (parts, count);
    CHECK (flux_group_recv_topic (g, &m, 0.) < 0 && errno == ETIMEDOUT);
}

/* Of three subscribers one does not take what it hears, and one does not even call the library:
 * neither stops the publisher, each is told once how many it has missed, and both go on. */
static void flood (int mib)
{
    struct flux_group_message m;
    uint64_t n = 0, sent = (uint64_t)mib * 4;
    char *data = calloc (1, 256 << 10);

    join_all ("flood");
    CHECK (flux_group_subscribe (g, "", WAIT) == 0 && flux_group_barrier (g, WAIT) == 0);
    for (uint64_t i = 0; rank == 0 && i < sent; i++) {
        CHECK (flux_group_publish (g, "data", data, 256 << 10, WAIT) == 0);
        CHECK (flux_group_recv_topic (g, &m, WAIT) == 0);
        flux_group_message_clear (&m);
    }
    if (rank == 2) { // only the broker keeps something for it
        while (access ("flooded", F_OK) < 0)
            usleep (10000);
    }
    if (rank == 0) {
        CHECK (system ("touch flooded") == 0);
        CHECK (flux_group_dropped (g) == 0);
    }
    CHECK (flux_group_barrier (g, WAIT) == 0);
    for (; rank != 0 && flux_group_recv_topic (g, &m, WAIT) == 0; n++)
        flux_group_message_clear (&m);
    CHECK (rank == 0 || errno == EOVERFLOW);
    CHECK (flux_group_barrier (g, WAIT) == 0);
    if (rank == 0)
        CHECK (flux_group_publish (g, "end", "x", 1, WAIT) == 0);
    CHECK (flux_group_recv_topic (g, &m, WAIT) == 0 && !strcmp (m.topic, "end"));
    flux_group_message_clear (&m);
    CHECK (rank == 0 ? n == 0 : n + flux_group_dropped (g) == sent);
    CHECK (rank == 0 || (flux_group_dropped (g) > 0 && n > 0));
    CHECK (flux_group_barrier (g, WAIT) == 0);
    free (data);
}

/* Some leave, some come later; nobody waits for those who are not there. */
static void coming_and_going (void)
{
    flux_group_t *late;

    join_all ("going");
    CHECK (flux_group_barrier (g, WAIT) == 0);
    if (rank % 2) {
        CHECK (flux_group_leave (g, WAIT) == 0);
        late = flux_group_join (t, "late", FLUX_GROUP_JOB, FLUX_GROUP_ANY, WAIT, NULL);
        CHECK (late != NULL);
        return;
    }
    while (flux_group_size (g) > (size + 1) / 2)
        CHECK (flux_group_wait_change (g, flux_group_version (g), WAIT) == 0);
    CHECK (flux_group_barrier (g, WAIT) == 0);
    CHECK (!flux_group_is_lost (g, 1) && !flux_group_is_member (g, 1));
    late = flux_group_join (t, "late", FLUX_GROUP_JOB, FLUX_GROUP_ANY, WAIT, NULL);
    CHECK (late && flux_group_wait (late, 1, WAIT) == 0);
    CHECK (!flux_group_join (t, "late", FLUX_GROUP_JOB, flux_group_rank (late), WAIT, NULL) &&
           errno == EEXIST);
    CHECK (!flux_group_join (t, "a b", FLUX_GROUP_JOB, 0, WAIT, NULL) && errno == EINVAL);
}

/* A wait that ends goes on in the next call. */
static void timeouts (void)
{
    int64_t v = 1;

    join_all ("timeouts");
    CHECK (flux_group_barrier (g, WAIT) == 0);
    if (rank == 0) {
        CHECK (flux_group_barrier (g, .2) < 0 && errno == ETIMEDOUT);
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_SUM, &v, 1, WAIT) < 0 && errno == EBUSY);
        CHECK (flux_group_send (g, size - 1, 1, "go", 2, WAIT) == 0);
        CHECK (flux_group_barrier (g, WAIT) == 0);
    } else {
        struct flux_group_message m;
        if (rank == size - 1) {
            CHECK (flux_group_recv (g, 0, 1, &m, WAIT) == 0);
            flux_group_message_clear (&m);
        }
        CHECK (flux_group_barrier (g, WAIT) == 0);
    }
    CHECK (flux_group_allreduce_int (g, FLUX_GROUP_SUM, &v, 1, WAIT) == 0 && v == size);
}

/* Two jobs meet in the instance's name space: each sends its id to the other. */
static void meet (const char *expect)
{
    struct flux_group_message *parts;
    size_t count;
    int others = 0;
    const char *job = flux_tasks_job (t);

    CHECK ((g = flux_group_join (t, "meeting", FLUX_GROUP_INSTANCE, FLUX_GROUP_ANY, WAIT, NULL)));
    CHECK (flux_group_wait (g, atoi (expect), WAIT) == 0);
    CHECK (flux_group_gather (g, job, strlen (job), &parts, &count, WAIT) == 0);
    CHECK ((int)count == atoi (expect));
    for (size_t i = 0; i < count; i++)
        others += strcmp (parts[i].data, job) != 0;
    flux_group_parts_free (parts, count);
    CHECK (others == atoi (expect) - flux_tasks_size (t));
}

/* Everything again and again, while a broker on the way of some is killed: nothing is lost and
 * nothing comes twice. "at" says when half of it is done. */
static void steady (int n)
{
    struct flux_group_message m;

    join_all ("steady");
    CHECK (flux_group_subscribe (g, "", WAIT) == 0 && flux_group_barrier (g, WAIT) == 0);
    for (int i = 0; i < n; i++) {
        int64_t v = rank + i;
        int right = (rank + 1) % size, left = (rank + size - 1) % size;
        if (i == n / 2 && rank == 0)
            CHECK (system ("touch half") == 0);
        CHECK (flux_group_send (g, right, i, &i, sizeof (i), 60.) == 0);
        CHECK (flux_group_allreduce_int (g, FLUX_GROUP_SUM, &v, 1, 60.) == 0);
        CHECK (v == size * (size - 1) / 2 + (int64_t)size * i);
        CHECK (flux_group_recv (g, left, -1, &m, 60.) == 0 && m.tag == i);
        flux_group_message_clear (&m);
        if (rank == 1)
            CHECK (flux_group_publish (g, "t", &i, sizeof (i), 60.) == 0);
        CHECK (flux_group_recv_topic (g, &m, 60.) == 0 && *(int *)m.data == i);
        flux_group_message_clear (&m);
        usleep (2000);
    }
    CHECK (flux_group_flush (g, WAIT) == 0 && flux_group_barrier (g, WAIT) == 0);
}

/* Two stay, others come and go meanwhile: all see the same operations, and only one that dies makes
 * one fail. The file "stop" ends it. */
static void churn (const char *arg)
{
    bool stay = !strcmp (arg, "stay"), die = !strcmp (arg, "die");
    int failed = 0, more = 0;
    int64_t v[2] = {0, 0};

    CHECK ((g = flux_group_join (t, "churn", FLUX_GROUP_INSTANCE, stay ? flux_tasks_rank (t) : 10,
                                 WAIT, NULL)));
    CHECK (flux_group_wait (g, stay ? 2 : 3, WAIT) == 0);
    for (int i = 0; stay ? v[1] == 0 : i < 20; i++) {
        v[0] = 1;
        v[1] = stay && flux_tasks_rank (t) == 0 && access ("stop", F_OK) == 0;
        if (flux_group_allreduce_int (g, FLUX_GROUP_SUM, v, 2, WAIT) < 0) {
            CHECK (errno == EHOSTUNREACH);
            v[1] = 0;
            failed++;
        } else {
            CHECK (v[0] == 2 || v[0] == 3);
            more += v[0] == 3;
        }
    }
    if (die)
        raise (SIGKILL);
    CHECK (flux_group_leave (g, WAIT) == 0);
    if (stay && flux_tasks_rank (t) == 0)
        printf ("%d with three, %d failed\n", more, failed);
}

/* In an event loop of one's own: the fd says when there is something to do, and only then. */
static void loop (void)
{
    struct flux_group_message m;
    struct pollfd pfd = {.fd = flux_tasks_pollfd (t), .events = POLLIN};
    int wakes = 0, n = 0;

    join_all ("loop");
    CHECK (flux_group_barrier (g, WAIT) == 0);
    for (int i = 0; rank != 0 && i < 10; i++) {
        CHECK (flux_group_send (g, 0, i, "x", 1, WAIT) == 0);
        usleep (20000);
    }
    while (rank == 0 && n < 10 * (size - 1)) {
        CHECK (poll (&pfd, 1, 20000) == 1);
        wakes++;
        flux_tasks_progress (t, 0.);
        while (flux_group_recv (g, FLUX_GROUP_ANY, -1, &m, 0.) == 0) {
            flux_group_message_clear (&m);
            n++;
        }
    }
    CHECK (wakes < 400);
    CHECK (flux_group_barrier (g, WAIT) == 0);
}

/* Of two jobs: the broker of the one that is called with "kill" is killed. */
static void node (const char *arg)
{
    struct flux_group_message m;
    bool victim = !strcmp (arg, "kill");
    int n = victim ? 0 : atoi (arg);

    CHECK ((g = flux_group_join (t, "nodes", FLUX_GROUP_INSTANCE, victim ? 99 : FLUX_GROUP_ANY,
                                 WAIT, NULL)));
    if (victim) {
        CHECK (flux_group_wait (g, 2, WAIT) == 0 && flux_group_barrier (g, WAIT) == 0);
        CHECK (system ("kill -9 $(flux getattr broker.pid)") == 0);
        while (flux_tasks_progress (t, WAIT) == 0)
            ;
        CHECK (errno == ECONNRESET);
        return;
    }
    CHECK (flux_group_wait (g, n + 1, WAIT) == 0 && flux_group_barrier (g, WAIT) == 0);
    CHECK (flux_group_recv (g, 99, -1, &m, 40.) < 0 && errno == EHOSTUNREACH);
    CHECK (flux_group_barrier (g, WAIT) < 0 && errno == EHOSTUNREACH);
    CHECK (flux_group_size (g) == n && flux_group_barrier (g, WAIT) == 0);
}

int main (int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "3";
    flux_error_t error;

    if (!(t = flux_tasks_open (NULL, &error))) {
        fprintf (stderr, "%s\n", error.text);
        return 1;
    }
    if (!strcmp (what, "collective"))
        collective (atoi (arg));
    else if (!strcmp (what, "messages"))
        messages (atoi (arg));
    else if (!strcmp (what, "leave"))
        leave (atoi (arg));
    else if (!strcmp (what, "pressure"))
        pressure ();
    else if (!strcmp (what, "death"))
        death ();
    else if (!strcmp (what, "topics"))
        topics (atoi (arg));
    else if (!strcmp (what, "flood"))
        flood (atoi (arg));
    else if (!strcmp (what, "going"))
        coming_and_going ();
    else if (!strcmp (what, "timeouts"))
        timeouts ();
    else if (!strcmp (what, "meet"))
        meet (arg);
    else if (!strcmp (what, "loop"))
        loop ();
    else if (!strcmp (what, "steady"))
        steady (atoi (arg));
    else if (!strcmp (what, "churn"))
        churn (arg);
    else if (!strcmp (what, "node"))
        node (arg);
    else
        return 2;
    if (flux_tasks_rank (t) == 0)
        printf ("%s ok\n", what);
    flux_tasks_close (t);
    return 0;
}
