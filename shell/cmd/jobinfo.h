/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What can be said about a job, from the object that job-list answers (RFC 43): the fields of
 * `flux jobs --format`, and the object of `flux jobs --json`. */

#ifndef FLUX_CMD_JOBINFO_H
#define FLUX_CMD_JOBINFO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shell/cmd/fmtconf.h"

struct jobinfo {
    double now;        // seconds since the epoch; running times are counted to here
    uint32_t last_uid; // cache of one
    char last_user[64];
    bool color;
    char heading[64]; // of a field that is not in the table
};

void jobinfo_init (struct jobinfo *ji, bool color);

/* A source whose items are `const json_t *` job objects. ji must outlive it. */
struct fmt_source jobinfo_source (struct jobinfo *ji);

/* Add to the array `attrs` what job-list must be asked for to know the field. */
int jobinfo_add_attrs (json_t *attrs, const char *field);

/* True for instance.*, which needs jobinfo_set_instance(). */
bool jobinfo_needs_instance (const char *field);

/* Hang the numbers of a job's own instance on the job: {"stats":{},"resources":{}} */
void jobinfo_set_instance (json_t *job, json_t *instance);

/* The object that --json prints; the caller frees it. */
json_t *jobinfo_to_json (struct jobinfo *ji, const json_t *job);

/* FLUX_URI of the instance that the job is, or NULL. */
const char *jobinfo_uri (const json_t *job);

/* The value of one field, which must be one that jobinfo_source() has a heading for. */
void jobinfo_get (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);

/* One field as a string; the caller frees it. */
char *jobinfo_string (struct jobinfo *ji, const json_t *job, const char *field);

#define JOBINFO_HEAD "{id.f58:>12} ?:{queue:<8.8} +:{username:<8} {name:<10.10+} "
#define JOBINFO_TAIL "{ntasks:>6} {nnodes:>6h} {contextual_time!F:>8h} {contextual_info}"
#define JOBINFO_FORMAT_DEFAULT JOBINFO_HEAD "{status_abbrev:>2.2} " JOBINFO_TAIL
#define JOBINFO_FORMAT_LONG                                                                        \
    JOBINFO_HEAD "{status:>9.9} {ntasks:>6} {nnodes:>6h} {t_submit!d:%b%d %R::>12} "               \
                 "{t_remaining!F:>12h} {contextual_time!F:>8h} {contextual_info}"
#define JOBINFO_FORMAT_DEPS                                                                        \
    "{id.f58:>12} ?:{queue:<8.8} {name:<10.10+} {urgency:<3} {priority:<12} {state:<8.8} "         \
    "{dependencies}"

/* The named formats of flux jobs. */
extern const struct fmt_named jobinfo_formats[];

#endif /* !FLUX_CMD_JOBINFO_H */
