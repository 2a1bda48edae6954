/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * A slurmctld of which only the select plugin is real: nodes out of a slurm.conf, job records made
 * up, and select_graph above Slurm's own select_cons_tres.so, or that one alone. */

#ifndef FLUX_SIM_CTLD_H
#define FLUX_SIM_CTLD_H

#include SELECT_GRAPH_API

#include "select_graph/beneath.h"
#include "select_graph/site.h"

struct ctld_shape {
    uint32_t nodes;
    uint32_t cores, sockets;
    uint64_t memory;      // MB; 0: not accounted
    uint32_t switch_size; // nodes below a switch, 0: no switches
    uint32_t gpus;        // of a node
    uint16_t max_share;   // of the partition: 1 no, SHARED_FORCE | 4 ...
    bool preempt;
    const char *graph_conf; // text; NULL: no graph.conf
    const char *names;      // of the nodes; NULL: n1, n2 ...
    const char *site;       // JGF, for Graph= of graph.conf; NULL: none
    uint32_t racks;         // or one is made, with racks of so many nodes, PDUs and storage
};

struct ctld_job {
    uint32_t nodes_min, nodes_max;
    uint32_t tasks, cpus_per_task;
    bool whole;
    uint64_t memory; // MB a node
    uint32_t minutes;
    const char *policy;  // --graph-policy
    const char *request; // --graph-request, as JSON
    const char *gres;    // --gres, as "gpu:2"
    bool contiguous;
    uint32_t switches; // --switches
    bitstr_t *named;   // --nodelist; copied
};

/* Starts it all in a folder of its own, which ctld_end() removes. There can be one at a time. */
void ctld_start (const struct ctld_shape *shape);
void ctld_end (void);
/* The plugin ends and starts, and learns of all jobs again, as in a slurmctld that is restarted; or
 * only the latter, as at a reconfigure. */
void ctld_restart (void);
void ctld_reconfigure (void);

job_record_t *ctld_submit (const struct ctld_job *want);
/* job_test of ours, or of cons_tres alone; nodes NULL: all. 0 and *chosen, or an error. */
int ctld_test (job_record_t *job, uint16_t mode, bitstr_t *nodes, List candidates, List *preemptees,
               bool alone, bitstr_t **chosen);
/* From now on these cores are kept from all jobs that are tested; NULL: none. Not copied. */
void ctld_keep_away (api_exclusion_t *cores);
/* Submit, test, start: false when it can't run now (the record is gone then). */
job_record_t *ctld_run (const struct ctld_job *want, bitstr_t *nodes);
void ctld_start_job (job_record_t *job, bitstr_t *nodes);
void ctld_finish (job_record_t *job);
void ctld_suspend (job_record_t *job);
void ctld_resume (job_record_t *job);
/* Have two jobs a core in common? */
bool ctld_overlap (const job_record_t *a, const job_record_t *b);
void ctld_drop (job_record_t *job); // a pending one
bool ctld_shrink (job_record_t *job);

/* Ours, for looking inside; NULL: no graph. */
struct site *ctld_site (void);
/* What cons_tres has in its books of a node */
uint32_t ctld_cores_used (uint32_t node); // distinct cores in all rows
uint64_t ctld_memory_used (uint32_t node);
uint64_t ctld_devices_used (uint32_t node);
/* The cores in use as the graph sees them; the two must be equal. */
bool ctld_compare (char *text, size_t size);

#endif // !FLUX_SIM_CTLD_H
