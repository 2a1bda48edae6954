/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The graph that select_graph builds of a site's nodes, its choices and its books. */

#include "testsuite/unit/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "select_graph/keep.h"
#include "select_graph/site.h"
#include "select_graph/site_write.h"

enum { NODES = 4, SOCKETS = 2, CORES = 2, MEMORY = 1000, GPUS = 2 };

static int ncomplaints;

static void complain (const char *sentence)
{
    ncomplaints++;
}

static struct site *start_site (void)
{
    flux_error_t error;
    struct site *site = site_create (&error);
    char name[16];

    assert_non_null (site);
    for (uint32_t i = 0; i < NODES; i++) {
        struct site_facts f = {.name = name,
                               .sockets = SOCKETS,
                               .cores = CORES,
                               .memory = MEMORY,
                               .features = i ? "a,b" : NULL,
                               .place = i < 2 ? "s0.s1" : "s0.s2",
                               .gres = {{"gpu", GPUS}, {"lic", 10}},
                               .ngres = 2};
        snprintf (name, sizeof (name), "n%u", i + 1);
        // A hole in the table of nodes: number 2 is none.
        assert_int_equal (site_add_node (site, i + (i >= 2), &f, &error), 0);
    }
    return site;
}

static struct site *make_site (const char *policy, bool each_core)
{
    struct graph_conf conf = {
        .policy = (char *)policy, .each_core = each_core, .horizon = 100000, .candidates = 3};
    struct site *site = start_site ();
    flux_error_t error;

    assert_int_equal (site_ready (site, &conf, complain, &error), 0);
    return site;
}

static void book (struct site *site, uint32_t job, uint32_t node, uint32_t first, uint32_t count)
{
    struct site_hold hold = {.node = node, .kind = SITE_CORE, .first = first, .count = count};
    flux_error_t error;

    assert_int_equal (site_book (site, job, &hold, 1, NULL, 0, 100, 1000, &error), 0);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
}

static int choose (struct site *site, struct site_want want, uint32_t first, uint32_t last,
                   const struct site_choice **choice, flux_error_t *errp)
{
    struct site_range range = {first, last};

    want.nodes_max = want.nodes_max ? want.nodes_max : want.nodes_min;
    want.ranges = &range;
    want.nranges = 1;
    return site_choose (site, &want, SITE_NOW, 100, choice, errp);
}

static void test_choose (void **state)
{
    static const struct {
        const char *policy;
        struct site_want want;
        struct site_range among;
        int lowest; // -1: none
    } cases[] = {
        {"low", {.nodes_min = 1, .cores = 1}, {0, 4}, 0},
        {"high", {.nodes_min = 1, .cores = 1}, {0, 4}, 4},
        {"high", {.nodes_min = 1, .cores = 1}, {0, 3}, 3},
        {"high", {.nodes_min = 2, .cores = 2}, {0, 4}, 3},
        {"low", {.nodes_min = 1, .cores = 3}, {0, 4}, 1},
        {"low", {.nodes_min = 1, .cores = 4, .whole = true}, {0, 4}, 3},
        {"low", {.nodes_min = 3, .cores = 2}, {0, 4}, 0},
        {"low", {.nodes_min = 2, .cores = 2, .switches = 1}, {1, 4}, 3},
        {"low", {.nodes_min = 1, .cores = 1, .memory = 1001}, {0, 4}, -1},
        {"low", {.nodes_min = 1, .cores = 1, .gres = {2, 10}}, {0, 4}, 0},
        {"low", {.nodes_min = 1, .cores = 1, .gres = {3}}, {0, 4}, -1},
        {"low", {.nodes_min = 3, .cores = 4, .whole = true}, {0, 4}, -1},
        {"low", {.nodes_min = 5, .cores = 1}, {0, 4}, -1},
        {"low", {.nodes_min = 1, .cores = 1}, {2, 2}, -1},
    };

    for (size_t i = 0; i < 2 * sizeof (cases) / sizeof (cases[0]); i++) {
        struct site *site = make_site (cases[i / 2].policy, i % 2);
        const struct site_choice *choice;
        flux_error_t error;

        book (site, 7, 0, 0, 2); // two cores of the first node are taken, and one of the second
        book (site, 8, 1, 3, 1);
        int rc = choose (site, cases[i / 2].want, cases[i / 2].among.first, cases[i / 2].among.last,
                         &choice, &error);
        if (rc != (cases[i / 2].lowest < 0 ? -1 : 0))
            fail_msg ("case %zu%s: %d, %s", i / 2, i % 2 ? " each" : "", rc,
                      rc < 0 ? error.text : "");
        if (rc == 0) {
            uint32_t low = choice->nodes[0];
            assert_int_equal (choice->n, cases[i / 2].want.nodes_min);
            for (size_t k = 1; k < choice->n; k++)
                low = choice->nodes[k] < low ? choice->nodes[k] : low;
            assert_int_equal (low, cases[i / 2].lowest);
        }
        site_destroy (site);
    }
}

