/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux pmi: try the PMI service of whoever launched this. */

#include "config.h"

#include <flux/idset.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "shell/cmd/pmi_method.h"
#include "shell/cmd/verbs.h"

#define ABORT_GRACE 30 // seconds

static const struct cmd_opt common_opts[] = {
    {.name = "verbose",
     .key = 'v',
     .arg = "LEVEL",
     .help = "Say what is done",
     .flags = CMD_OPT_OPTARG},
    {.name = "timeout", .key = 't', .arg = "FSD", .help = "Give up after this time"},
    {.name = "method", .arg = "URI", .help = "simple, libpmi[:PATH], libpmi2[:PATH] or single"},
    {.name = "libpmi-noflux", .help = "Fail when the library is that of Flux"},
    {.name = "libpmi2-cray",
     .help = "Treat a libpmi2.so as that of Cray: values in base64, no keys flux.*"},
    {0},
};

/* What is waited for cannot be interrupted in a PMI library: the signal ends the program. */
static void timeout_cb (int signum)
{
    static const char text[] = "flux-pmi: timeout\n";

    (void)!write (STDERR_FILENO, text, sizeof (text) - 1);
    _exit (1);
}

static void start_timer (struct cmd *c)
{
    double seconds = cmd_fsd (c, "timeout", 0.);
    struct itimerval it = {.it_value = {seconds, (seconds - (long)seconds) * 1e6}};

    if (seconds > 0) {
        signal (SIGALRM, timeout_cb);
        setitimer (ITIMER_REAL, &it, NULL);
    }
}

static struct pmi_method *open_method (struct cmd *c)
{
    flux_error_t error;

    start_timer (c);
    int flags = cmd_has (c, "libpmi-noflux") ? PMI_METHOD_NOFLUX : 0;
    if (cmd_has (c, "libpmi2-cray"))
        flags |= PMI_METHOD_CRAY;
    if (cmd_has (c, "verbose") || getenv ("FLUX_PMI_DEBUG"))
        flags |= PMI_METHOD_VERBOSE;
    struct pmi_method *m = pmi_method_open (cmd_str (c, "method", NULL), flags, &error);
    if (!m)
        cmd_die (c, "%s", error.text);
    return m;
}

static void barrier (struct cmd *c, struct pmi_method *m)
{
    if (pmi_method_barrier (m) < 0)
        cmd_die (c, "barrier: operation failed");
}

/* What the line of the result begins with. */
static const char *label (void)
{
    const char *s = getenv ("FLUX_JOB_CC");

    if (!s)
        s = getenv ("FLUX_JOB_ID");
    return s ? s : "0";
}

static void no_operands (struct cmd *c)
{
    if (c->argc > 0)
        cmd_die (c, "unexpected argument: %s", c->argv[0]);
}

static const struct cmd_opt barrier_opts[] = {
    {.name = "test-timing", .help = "Print how long it took, after one barrier before"},
    {.name = "test-count", .arg = "N", .help = "Do it N times (1)"},
    {.name = "test-abort", .arg = "RANK", .help = "Have this rank abort instead"},
    {0},
};

static int run_barrier (struct cmd *c)
{
    int count = cmd_int (c, "test-count", 1, 1, 1000000000);
    int victim = cmd_int (c, "test-abort", -1, 0, 0x7fffffff);

    no_operands (c);
    struct pmi_method *m = open_method (c);
    if (cmd_has (c, "test-timing"))
        barrier (c, m);
    if (victim == pmi_method_rank (m)) {
        char text[64];
        snprintf (text, sizeof (text), "flux-pmi: rank %d is aborting", victim);
        pmi_method_abort (m, text);
        sleep (ABORT_GRACE); // the launcher ends all, us too
        cmd_die (c, "abort: nothing happened");
    }
    while (count-- > 0) {
        double start = monotime_now ();
        barrier (c, m);
        if (pmi_method_rank (m) != 0)
            continue;
        printf ("%s: completed pmi barrier on %d tasks", label (), pmi_method_size (m));
        if (cmd_has (c, "test-timing"))
            printf (" in %0.3fs.", monotime_now () - start);
        printf ("\n");
        fflush (stdout);
    }
    pmi_method_close (m);
    return 0;
}

