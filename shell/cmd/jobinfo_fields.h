/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How the fields of a job are made of what job-list answers: one function a field, for the table in
 * jobinfo.c. They leave `v` empty when the job has no such thing. */

#ifndef FLUX_CMD_JOBINFO_FIELDS_H
#define FLUX_CMD_JOBINFO_FIELDS_H

#include <string.h>

#include "shell/cmd/jobinfo.h"

static inline double real_of (const json_t *job, const char *key)
{
    return json_number_value (json_object_get (job, key));
}

static inline int state_of (const json_t *job)
{
    return json_integer_value (json_object_get (job, "state"));
}

static inline int result_of (const json_t *job)
{
    return json_integer_value (json_object_get (job, "result"));
}

/* What follows the first dot, or "". */
static inline const char *after_dot (const char *field)
{
    const char *p = strchr (field, '.');
    return p ? p + 1 : "";
}

void jobget_annotation (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v);
void jobget_context_info (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v);
void jobget_context_time (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v);
void jobget_dependencies (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v);
void jobget_exception (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v);
void jobget_id (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_inactive_reason (struct jobinfo *ji, const json_t *job, const char *field,
                             struct fmt_value *v);
void jobget_instance (struct jobinfo *ji, const json_t *job, const char *field,
                      struct fmt_value *v);
void jobget_real (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_remaining (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v);
void jobget_result (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_returncode (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v);
void jobget_runtime (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_slurm (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_state (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_state_emoji (struct jobinfo *ji, const json_t *job, const char *field,
                         struct fmt_value *v);
void jobget_status (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_uri (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v);
void jobget_username (struct jobinfo *ji, const json_t *job, const char *field,
                      struct fmt_value *v);

/* A text made of parts, as the value. */
void jobget_printf (struct fmt_value *v, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

#endif /* !FLUX_CMD_JOBINFO_FIELDS_H */