/* Which cores and which devices of the chosen node. */
static void test_which (void **state)
{
    struct site_want want = {
        .nodes_min = 1, .cores = 1, .gres = {1, 2}, .which_cores = true, .which_gres = true};

    for (int high = 0; high < 2; high++) {
        struct site *site = make_site (high ? "high" : "low", true);
        const struct site_choice *choice;
        flux_error_t error;

        assert_int_equal (choose (site, want, 0, 0, &choice, &error), 0);
        assert_int_equal (choice->ncores, 1);
        assert_int_equal (choice->cores[0].first, high ? SOCKETS * CORES - 1 : 0);
        assert_int_equal (choice->ndevices, 1); // of `lic` there is a pool
        assert_int_equal (choice->devices[0].first, high ? GPUS - 1 : 0);
        assert_int_equal (choice->devices[0].count, 1);
        site_destroy (site);
    }
}

/* A whole node is all its cores, once, in pools as one by one. */
static void test_whole (void **state)
{
    json_t *resources = json_loads ("[{\"type\":\"node\",\"count\":2}]", 0, NULL);
    struct site_want want = {.nodes_min = 1, .resources = resources};

    for (int each = 0; each < 2; each++) {
        struct site *site = make_site ("low", each);
        const struct site_choice *choice;
        flux_error_t error;

        assert_int_equal (choose (site, want, 0, 4, &choice, &error), 0);
        assert_int_equal (choice->n, 2);
        assert_int_equal (choice->cores_total, 2 * SOCKETS * CORES);
        assert_int_equal (choice->nextra, 0); // what its nodes are made of is no more than they
        site_destroy (site);
    }
    json_decref (resources);
}

/* Nodes below no switch, or with a level less: Slurm writes ".n2", "s0..n3" */
static void test_places (void **state)
{
    static const char *const places[] = {"s0.s1", ".", "", NULL, "s0."};
    struct graph_conf conf = {.policy = "low", .horizon = 1000};
    flux_error_t error;
    struct site *site = site_create (&error);
    char path[GRAPH_MAX_PATH];

    for (uint32_t i = 0; i < 5; i++) {
        char name[16];
        struct site_facts f = {.name = name, .sockets = 1, .cores = 1, .place = places[i]};

        snprintf (name, sizeof (name), "n%u", i);
        assert_int_equal (site_add_node (site, i, &f, &error), 0);
    }
    if (site_ready (site, &conf, complain, &error) < 0)
        fail_msg ("%s", error.text);
    for (uint32_t i = 0; i < 5; i++) {
        static const char *const want[] = {"/cluster0/s0/s1/n0", "/cluster0/n1", "/cluster0/n2",
                                           "/cluster0/n3", "/cluster0/s0/n4"};

        graph_path (site_graph (site), site_vertex (site, i), NULL, path, sizeof (path));
        assert_string_equal (path, want[i]);
    }
    site_destroy (site);
}

