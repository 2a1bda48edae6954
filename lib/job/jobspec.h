/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec (RFC 14; version 1: RFC 25), decoded once and checked as a whole. All members may be
 * read; strings and JSON belong to the jobspec. Making one from command line facts:
 * jobspec_build.h. */

#ifndef FLUX_JOB_JOBSPEC_H
#define FLUX_JOB_JOBSPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/job/count.h"
#include "lib/util/buf.h"

/* What a jobspec says that needs more than version 1 can express. */
#define JOBSPEC_VERSION_CANONICAL 9999

enum jobspec_exclusive { JOBSPEC_EXCLUSIVE_UNSET, JOBSPEC_EXCLUSIVE_FALSE, JOBSPEC_EXCLUSIVE_TRUE };

struct jobspec_vertex {
    const char *type;
    const char *label;  // NULL: none
    const char *unit;   // NULL: none
    const char *id;     // NULL: none
    struct count count; // version 1: gpu may be 0
    enum jobspec_exclusive exclusive;
    uint32_t total;              // of them in all, with all that it is in
    struct jobspec_vertex *with; // first child
    struct jobspec_vertex *next; // sibling
};

enum jobspec_task_count { JOBSPEC_TASKS_PER_SLOT, JOBSPEC_TASKS_TOTAL, JOBSPEC_TASKS_PER_RESOURCE };

struct jobspec_task {
    const json_t *command; // array of at least one string
    const char *slot;      // a label; any other means the only slot
    enum jobspec_task_count kind;
    uint32_t count;
    const char *resource;     // of JOBSPEC_TASKS_PER_RESOURCE
    const char *distribution; // NULL: none
    const json_t *attributes; // NULL: none
};

/* Sums over the resource graph, ranges counted with their minimum. */
struct jobspec_counts {
    uint32_t nnodes; // 0: no node in the graph
    uint32_t nslots; // in all
    uint32_t ncores; // in all; 0: no core in the graph (whole nodes)
    uint32_t ngpus;
    uint32_t slot_cores; // in one slot (the first, if there are different ones)
    uint32_t slot_gpus;
    uint32_t slots_per_node; // 0: slots are not within nodes
    bool exclusive;          // whole nodes were asked for
    bool fixed;              // no count is a range
};

struct jobspec {
    json_t *json; // what was decoded
    int version;
    struct jobspec_vertex *resources; // first at the top level
    size_t nvertices;
    struct jobspec_task *tasks;
    size_t ntasks; // descriptors; see jobspec_task_total()
    struct jobspec_counts counts;

    /* Attributes; NULL (0 for numbers) when absent. */
    double duration;          // seconds; 0: not limited
    double preemptible_after; // -1: never
    const char *queue;
    const char *bank;
    const char *project;
    const char *cwd;
    const char *name;      // system.job.name
    json_t *environment;   // object of strings and nulls
    json_t *dependencies;  // array of objects (RFC 26)
    json_t *constraints;   // object (RFC 31)
    json_t *shell_options; // object
    json_t *files;         // object (RFC 37)
    json_t *system;        // the whole of attributes.system
    json_t *user;
    const char *per_resource; // shell option per-resource: "node" or "core"
    uint32_t per_resource_count;

    struct jobspec_vertex *vertex; // where all vertices are
    bool any_slot;                 // jobspec_request_from_json()
};

/* Decode and check. A jobspec of version 1 must be as RFC 25 says (see also jobspec_is_v1_graph()),
 * any other as RFC 14 says. NULL with EINVAL, EFBIG or ENOMEM and a sentence that says where. */
struct jobspec *jobspec_decode (const char *s, size_t len, flux_error_t *errp);

/* The same with decoded JSON, of which a reference is taken. It must not change afterwards. */
struct jobspec *jobspec_from_json (json_t *o, flux_error_t *errp);

/* The same for who only matches and runs nothing: labels may be there twice, and tasks may name a
 * slot that is not there, which count for none in jobspec_task_total(). */
struct jobspec *jobspec_request_from_json (json_t *o, flux_error_t *errp);

/* The same, but the environment, most of the text of a usual jobspec, is only checked and left as
 * text: env lies in s. js->environment is then an empty object. Where that cannot be done
 * everything is decoded, and env is NULL. */
struct jobspec *jobspec_decode_lean (const char *s, size_t len, const char **env, size_t *env_len,
                                     flux_error_t *errp);

/* Only find it, in a text that has been decoded with it before. False: decode again. */
bool jobspec_find_environment (const char *s, size_t len, const char **env, size_t *env_len);

/* The same as jobspec_decode_lean(); one whose text differs from the last one's in nothing but the
 * environment is not decoded again (then *same is true). The jobspec is the cache's: it lives until
 * the next call, and who changes it clears the cache afterwards. All zero is an empty cache. */
struct jobspec_cache {
    struct jobspec *js;
    struct buf text; // without environment; empty: not to be used again
};
struct jobspec *jobspec_decode_cached (struct jobspec_cache *cache, const char *s, size_t len,
                                       const char **env, size_t *env_len, bool *same,
                                       flux_error_t *errp);
void jobspec_cache_clear (struct jobspec_cache *cache);

void jobspec_destroy (struct jobspec *js);

/* Append compact text. */
void jobspec_encode_buf (struct buf *b, const struct jobspec *js);

/* How many tasks it asks for, all descriptors together, on nnodes nodes with ncores cores (what
 * per-resource counts depend on). */
uint32_t jobspec_task_total (const struct jobspec *js, uint32_t nnodes, uint32_t ncores);

/* Are the resources one of the graphs of RFC 25: [node >] slot > core [, gpu], integers as counts?
 */
bool jobspec_is_v1_graph (const struct jobspec *js);

/* Name of the job for people: system.job.name, else the last part of the command's path. */
const char *jobspec_job_name (const struct jobspec *js);

/* Apply the context of a jobspec-update event (RFC 21): dotted keys and values. A new jobspec; js
 * stays as it is. */
struct jobspec *jobspec_update (const struct jobspec *js, const json_t *context,
                                flux_error_t *errp);

#endif /* !FLUX_JOB_JOBSPEC_H */
