/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a job shell knows of its job: the start request, understood. */

#ifndef FLUX_SHELL_INFO_H
#define FLUX_SHELL_INFO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/taskmap.h>
#include <flux/types.h>

struct shell_info {
    json_t *request; // what the following point into
    json_t *jobspec;
    json_t *R;
    json_t *attrs;       // of the broker; an object
    json_t *command;     // array of strings, not empty
    json_t *environment; // object; where it is empty there may be
    char *environ_text;  // this instead, as jsonscan_is_environment() wants it; or NULL
    json_t *options;     // attributes.system.shell.options; an object
    json_t *files;       // attributes.system.files, or NULL
    const char *cwd;     // NULL: where the broker is
    const char *name;    // of the job: its own, or that of the command

    uint64_t id;
    char id_f58[32];
    char id_plain[32]; // F58 in ASCII
    uint32_t userid;
    int shell_rank;
    int nshells;
    uint32_t leader_rank; // broker ranks
    uint32_t broker_rank;
    char *hostname; // as the instance names this node, or NULL

    struct taskmap *map;
    int ntasks;
    int nlocal;
    int *taskids; // global ranks of the local tasks, ascending

    char *cores; // of this job on this node, idset strings; "" is none
    char *gpus;
    int ncores;
    int ngpus;
    double expiration; // seconds since the epoch; 0: none
};

#define SHELL_NSHELLS_MAX (1024 * 1024)

struct shell_known;

/* NULL with errno and errp. known: see request.h, may be NULL. */
struct shell_info *shell_info_create (const char *request, size_t len, struct shell_known *known,
                                      flux_error_t *errp);
void shell_info_destroy (struct shell_info *info);

/* An attribute of the broker, or NULL. */
const char *shell_info_attr (const struct shell_info *info, const char *name);

/* Is it the word "none"? */
bool shell_info_is_none (const struct shell_info *info, const char *path);

/* An option by its dotted path ("output.stdout.type"), or NULL. A boolean option is on when it is
 * there and neither false nor 0; a string stands for itself, a number for a string as well. */
json_t *shell_info_option (const struct shell_info *info, const char *path);
bool shell_info_flag (const struct shell_info *info, const char *path);

/* A duration in seconds: a number, or a string of RFC 23. -1 with EINVAL when it is neither. */
int shell_info_duration (const struct shell_info *info, const char *path, double *value);

#endif /* !FLUX_SHELL_INFO_H */