/* Jobs that share, leave and come back: the graph has what there is. */
static void test_share (void **state)
{
    struct site *site = make_site ("low", false);
    struct site_hold over = {.node = 0, .kind = SITE_CORE, .first = 3, .count = 2};
    struct site_hold memory = {.node = 0, .kind = SITE_MEMORY, .count = 600};
    flux_error_t error;

    book (site, 7, 0, 0, 3);
    book (site, 8, 0, 1, 3); // shares two with 7
    assert_int_equal (site_claimed (site, 0, SITE_CORE, 0), 6);
    assert_int_equal (site_book (site, 9, &memory, 1, NULL, 0, 100, 1000, &error), 0);
    assert_int_equal (site_book (site, 10, &memory, 1, NULL, 0, 100, 1000, &error), 0);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    site_lift (site, 7);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    site_lower (site, 7, 100);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    site_release (site, 7);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (site_claimed (site, 0, SITE_CORE, 0), 3);
    site_release (site, 9);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (site_claimed (site, 0, SITE_MEMORY, 0), 600);
    site_release (site, 7);
    assert_false (site_has (site, 7));
    assert_true (site_has (site, 8));
    // What there is not
    assert_int_equal (site_book (site, 11, &over, 1, NULL, 0, 100, 1000, &error), -1);
    assert_int_equal (errno, EINVAL);
    if (site_check (site, &error) < 0)
        fail_msg ("%s", error.text);
    site_destroy (site);
}

/* The earliest time by the ends of running jobs, and within the horizon. */
static void test_future (void **state)
{
    struct site *site = make_site ("low", false);
    struct site_range all = {0, 4};
    struct site_want want = {.nodes_min = 2,
                             .nodes_max = 2,
                             .cores = 4,
                             .whole = true,
                             .duration = 50,
                             .ranges = &all,
                             .nranges = 1};
    const struct site_choice *choice;
    flux_error_t error;

    for (uint32_t i = 0; i < NODES; i++) {
        struct site_hold hold = {.node = i + (i >= 2), .kind = SITE_CORE, .count = 4};

        assert_int_equal (site_book (site, 1 + i, &hold, 1, NULL, 0, 100, 200 + 100 * i, &error),
                          0);
    }
    assert_int_equal (site_choose (site, &want, SITE_NOW, 100, &choice, &error), -1);
    assert_int_equal (errno, EBUSY);
    assert_int_equal (site_choose (site, &want, SITE_FUTURE, 100, &choice, &error), 0);
    assert_int_equal (choice->at, 300);
    assert_int_equal (choice->n, 2);
    site_set_end (site, 1, 100, 450);
    assert_int_equal (site_choose (site, &want, SITE_FUTURE, 100, &choice, &error), 0);
    assert_int_equal (choice->at, 400);
    site_set_end (site, 3, 100, 200000);
    site_set_end (site, 4, 100, 200000);
    site_set_end (site, 1, 100, 200000);
    assert_int_equal (site_choose (site, &want, SITE_FUTURE, 100, &choice, &error), -1);
    site_release (site, 1);
    site_release (site, 2);
    assert_int_equal (site_choose (site, &want, SITE_NOW, 100, &choice, &error), 0);
    site_destroy (site);
}

/* ---- A site's own graph: two racks with power and storage ---- */

