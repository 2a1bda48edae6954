/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * job_test: the graph chooses, the plugin beneath verifies and books. */

#ifndef FLUX_SELECT_GRAPH_CHOOSE_H
#define FLUX_SELECT_GRAPH_CHOOSE_H

#include "select_graph/beneath.h"
#include "select_graph/site.h"

/* What the last job that was told to run got beyond its nodes. Slurm starts it, if it does, before
 * it asks again. */
struct chosen {
    const job_record_t *job; // only compared; NULL: none
    struct site_extra *extra;
    size_t n;
    struct site_devices *devices;
    size_t ndevices;
};

struct chooser {
    const struct beneath *beneath;
    const struct graph_conf *conf;
    struct site *site;
    struct chosen last;
    time_t ends_read; // when the ends of the running jobs were last looked up
};

int choose_job_test (struct chooser *c, struct api_test *test);
void chosen_clear (struct chosen *last);

#endif // !FLUX_SELECT_GRAPH_CHOOSE_H
