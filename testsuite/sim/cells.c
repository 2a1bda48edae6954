/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "testsuite/sim/cells.h"

#define COUNT(a) (sizeof (a) / sizeof ((a)[0]))

/* clang-format off */
#define NODES(n, ...) .job = {.nodes_min = (n), __VA_ARGS__}

/* clang-format on */

/* Each of 1, 16 and 32 nodes, and of nearly all of them */
static const struct cell sizes[] = {
    {"1 node", NODES (1)},        {"1 whole node", NODES (1, .whole = true)},
    {"16 nodes", NODES (16)},     {"16 whole nodes", NODES (16, .whole = true)},
    {"32 nodes", NODES (32)},     {"32 whole nodes", NODES (32, .whole = true)},
    {"1000 nodes", NODES (1000)}, {"1000 whole nodes", NODES (1000, .whole = true)},
    {"9000 nodes", NODES (9000)}, {"9000 whole nodes", NODES (9000, .whole = true)},
};

/* clang-format off */
#define POLICY(text, all)                                                                          \
    {text, NODES (1, .policy = text, .whole = all)},                                               \
    {text ", 16 nodes", NODES (16, .policy = text, .whole = all)},                                 \
    {text ", 1000 nodes", NODES (1000, .policy = text, .whole = all)}
/* clang-format on */

static const struct cell policies[] = {
    POLICY ("low", false),
    POLICY ("high", false),
    POLICY ("first", false),
    POLICY ("locality", false),
    POLICY ("lonode", false),
    POLICY ("hinode", false),
    POLICY ("lonodex", true),
    POLICY ("hinodex", true),
    POLICY ("firstnodex", true),
    POLICY ("bestfit", false),
    POLICY ("variation", false),
    POLICY ("pack level=switch", false),
    POLICY ("spread level=switch", false),
    POLICY ("nearest target=switch", false),
};

static const struct cell options[] = {
    {"-C", NODES (1), .nodes = CELL_HALF},
    {"-C, 16 nodes", NODES (16), .nodes = CELL_HALF},
    {"-x", NODES (1), .nodes = CELL_LESS},
    {"-x, 16 nodes", NODES (16), .nodes = CELL_LESS},
    {"-w", NODES (1), .named = 1},
    {"-w 1 of 16 nodes", NODES (16), .named = 1},
    {"-w 16 of 16 nodes", NODES (16), .named = 16},
    {"--contiguous, 2 nodes", NODES (2, .contiguous = true)},
    {"--contiguous, 16 nodes", NODES (16, .contiguous = true)},
    {"-n 4 -c 2", NODES (1, .tasks = 4, .cpus_per_task = 2)},
    {"-n 40 anywhere", .job = {.nodes_min = 1, .tasks = 40}},
    {"-n 400 anywhere", .job = {.nodes_min = 1, .tasks = 400}},
    {"--mem", NODES (1, .memory = 4000)},
    {"--mem, 16 nodes", NODES (16, .memory = 4000)},
    {"--gres=gpu:1", NODES (1, .gres = "gpu:1")},
    {"--gres=gpu:4", NODES (1, .gres = "gpu:4")},
    {"--gres=gpu:2, 16 nodes", NODES (16, .gres = "gpu:2")},
};

/* Jobs that may push out all others, or from which cores are kept, as in a reservation */
static const struct cell others[] = {
    {"preempting", NODES (1), .preempts = true},
    {"preempting, 16 nodes", NODES (16, .whole = true), .preempts = true},
    {"cores kept away", NODES (1), .kept = 200},
    {"cores kept away, 16 nodes", NODES (16), .kept = 200},
};

static const struct cell power[] = {
    {"1 node", NODES (1), .limits = true},
    {"16 nodes", NODES (16), .limits = true},
    {"16 whole nodes", NODES (16, .whole = true), .limits = true},
    {"64 nodes", NODES (64), .limits = true},
    {"pack, 16 nodes", NODES (16, .policy = "pack level=rack"), .limits = true},
    {"request of a rack with storage",
     NODES (4, .request =
                   "[{\"type\":\"rack\",\"count\":1,\"with\":[{\"type\":\"node\",\"count\":4,"
                   "\"with\":[{\"type\":\"core\",\"count\":1}]},"
                   "{\"type\":\"storage\",\"count\":2,\"unit\":\"TB\"}]}]"),
     .limits = true},
};