static char *write_jgf (void)
{
    char *path = strdup ("/tmp/test_site.XXXXXX");
    json_t *nodes = json_array (), *edges = json_array (), *doc;
    int id = 0, fd = mkstemp (path);
    struct at {
        const char *type;
        int number, size, above;
        const char *unit, *subsystem;
    } list[64] = {{"cluster", 0, 1, -1, "", "containment"}};
    int n = 1;

    assert_true (fd >= 0);
    for (int r = 0; r < 2; r++) {
        int rack = n;
        list[n++] = (struct at){"rack", r, 1, 0, "", "containment"};
        list[n++] = (struct at){"storage", r, 4, rack, "TB", "containment"};
        list[n++] = (struct at){"pdu", r, 500, rack, "W", "containment"};
        for (int k = 0; k < 2; k++) {
            int node = n;
            list[n++] = (struct at){"node", 2 * r + k, 1, rack, "", "containment"};
            for (int c = 0; c < 4; c++)
                list[n++] = (struct at){"core", c, 1, node, "", "containment"};
            list[n++] = (struct at){"memory", 0, 2, node, "GB", "containment"};
        }
    }
    for (int i = 0; i < n; i++, id++) {
        char name[32], number[16];
        json_t *m;

        snprintf (name, sizeof (name), "%s%d", strcmp (list[i].type, "node") ? list[i].type : "n",
                  list[i].number + !strcmp (list[i].type, "node"));
        snprintf (number, sizeof (number), "%d", i);
        m = json_pack ("{s:s s:s s:i s:i s:i s:s}", "type", list[i].type, "name", name, "id",
                       list[i].number, "uniq_id", i, "size", list[i].size, "unit", list[i].unit);
        if (strcmp (list[i].type, "node") == 0)
            json_object_set_new (m, "properties", json_pack ("{s:s}", "watts", "300"));
        json_array_append_new (nodes, json_pack ("{s:s s:o}", "id", number, "metadata", m));
        if (list[i].above >= 0) {
            char from[16];
            snprintf (from, sizeof (from), "%d", list[i].above);
            json_array_append_new (edges,
                                   json_pack ("{s:s s:s s:{s:s}}", "source", from, "target", number,
                                              "metadata", "subsystem", "containment"));
            if (strcmp (list[i].type, "node") == 0) { // the PDU is the third of its rack
                snprintf (from, sizeof (from), "%d", list[i].above + 2);
                json_array_append_new (edges,
                                       json_pack ("{s:s s:s s:{s:s}}", "source", from, "target",
                                                  number, "metadata", "subsystem", "power"));
            }
        }
    }
    doc = json_pack ("{s:{s:o s:o}}", "graph", "nodes", nodes, "edges", edges);
    assert_int_equal (json_dumpfd (doc, fd, 0), 0);
    json_decref (doc);
    close (fd);
    return path;
}

static struct site *load_site (bool constrain)
{
    char *path = write_jgf ();
    struct graph_conf conf = {.policy = "low", .graph = path, .horizon = 1000};
    struct site *site = start_site ();
    flux_error_t error;

