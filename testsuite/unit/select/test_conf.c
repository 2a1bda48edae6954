/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * graph.conf: what it may say, and that errors name line and key. */

#include "testsuite/unit/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "select_graph/conf.h"

static int read_text (const char *text, struct graph_conf *conf, flux_error_t *errp)
{
    char path[] = "/tmp/test_conf.XXXXXX";
    int fd = mkstemp (path), rc;

    assert_int_equal (write (fd, text, strlen (text)), strlen (text));
    memset (conf, 0, sizeof (*conf));
    rc = graph_conf_read (conf, path, errp);
    close (fd);
    unlink (path);
    return rc;
}

static void test_good (void **state)
{
    struct graph_conf conf;
    flux_error_t error;

    assert_int_equal (read_text ("", &conf, &error), 0);
    assert_string_equal (conf.policy, "low");
    assert_null (conf.graph);
    assert_true (conf.node_weights);
    graph_conf_clear (&conf);

    assert_int_equal (read_text ("# a comment\n"
                                 "policy = \"pack level=rack\" # more\n"
                                 "Graph=/etc/slurm/site.json Prune=ALL:core,rack:node\n"
                                 "PartitionName=a,b Policy=high\nQOS=q Policy=first\n"
                                 "Constrain=power:watts,network:gbs\n"
                                 "Horizon=2d Candidates=7 AllocSize=0 Alloc=all\n"
                                 "Cores=each CoreChoice=graph GresChoice=graph Ties=fluxion "
                                 "NodeWeights=no Comment=no",
                                 &conf, &error),
                      0);
    assert_string_equal (graph_conf_policy (&conf, NULL, NULL), "pack level=rack");
    assert_string_equal (graph_conf_policy (&conf, "b", NULL), "high");
    assert_string_equal (graph_conf_policy (&conf, "b", "q"), "first");
    assert_string_equal (graph_conf_policy (&conf, "c", "r"), "pack level=rack");
    assert_string_equal (conf.graph, "/etc/slurm/site.json");
    assert_string_equal (conf.prune, "ALL:core,rack:node");
    assert_int_equal (conf.nconstrain, 2);
    assert_string_equal (conf.constrain[1].subsystem, "network");
    assert_string_equal (conf.constrain[1].property, "gbs");
    assert_int_equal (conf.horizon, 2 * 86400);
    assert_int_equal (conf.candidates, 7);
    assert_int_equal (conf.alloc, CONF_ALLOC_ALL);
    assert_true (conf.each_core && conf.graph_cores && conf.graph_gres && conf.fluxion_ties &&
                 !conf.node_weights && !conf.comment);
    graph_conf_clear (&conf);
}

/* The sample with its comments taken away from the keys is good, too. */
static void test_sample (void **state)
{
    const char *top = getenv ("srcdir");
    char path[256], line[CONF_MAX_LINE], text[8192] = "";
    struct graph_conf conf;
    flux_error_t error;
    FILE *f;

    snprintf (path, sizeof (path), "%s/contrib/graph.conf.example", top ? top : "..");
    if (!(f = fopen (path, "r")))
        skip ();
    while (fgets (line, sizeof (line), f))
        strcat (text, line[0] == '#' && line[1] != ' ' ? line + 1 : line);
    fclose (f);
    if (read_text (text, &conf, &error) < 0)
        fail_msg ("%s", error.text);
    assert_string_equal (conf.graph, "/etc/slurm/site.json");
    assert_int_equal (conf.nconstrain, 1);
    graph_conf_clear (&conf);
}

static void test_bad (void **state)
{
    static const struct {
        const char *line, *error;
    } cases[] = {
        {"Polcy=low", "Polcy: no such key"},
        {"Policy=nonesuch", "Policy: unknown match policy 'nonesuch'"},
        {"Policy", "Policy: Key=Value is expected"},
        {"Policy=", "Policy: no value"},
        {"=low", "Key=Value is expected"},
        {"Policy=\"low", "Policy: the quotation mark"},
        {"Graph=site.json", "Graph: an absolute path"},
        {"Prune=core", "Prune: pairs"},
        {"Horizon=0s", "Horizon: a duration"},
        {"Horizon=400d", "Horizon: a duration"},
        {"Candidates=0", "Candidates: 0: a number from 1"},
        {"Candidates=many", "Candidates: many: a number"},
        {"Constrain=power", "Constrain: SUBSYSTEM:PROPERTY"},
        {"Constrain=power:", "Constrain: SUBSYSTEM:PROPERTY"},
        {"Cores=some", "Cores: some: each or counted"},
        {"Alloc=some", "Alloc: asked, all or none"},
        {"AllocSize=200000", "AllocSize: 200000: a number"},
        {"PartitionName=a", "PartitionName: Policy= is expected"},
        {"PartitionName=a Policy=x", "PartitionName: Policy: unknown match policy"},
        {"QOS=a Policy=low Horizon=1d", "QOS: nothing is expected after"},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct graph_conf conf;
        flux_error_t error;
        char text[256];

        snprintf (text, sizeof (text), "# one\nPolicy=high\n%s\n", cases[i].line);
        if (read_text (text, &conf, &error) == 0)
            fail_msg ("%s was taken", cases[i].line);
        assert_int_equal (errno, EINVAL);
        if (!strstr (error.text, ": line 3: ") || !strstr (error.text, cases[i].error))
            fail_msg ("%s: %s", cases[i].line, error.text);
        assert_null (conf.policy);
    }
}

static void test_file (void **state)
{
    struct graph_conf conf = {.policy = NULL};
    char text[CONF_MAX_LINE + 10];
    flux_error_t error;

    assert_int_equal (graph_conf_read (&conf, "/nonesuch/graph.conf", &error), -1);
    assert_int_equal (errno, ENOENT);
    memset (text, 'x', sizeof (text));
    text[sizeof (text) - 1] = '\0';
    assert_int_equal (read_text (text, &conf, &error), -1);
    assert_non_null (strstr (error.text, "line 1: line too long"));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_good),
        cmocka_unit_test (test_sample),
        cmocka_unit_test (test_bad),
        cmocka_unit_test (test_file),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