static const struct cmd_verb verb_barrier = {
    .name = "barrier",
    .summary = "Execute a barrier",
    .opts = {barrier_opts, common_opts},
    .run = run_barrier,
};

static const struct cmd_opt exchange_opts[] = {
    {.name = "count", .arg = "N", .help = "Do it N times (1)"},
    {0},
};

/* What rank puts in round `round`; long enough to be like an MPI library's address. */
static void make_value (char *value, size_t size, int rank, int round)
{
    snprintf (value, size, "value.%d.%d.%0100d", rank, round, rank);
}

static void get_and_check (struct cmd *c, struct pmi_method *m, int from, int round)
{
    char key[64], value[PMI_METHOD_VALUE_MAX], expect[PMI_METHOD_VALUE_MAX];

    snprintf (key, sizeof (key), "key.%d.%d", round, from);
    make_value (expect, sizeof (expect), from, round);
    if (pmi_method_get (m, key, from, value) < 0)
        cmd_die (c, "get %s: operation failed", key);
    if (strcmp (value, expect) != 0)
        cmd_die (c, "get %s: returned unexpected value", key);
}

static void exchange (struct cmd *c, struct pmi_method *m, int round)
{
    char key[64], value[PMI_METHOD_VALUE_MAX];

    snprintf (key, sizeof (key), "key.%d.%d", round, pmi_method_rank (m));
    make_value (value, sizeof (value), pmi_method_rank (m), round);
    if (pmi_method_put (m, key, value) < 0)
        cmd_die (c, "put %s: operation failed", key);
    barrier (c, m);
    for (int i = 0; i < pmi_method_size (m); i++)
        get_and_check (c, m, i, round);
    barrier (c, m);
}

static int run_exchange (struct cmd *c)
{
    int count = cmd_int (c, "count", 1, 1, 1000000000);

    no_operands (c);
    struct pmi_method *m = open_method (c);
    barrier (c, m);
    for (int i = 0; i < count; i++) {
        double start = monotime_now ();
        exchange (c, m, i);
        if (pmi_method_rank (m) == 0) {
            printf ("%s: completed pmi exchange on %d tasks in %0.3fs.\n", label (),
                    pmi_method_size (m), monotime_now () - start);
            fflush (stdout);
        }
    }
    pmi_method_close (m);
    return 0;
}

static const struct cmd_verb verb_exchange = {
    .name = "exchange",
    .summary = "Have each rank put a key, and get those of all",
    .opts = {exchange_opts, common_opts},
    .run = run_exchange,
};

static const struct cmd_opt get_opts[] = {
    {.name = "ranks", .arg = "IDSET", .help = "Who prints: ranks, or all (0)"},
    {0},
};

static int run_get (struct cmd *c)
{
    const char *ranks = cmd_str (c, "ranks", "0");
    struct idset *set = !strcmp (ranks, "all") ? NULL : idset_decode (ranks);
    char value[PMI_METHOD_VALUE_MAX];

    if (c->argc == 0)
        return cmd_fail (c, "no key was given");
    if (!set && strcmp (ranks, "all") != 0)
        return cmd_fail (c, "could not decode --ranks argument");
    struct pmi_method *m = open_method (c);
    for (int i = 0; i < c->argc && (!set || idset_test (set, pmi_method_rank (m))); i++) {
        if (pmi_method_get (m, c->argv[i], -1, value) < 0)
            cmd_die (c, "get %s: operation failed", c->argv[i]);
        printf ("%s\n", value);
    }
    pmi_method_close (m);
    idset_destroy (set);
    return 0;
}

static const struct cmd_verb verb_get = {
    .name = "get",
    .args = "KEY...",
    .summary = "Get keys that are there from the start",
    .opts = {get_opts, common_opts},
    .run = run_get,
};

static const struct cmd_verb *const subs[] = {&verb_barrier, &verb_exchange, &verb_get, NULL};

const struct cmd_verb cmd_verb_pmi = {
    .name = "pmi",
    .args = "COMMAND [ARG...]",
    .summary = "Try the process management interface of a launcher",
    .subs = subs,
};