    if (constrain) {
        conf.nconstrain = 1;
        strcpy (conf.constrain[0].subsystem, "power");
        strcpy (conf.constrain[0].property, "watts");
    }
    ncomplaints = 0;
    if (site_ready (site, &conf, complain, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (ncomplaints, 0);
    unlink (path);
    free (path);
    return site;
}

static void test_request (void **state)
{
    struct site *site = load_site (false);
    json_t *resources = json_loads ("[{\"type\":\"rack\",\"count\":1,\"with\":["
                                    "{\"type\":\"storage\",\"count\":3,\"unit\":\"TB\"},"
                                    "{\"type\":\"node\",\"count\":2}]}]",
                                    0, NULL);
    struct site_want want = {.nodes_min = 1, .resources = resources};
    struct site_hold hold = {.node = 0, .kind = SITE_CORE, .count = 4};
    const struct site_choice *choice;
    struct site_extra extra[4];
    struct site_alloc alloc = {.holds = &hold, .nholds = 1, .nodelist = "n1"};
    flux_error_t error;
    char text[200], *R;
    size_t n;

    if (choose (site, want, 0, 4, &choice, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (choice->n, 2);
    assert_int_equal (choice->nextra, 1);
    assert_int_equal (choice->extra[0].amount, 3);
    assert_string_equal (graph_type (site_graph (site), choice->extra[0].vertex), "storage");
    n = choice->nextra;
    memcpy (extra, choice->extra, n * sizeof (*extra));
    assert_int_equal (site_book (site, 5, &hold, 1, extra, n, 100, 1000, &error), 0);
    // The other rack then, and then none: only storage lacks
    assert_int_equal (choose (site, want, 0, 4, &choice, &error), 0);
    assert_int_equal (choice->nodes[0], 3);
    assert_int_equal (site_book (site, 6, NULL, 0, choice->extra, 1, 100, 1000, &error), 0);
    assert_int_equal (choose (site, want, 3, 4, &choice, &error), -1);
    want.ranges = &(struct site_range){3, 4};
    want.nranges = 1;
    site_explain (site, &want, 100, text, sizeof (text));
    assert_string_equal (text, "no rack with 3 TB storage free");
    // What it has, in words and as R
    alloc.extra = extra;
    alloc.nextra = n;
    site_write_words (site, &alloc, text, sizeof (text));
    assert_string_equal (text, " in rack0; storage0: 3 TB");
    R = site_write_R (site, &alloc, 60000);
    assert_non_null (strstr (R, "\"children\":{\"core\":\"0-3\"}"));
    assert_non_null (strstr (R, "/cluster0/rack0/n1/core3"));
    assert_non_null (strstr (R, "/cluster0/rack0/storage0"));
    free (R);
    R = site_write_R (site, &alloc, 300);
    assert_null (strstr (R, "scheduling"));
    free (R);
    assert_null (site_write_R (site, &alloc, 20));
    json_decref (resources);
    site_destroy (site);
}

/* Slurm counts MB, the graph 2 GB of each node. */
static void test_units (void **state)
{
    struct site *site = load_site (false);
    struct site_want want = {.nodes_min = 1, .cores = 1, .memory = 1500};
    struct site_hold hold = {.node = 0, .kind = SITE_MEMORY, .count = 1500};
    const struct site_choice *choice;
    flux_error_t error;

    assert_int_equal (choose (site, want, 0, 4, &choice, &error), 0);
    assert_int_equal (choice->nodes[0], 0);
    assert_int_equal (site_book (site, 5, &hold, 1, NULL, 0, 100, 1000, &error), 0);
    assert_int_equal (choose (site, want, 0, 4, &choice, &error), 0);
    assert_int_equal (choice->nodes[0], 1);
    want.memory = 2049;
    assert_int_equal (choose (site, want, 0, 4, &choice, &error), -1);
    site_destroy (site);
}

static void test_constrain (void **state)
{
    struct site *site = load_site (true);
    struct site_want want = {.nodes_min = 2, .cores = 1};
    struct site_hold hold = {.node = 0, .kind = SITE_CORE, .count = 1};
    const struct site_choice *choice;
    flux_error_t error;

    // 500 W a PDU, 300 W a node: one of each rack
    if (choose (site, want, 0, 4, &choice, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (choice->n, 2);
    assert_true (choice->nodes[0] + choice->nodes[1] >= 3 && choice->nodes[0] != choice->nodes[1]);
    assert_int_equal (choose (site, want, 0, 1, &choice, &error), -1);
    assert_int_equal (site_book (site, 5, &hold, 1, NULL, 0, 100, 1000, &error), 0);
    assert_int_equal (site_may_draw (site, (uint32_t[]){1}, 1, &error), -1);
    assert_string_equal (error.text, "power of pdu0: 300 of 500 are drawn already");
    assert_int_equal (site_may_draw (site, (uint32_t[]){0, 3}, 2, &error), 0);
    want.nodes_min = 1;
    assert_int_equal (choose (site, want, 1, 4, &choice, &error), 0);
    assert_int_equal (choice->nodes[0], 3);
    site_release (site, 5);
    assert_int_equal (site_may_draw (site, (uint32_t[]){1}, 1, &error), 0);
    site_destroy (site);
}

static void test_wrong_graphs (void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"graph\":{\"nodes\":[],\"edges\":[]}}",
        "{\"graph\":{\"nodes\":[{\"id\":\"0\"}],\"edges\":[]}}",
        "{\"graph\":{\"nodes\":[7],\"edges\":[{}]}}",
    };

    for (size_t i = 0; i <= sizeof (texts) / sizeof (texts[0]); i++) {
        char path[] = "/tmp/test_site.XXXXXX";
        int fd = mkstemp (path);
        struct graph_conf conf = {.policy = "low", .graph = path, .horizon = 1000};
        struct site *site = start_site ();
        flux_error_t error;

        if (i < sizeof (texts) / sizeof (texts[0]))
            assert_int_equal (write (fd, texts[i], strlen (texts[i])), strlen (texts[i]));
        else
            unlink (path);
        if (site_ready (site, &conf, complain, &error) == 0)
            fail_msg ("graph %zu was taken", i);
        assert_non_null (strstr (error.text, "test_site"));
        close (fd);
        unlink (path);
        site_destroy (site);
    }
}

/* ---- The state file ---- */

static int64_t start_time_of (uint32_t job)
{
    return job == 6 ? 0 : 1000 + job;
}

static void test_keep (void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "{\"version\":2,\"jobs\":[]}",
        "{\"version\":1,\"jobs\":{}}",
        "{\"version\":1,\"jobs\":[{\"id\":1}]}",
        "{\"version\":1,\"jobs\":[{\"id\":1,\"start\":1,\"holds\":[[\"/a\",-1]]}]}",
        "{\"version\":1,\"jobs\":[{\"id\":0,\"start\":1,\"holds\":[]}]}",
    };
    struct site *site = load_site (false);
    uint32_t v = graph_find_path (site_graph (site), "/cluster0/rack1/storage1");
    struct site_extra extra = {v, 3}, *found;
    char path[] = "/tmp/test_keep.XXXXXX";
    int fd = mkstemp (path);
    struct keep *keep;
    flux_error_t error;

    assert_int_equal (site_book (site, 5, NULL, 0, &extra, 1, 100, 1000, &error), 0);
    assert_int_equal (site_book (site, 6, NULL, 0, &extra, 1, 100, 1000, &error), 0);
    char new[64];
    snprintf (new, sizeof (new), "%s.new", path);
    assert_int_equal (symlink ("/dev/full", new), 0); // is not followed
    assert_int_equal (keep_write (path, site, start_time_of, &error), 0);
    assert_non_null (keep = keep_read (path, &error));
    assert_int_equal (keep_find (keep, site, 5, 1005, complain, &found), 1);
    assert_int_equal (found->vertex, v);
    assert_int_equal (found->amount, 3);
    free (found);
    assert_int_equal (keep_find (keep, site, 5, 1004, complain, &found), 0);
    free (found);
    assert_int_equal (keep_find (keep, site, 6, 1006, complain, &found), 0);
    free (found);
    keep_destroy (keep);
    assert_int_equal (keep_write ("/nonesuch/state", site, start_time_of, &error), -1);
    assert_non_null (strstr (error.text, "/nonesuch/state"));
    assert_int_equal (keep_write ("/dev/full/state", site, start_time_of, &error), -1);
    for (size_t i = 0; i < sizeof (wrong) / sizeof (wrong[0]); i++) {
        FILE *f = fopen (path, "w");
        fputs (wrong[i], f);
        fclose (f);
        if ((keep = keep_read (path, &error)))
            fail_msg ("state %zu was taken", i);
        assert_int_equal (errno, EINVAL);
        assert_non_null (strstr (error.text, path));
    }
    close (fd);
    unlink (path);
    assert_null (keep_read (path, &error));
    assert_int_equal (errno, ENOENT);
    site_destroy (site);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_choose),    cmocka_unit_test (test_share),
        cmocka_unit_test (test_future),    cmocka_unit_test (test_request),
        cmocka_unit_test (test_constrain), cmocka_unit_test (test_wrong_graphs),
        cmocka_unit_test (test_keep),      cmocka_unit_test (test_units),
        cmocka_unit_test (test_which),     cmocka_unit_test (test_places),
        cmocka_unit_test (test_whole),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
