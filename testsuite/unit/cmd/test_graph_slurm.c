/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A graph from what scontrol prints. */

#include "testsuite/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "shell/cmd/graph_slurm.h"

static const char nodes[] =
    "NodeName=n1 Arch=x86_64 CoresPerSocket=2 CPUAlloc=0 AvailableFeatures=a,b ActiveFeatures=a "
    "Gres=gpu:a100:2(S:0-1),lic:10 NodeAddr=n1 RealMemory=1000 AllocMem=0 Sockets=2 Boards=1\n"
    "NodeName=n2 CoresPerSocket=1 AvailableFeatures=(null) Gres=(null) RealMemory=500 Sockets=1 \n"
    "\n"
    "NodeName=n3 CoresPerSocket=1 Sockets=1 Gres=gpu\n";
static const char topology[] = "SwitchName=top Level=1 LinkSpeed=1 Nodes=n[1-3] Switches=s[0-1] \n"
                               "SwitchName=s0 Level=0 LinkSpeed=1 Nodes=n[1-2] \n"
                               "SwitchName=s1 Level=0 LinkSpeed=1 Nodes=n3 \n";

static int count (const json_t *doc, const char *type)
{
    json_t *list = json_object_get (json_object_get (doc, "graph"), "nodes"), *o;
    size_t i;
    int n = 0;

    json_array_foreach (list, i, o)
    {
        json_t *m = json_object_get (o, "metadata");
        n += strcmp (json_string_value (json_object_get (m, "type")), type) == 0;
    }
    return n;
}

static void test_graph (void **state)
{
    static const struct {
        const char *type;
        int n;
    } want[] = {{"cluster", 1}, {"upswitch", 1}, {"switch", 2}, {"node", 3},  {"socket", 4},
                {"core", 6},    {"gpu", 3},      {"lic", 1},    {"memory", 2}};
    flux_error_t error;
    json_t *doc = graph_from_slurm ("c", nodes, topology, &error);

    assert_non_null (doc);
    for (size_t i = 0; i < sizeof (want) / sizeof (want[0]); i++)
        if (count (doc, want[i].type) != want[i].n)
            fail_msg ("%d of %s", count (doc, want[i].type), want[i].type);
    json_decref (doc);
    doc = graph_from_slurm ("c", nodes, NULL, &error);
    assert_int_equal (count (doc, "switch"), 0);
    json_decref (doc);
}

static void test_bad (void **state)
{
    flux_error_t error;

    assert_null (graph_from_slurm ("c", "", NULL, &error));
    assert_null (graph_from_slurm ("c", "nonsense\n", NULL, &error));
    assert_null (
        graph_from_slurm ("c", "NodeName=n Sockets=99999 CoresPerSocket=99999\n", NULL, &error));
}

static void test_field (void **state)
{
    char *s = slurm_field ("A=1 BA=2 B=3", "B");

    assert_string_equal (s, "3");
    free (s);
    assert_null (slurm_field ("A=(null) B=", "A"));
    assert_null (slurm_field ("A=(null) B=", "B"));
    assert_null (slurm_field ("A=1", "C"));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_graph),
        cmocka_unit_test (test_bad),
        cmocka_unit_test (test_field),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
