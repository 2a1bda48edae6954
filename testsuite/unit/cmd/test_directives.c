/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/client.h"
#include "shell/cmd/directives.h"
#include "shell/cmd/logline.h"
#include "testsuite/unit/cmocka.h"

struct directive_case {
    const char *script;
    const char *want; // words as "-N|4|", or NULL: refused
    const char *error;
};

static const struct directive_case cases[] = {
    {"#!/bin/sh\nhostname\n", "", NULL},
    {"#!/bin/sh\n#FLUX: -N4\n#FLUX: --queue=batch\nhostname\n", "-N4|--queue=batch|", NULL},
    {"# flux: -N 4 -c2 # rest is a comment\n", "-N|4|-c2|", NULL},
    {"# flux: -N1\n# a comment\n\n# flux: -n2\n", "-N1|-n2|", NULL},
    {"-- flux: -N1 --exclusive\n-- flux: --output=job.out\n", "-N1|--exclusive|--output=job.out|",
     NULL},
    {"#flux: --job-name=\"my job\" 'a b'\n", "--job-name=my job|a b|", NULL},
    {"# flux: --setattr=user.data='{\"o\": \"a\"}'\n", "--setattr=user.data={\"o\": \"a\"}|", NULL},
    {"# flux: --job-name='''It's a \"job\"'''\n", "--job-name=It's a \"job\"|", NULL},
    {"# flux: --conf=\"\"\"\n# flux: [config]\n# flux:   item = \"foo\"\n# flux: \"\"\"\n",
     "--conf=[config]\n  item = \"foo\"\n|", NULL},
    {"   flux: -N4\n   \n   # text\n   flux: -n2\n", "-N4|-n2|", NULL},
    {"#FLUX: -N1\nhostname\n#FLUX: -n2\n", NULL, "line 3: "},
    {"#FLUX: -N1\n# flux: -n2\n", NULL, "line 2: "},
    {"# flux: --x='abc\n", NULL, "line 1: a quote is not closed"},
    {"# flux: --x=\"\"\"\n# flux: abc\n", NULL, "a triple-quoted value is not closed"},
    {"# flux: word\n", NULL, "a directive holds options only"},
};

static void test_directives (void **state)
{
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct directives d = {0};
        flux_error_t error = {0};
        char got[512] = "";
        int rc = directives_parse (&d, cases[i].script, &error);

        if (!cases[i].want) {
            assert_int_equal (rc, -1);
            if (!strstr (error.text, cases[i].error))
                fail_msg ("%s: %s", cases[i].script, error.text);
            continue;
        }
        if (rc < 0)
            fail_msg ("%s: %s", cases[i].script, error.text);
        for (int k = 1; k < d.argc; k++) {
            strcat (got, d.argv[k]);
            strcat (got, "|");
        }
        assert_string_equal (got, cases[i].want);
        directives_clear (&d);
    }
}

/* 2026-11-23 14:00:00 UTC, a Monday */
#define NOW 1795442400.

struct time_case {
    const char *text;
    double want; // -1: refused
};

static const struct time_case times[] = {
    {"now", NOW},
    {"+1h", NOW + 3600},
    {"-30m", NOW - 1800},
    {"1700000000", 1700000000},
    {"1700000000.5", 1700000000.5},
    {"2 hours ago", NOW - 7200},
    {"in 5 minutes", NOW + 300},
    {"3pm", NOW + 3600},
    {"3:30 pm", NOW + 5400},
    {"12am", NOW - 14 * 3600},
    {"15:00:05", NOW + 3605},
    {"2026-11-24", NOW + 10 * 3600},
    {"2026-11-24 01:02:03", NOW + 11 * 3600 + 123},
    {"2026-11-24T01:00", NOW + 11 * 3600},
    {"tomorrow 2pm", NOW + 86400},
    {"yesterday", NOW - 14 * 3600 - 86400},
    {"2pm tomorrow", NOW + 86400},
    {"14:00:21 tomorrow", NOW + 86421},
    {"tomorrow at noon", NOW + 86400 - 7200},
    {"tonight", NOW + 7 * 3600},
    {"2h", NOW + 7200},
    {"1 day 2 hours from now", NOW + 86400 + 7200},
    {"1d 2h ago", NOW - 86400 - 7200},
    {"in an hour", NOW + 3600},
    {"2pm friday", NOW + 4 * 86400},
    {"monday 14:00", NOW + 7 * 86400},
    {"this fri 2pm", NOW + 4 * 86400},
    {"next friday 2pm", NOW + 11 * 86400},
    {"last friday 2pm", NOW - 3 * 86400},
    {"next week 2pm", NOW + 7 * 86400},
    {"next month 2pm", NOW + 8 * 86400},
    {"Nov 24 2pm", NOW + 86400},
    {"24 November 2026, 14:00", NOW + 86400},
    {"Nov 22 2027 2pm", NOW + 364 * 86400},
    {"nov 22", NOW + 364 * 86400 - 14 * 3600},
    {"2pm 3pm", -1},
    {"today tomorrow", -1},
    {"next", -1},
    {"next soon", -1},
    {"a", -1},
    {"1e999 days", -1},
    {"Nov 32", -1},
    {"", -1},
    {"soon", -1},
    {"25:00", -1},
    {"13pm", -1},
    {"3", -1},
    {"+x", -1},
    {"2026-13-01", -1},
    {"2 parsecs ago", -1},
};

static void test_datetime (void **state)
{
    for (size_t i = 0; i < sizeof (times) / sizeof (times[0]); i++) {
        double got = -1;
        int rc = cmd_datetime (times[i].text, NOW, &got);
        if (rc < 0)
            got = -1;
        if (got != times[i].want)
            fail_msg ("%s: %f, not %f", times[i].text, got, times[i].want);
    }
}

static void test_logline (void **state)
{
    struct logline l;

    assert_int_equal (
        logline_parse (&l, "<40>1 2026-11-23T14:00:00.250000Z 3 kvs 12 - - a message"), 0);
    assert_int_equal (l.severity, 5);
    assert_string_equal (l.hostname, "3");
    assert_string_equal (l.appname, "kvs");
    assert_string_equal (l.message, "a message");
    assert_true (l.time > NOW + 0.24 && l.time < NOW + 0.26);
    logline_clear (&l);
    assert_int_equal (logline_parse (&l, "no log line"), -1);
    assert_int_equal (logline_parse (&l, "<40>1 x"), -1);
    assert_int_equal (logline_severity ("warning"), 4);
    assert_int_equal (logline_severity ("loud"), -1);
}

static void test_signum (void **state)
{
    assert_int_equal (cmd_signum ("TERM"), 15);
    assert_int_equal (cmd_signum ("SIGKILL"), 9);
    assert_int_equal (cmd_signum ("usr1"), 10);
    assert_int_equal (cmd_signum ("9"), 9);
    assert_int_equal (cmd_signum ("0"), -1);
    assert_int_equal (cmd_signum ("NOPE"), -1);
    assert_int_equal (cmd_signum (""), -1);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_directives),
        cmocka_unit_test (test_datetime),
        cmocka_unit_test (test_logline),
        cmocka_unit_test (test_signum),
    };
    setenv ("TZ", "UTC0", 1);
    tzset ();
    return cmocka_run_group_tests (tests, NULL, NULL);
}