static const struct cell switches[] = {
    {"1 node", NODES (1)},
    {"16 nodes", NODES (16)},
    {"64 nodes", NODES (64)},
    {"1000 nodes", NODES (1000)},
    {"--switches=1, 16 nodes", NODES (16, .switches = 1), .limits = true},
    {"--switches=2, 50 nodes", NODES (50, .switches = 2), .limits = true},
    {"pack, 16 nodes", NODES (16, .policy = "pack level=switch")},
    {"spread, 16 nodes", NODES (16, .policy = "spread level=switch")},
};

static const struct cell requests[] = {
    {"request of a node",
     NODES (1, .cpus_per_task = 2,
            .request =
                "[{\"type\":\"node\",\"count\":1,\"with\":[{\"type\":\"core\",\"count\":2}]}]")},
    {"request of 16 nodes",
     NODES (16,
            .request =
                "[{\"type\":\"node\",\"count\":16,\"with\":[{\"type\":\"core\",\"count\":1}]}]")},
    {"request of 16 whole nodes",
     NODES (16, .whole = true, .request = "[{\"type\":\"node\",\"count\":16,\"exclusive\":true}]")},
    {"request of 2 switches",
     NODES (8, .request =
                   "[{\"type\":\"switch\",\"count\":2,\"with\":[{\"type\":\"node\",\"count\":4,"
                   "\"with\":[{\"type\":\"core\",\"count\":1}]}]}]")},
    {"request of 1000 nodes",
     NODES (1000,
            .request =
                "[{\"type\":\"node\",\"count\":1000,\"with\":[{\"type\":\"core\",\"count\":1}]}]")},
};

static const struct cell cores[] = {
    {"1 node", NODES (1)},
    {"16 nodes", NODES (16)},
    {"16 whole nodes", NODES (16, .whole = true)},
    {"1000 nodes", NODES (1000)},
    {"9000 nodes", NODES (9000)},
};

static const struct cell devices[] = {
    {"--gres=gpu:1", NODES (1, .gres = "gpu:1")},
    {"--gres=gpu:2, 16 nodes", NODES (16, .gres = "gpu:2")},
    {"--gres=gpu:1, 1000 nodes", NODES (1000, .gres = "gpu:1")},
};

#define PART(part_name, part_what, part_cells, ...)                                                \
    {                                                                                              \
        .name = part_name, .what = part_what, .cells = part_cells, .n = COUNT (part_cells),        \
        .shape = {                                                                                 \
            .cores = 16,                                                                           \
            .sockets = 2,                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const struct cell_part *cell_part_at (size_t i)
{
    static const struct cell_part parts[] = {
        PART ("sizes", "Policy=low", sizes, .graph_conf = "Policy=low\n"),
        PART ("policies", "policies of the job's own, switches of 40 nodes", policies,
              .graph_conf = "Policy=low\n", .switch_size = 40),
        PART ("options", "options of Slurm; 4 GPUs a node", options, .graph_conf = "Policy=low\n",
              .memory = 64000, .gpus = 4),
        PART ("switches", "topology/tree, switches of 40 nodes", switches,
              .graph_conf = "Policy=low\n", .switch_size = 40),
        PART ("requests", "requests to the graph, beside as many nodes for cons_tres", requests,
              .graph_conf = "Policy=low\n", .switch_size = 40),
        PART ("others", "preemption, reservations of cores", others, .graph_conf = "Policy=low\n",
              .preempt = true),
        PART ("power", "a graph of the site's own, Constrain=power:watts", power,
              .graph_conf = "Policy=low\nConstrain=power:watts\n", .racks = 40),
        PART ("cores", "CoreChoice=graph", cores,
              .graph_conf = "Policy=low\nCores=each\nCoreChoice=graph\n"),
        PART ("devices", "GresChoice=graph; 4 GPUs a node", devices,
              .graph_conf = "Policy=low\nGresChoice=graph\n", .gpus = 4),
    };

    return i < COUNT (parts) ? &parts[i] : NULL;
}
