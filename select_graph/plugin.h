/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What Slurm looks up in select_graph.so, and the one state of the plugin. */

#ifndef FLUX_SELECT_GRAPH_PLUGIN_H
#define FLUX_SELECT_GRAPH_PLUGIN_H

#include "select_graph/beneath.h"

#define SELECT_EXPORT __attribute__ ((visibility ("default")))

SELECT_EXPORT int init (void);
SELECT_EXPORT int fini (void);
#define SELECT_DECLARE(type, name, params, args) SELECT_EXPORT type select_p_##name params;
SELECT_API_FORWARDED (SELECT_DECLARE)
SELECT_API_OWN (SELECT_DECLARE)
#undef SELECT_DECLARE
#define SELECT_DECLARE_CHANGING(name) SELECT_EXPORT void select_p_##name (job_record_t *job);
SELECT_API_CHANGING (SELECT_DECLARE_CHANGING)
#undef SELECT_DECLARE_CHANGING
SELECT_EXPORT int select_p_job_test API_JOB_TEST_PARAMS;

/* The plugin beneath, for a call that Slurm makes: from the first one on our plugin_id is that of
 * select/cons_tres, see plugin.c. */
const struct beneath *plugin_beneath (void);

/* What a running job has has changed. */
void plugin_job_changed (const job_record_t *job);

/* The graph of now, for tests; NULL: none. */
struct site *plugin_site (void);

#endif // !FLUX_SELECT_GRAPH_PLUGIN_H
