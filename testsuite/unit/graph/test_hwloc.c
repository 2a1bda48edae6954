/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The hwloc reader, on topologies that hwloc makes up. */

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/io/load_hwloc.h"

/* XML of a synthetic topology; host NULL: without the name of a host. */
static char *synthetic (const char *description, const char *host)
{
    hwloc_topology_t t;
    char *xml, *copy;
    int len;

    assert_int_equal (hwloc_topology_init (&t), 0);
    assert_int_equal (hwloc_topology_set_synthetic (t, description), 0);
    assert_int_equal (hwloc_topology_load (t), 0);
    if (host)
        hwloc_obj_add_info (hwloc_get_root_obj (t), "HostName", host);
    assert_int_equal (hwloc_topology_export_xmlbuffer (t, &xml, &len, 0), 0);
    copy = strdup (xml);
    hwloc_free_xmlbuffer (t, xml);
    hwloc_topology_destroy (t);
    return copy;
}

/* With `more` as the last thing below the machine. */
static char *extended (const char *xml, const char *more)
{
    const char *at = NULL;
    char *out;

    for (const char *s = xml; (s = strstr (s, "</object>")); s++)
        at = s;
    assert_non_null (at);
    assert_true (asprintf (&out, "%.*s%s%s", (int)(at - xml), xml, more, at) > 0);
    return out;
}

static size_t count (const struct graph *g, const char *type)
{
    const uint32_t *v;
    return graph_find_type (g, type, &v);
}

static void test_types (void **state)
{
    (void)state;
    static const struct {
        const char *allow;
        size_t nodes, sockets, cores, pus, numas, caches;
    } cases[] = {
        {NULL, 1, 2, 8, 16, 2, 4},       {"", 1, 2, 8, 16, 2, 4},
        {"node,core", 1, 0, 8, 0, 0, 0}, {"socket, L2cache", 0, 2, 0, 0, 0, 4},
        {"cor,nodes", 0, 0, 0, 0, 0, 0}, {"pu", 0, 0, 0, 16, 0, 0},
    };
    char *xml = synthetic ("pack:2 [numa] l2:2 core:2 pu:2", "tux12");

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t error = {0};
        struct graph *g = graph_create ();
        assert_int_equal (load_hwloc (g, xml, strlen (xml), cases[i].allow, &error), 0);
        assert_int_equal (count (g, "cluster"), 1);
        assert_int_equal (count (g, "node"), cases[i].nodes);
        assert_int_equal (count (g, "socket"), cases[i].sockets);
        assert_int_equal (count (g, "core"), cases[i].cores);
        assert_int_equal (count (g, "pu"), cases[i].pus);
        assert_int_equal (count (g, "numanode"), cases[i].numas);
        assert_int_equal (count (g, "cache"), cases[i].caches);
        assert_int_equal (graph_check (g, &error), 0);
        graph_destroy (g);
    }
    free (xml);
}

static void test_paths (void **state)
{
    (void)state;
    static const struct {
        const char *host, *path;
        int64_t id, rank;
    } cases[] = {
        {"tux12", "/cluster0/tux12", 12, 0},
        {"tux", "/cluster0/tux", -1, 0},
        {"tux007", "/cluster0/tux007", 7, 0},
        {"42", "/cluster0/42", 42, 0},
        {"tux12", "/cluster0/tux12/socket1/core3", 3, -1},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t error = {0};
        struct graph *g = graph_create ();
        char *xml = synthetic ("pack:2 core:2 pu:1", cases[i].host);
        assert_int_equal (load_hwloc (g, xml, strlen (xml), "node,socket,core", &error), 0);
        uint32_t v = graph_find_path (g, cases[i].path);
        assert_int_not_equal (v, GRAPH_NONE);
        assert_int_equal (graph_id (g, v), cases[i].id);
        assert_int_equal (graph_rank (g, v), cases[i].rank);
        graph_destroy (g);
        free (xml);
    }
}

#define DISK(size)                                                                                 \
    "<object type=\"OSDev\" gp_index=\"999\" name=\"sda\" osdev_type=\"0\">"                       \
    "<info name=\"Size\" value=\"" size                                                            \
    "\"/><info name=\"LinuxDeviceID\" value=\"8:0\"/></object>"

/* Without a host's name there is no node; what would be in it is below the cluster. */
static void test_no_host (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph *g = graph_create ();
    char *xml = synthetic ("pack:1 core:2 pu:1", NULL);

    assert_int_equal (load_hwloc (g, xml, strlen (xml), NULL, &error), 0);
    assert_int_equal (count (g, "node"), 0);
    assert_int_not_equal (graph_find_path (g, "/cluster0/socket0"), GRAPH_NONE);
    graph_destroy (g);
    free (xml);
}

static void test_storage (void **state)
{
    (void)state;
    flux_error_t error = {0};
    struct graph *g = graph_create ();
    char *xml = synthetic ("core:2 pu:1", "tux1");
    char *disk = extended (xml, DISK ("1600321314"));

    assert_int_equal (load_hwloc (g, disk, strlen (disk), NULL, &error), 0);
    uint32_t v = graph_find_path (g, "/cluster0/tux1/storage0");
    assert_int_not_equal (v, GRAPH_NONE);
    assert_int_equal (graph_size (g, v), 1600);
    assert_string_equal (graph_property (g, v, "LinuxDeviceID"), "8:0");
    graph_destroy (g);
    free (disk);
    free (xml);
}

static void test_live (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph *g = graph_create ();

    assert_int_equal (load_hwloc (g, NULL, 0, "node,core", &error), 0);
    assert_int_equal (count (g, "node"), 1);
    assert_true (count (g, "core") > 0);
    graph_destroy (g);
}

/* ---- Expected failures: the graph stays empty, and errp has a sentence ---- */

static void refuse (const char *xml)
{
    flux_error_t error = {0};
    struct graph *g = graph_create ();

    errno = 0;
    assert_int_equal (load_hwloc (g, xml, strlen (xml), NULL, &error), -1);
    assert_int_equal (errno, EINVAL);
    assert_string_not_equal (error.text, "");
    assert_int_equal (graph_count (g), 0);
    /* It can be used after. */
    char *good = synthetic ("core:1 pu:1", "a1");
    assert_int_equal (load_hwloc (g, good, strlen (good), NULL, &error), 0);
    free (good);
    graph_destroy (g);
}

static void test_refused (void **state)
{
    (void)state;
    char *xml = synthetic ("pack:2 core:2 pu:1", "tux12");
    char *cut = strndup (xml, strlen (xml) / 2);
    char *disk = extended (xml, DISK ("many"));
    char longname[GRAPH_MAX_NAME + 20];

    memset (longname, 'a', sizeof (longname) - 1);
    longname[sizeof (longname) - 1] = '\0';
    char *host = synthetic ("core:1 pu:1", longname);
    refuse ("");
    refuse ("not XML at all");
    refuse ("<topology/>");
    refuse (cut);
    refuse (disk);
    refuse (host);
    free (host);
    free (disk);
    free (cut);
    free (xml);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_types),   cmocka_unit_test (test_paths),
        cmocka_unit_test (test_no_host), cmocka_unit_test (test_live),
        cmocka_unit_test (test_storage), cmocka_unit_test (test_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
