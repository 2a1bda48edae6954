/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The fields of a job as `flux jobs` shows them. One table says for each field its heading, what
 * job-list must be asked for, and how it is made of the answer. */

#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "lib/util/monotime.h"
#include "shell/cmd/fmt_internal.h"
#include "shell/cmd/jobinfo_fields.h"
#include "shell/cmd/jobinfo_slurm.h"

const struct fmt_named jobinfo_formats[] = {
    {"default", "The columns of flux jobs without --format", JOBINFO_FORMAT_DEFAULT},
    {"cute", "Like default, the status as an emoji",
     JOBINFO_HEAD "{status_emoji:>5.5} " JOBINFO_TAIL},
    {"long", "With status in words, submit time and time left", JOBINFO_FORMAT_LONG},
    {"deps", "Urgency, priority, state and dependencies", JOBINFO_FORMAT_DEPS},
    {"endreason", "Why each job ended",
     JOBINFO_HEAD "{status_abbrev:>2.2} {t_inactive!d:%b%d %R::>12h} {inactive_reason}"},
    {0},
};

typedef void (*get_f) (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v);

struct field {
    const char *name; // a name that ends in '.' stands for all that begin so
    const char *heading;
    const char *attrs; // comma-separated
    get_f get;         // NULL: the attribute of that name as it is
};

#define STATUS_ATTRS "state,result"
#define REASON_ATTRS                                                                               \
    "state,result,waitstatus,exception_occurred,exception_severity,exception_type,exception_note"

static const struct field fields[] = {
    {"id", "JOBID", "", jobget_id},
    {"id.", "JOBID", "", jobget_id},
    {"userid", "UID", "userid", NULL},
    {"username", "USER", "userid", jobget_username},
    {"urgency", "URG", "urgency", NULL},
    {"priority", "PRI", "priority", NULL},
    {"state", "STATE", "state", jobget_state},
    {"state_single", "S", "state", jobget_state},
    {"state_emoji", "STATE", "state", jobget_state_emoji},
    {"name", "NAME", "name", NULL},
    {"cwd", "CWD", "cwd", NULL},
    {"queue", "QUEUE", "queue", NULL},
    {"project", "PROJECT", "project", NULL},
    {"bank", "BANK", "bank", NULL},
    {"ntasks", "NTASKS", "ntasks", NULL},
    {"ncores", "NCORES", "ncores", NULL},
    {"duration", "DURATION", "duration", jobget_real},
    {"nnodes", "NNODES", "nnodes", NULL},
    {"expiration", "EXPIRATION", "expiration," STATUS_ATTRS, jobget_real},
    {"t_remaining", "T_REMAINING", "expiration," STATUS_ATTRS, jobget_remaining},
    {"ranks", "RANKS", "ranks", NULL},
    {"nodelist", "NODELIST", "nodelist", NULL},
    {"success", "SUCCESS", "success", NULL},
    {"result", "RESULT", "result", jobget_result},
    {"result_abbrev", "RS", "result", jobget_result},
    {"result_emoji", "RESULT", "result", jobget_result},
    {"t_submit", "T_SUBMIT", "t_submit", jobget_real},
    {"t_depend", "T_DEPEND", "t_depend", jobget_real},
    {"t_priority", "T_PRIORITY", "t_priority", jobget_real},
    {"t_sched", "T_SCHED", "t_sched", jobget_real},
    {"t_run", "T_RUN", "t_run", jobget_real},
    {"t_cleanup", "T_CLEANUP", "t_cleanup", jobget_real},
    {"t_inactive", "T_INACTIVE", "t_inactive", jobget_real},
    {"runtime", "RUNTIME", "t_run,t_cleanup", jobget_runtime},
    {"status", "STATUS", STATUS_ATTRS, jobget_status},
    {"status_abbrev", "ST", STATUS_ATTRS, jobget_status},
    {"status_emoji", "STATUS", STATUS_ATTRS, jobget_status},
    {"waitstatus", "WSTATUS", "waitstatus", NULL},
    {"returncode", "RC", "waitstatus,result", jobget_returncode},
    {"exception.occurred", "EXCEPTION-OCCURRED", "exception_occurred", jobget_exception},
    {"exception.severity", "EXCEPTION-SEVERITY", "exception_severity", jobget_exception},
    {"exception.type", "EXCEPTION-TYPE", "exception_type", jobget_exception},
    {"exception.note", "EXCEPTION-NOTE", "exception_note", jobget_exception},
    {"annotations", "ANNOTATIONS", "annotations", jobget_annotation},
    {"dependencies", "DEPENDENCIES", "dependencies", jobget_dependencies},
    {"contextual_info", "INFO", "state,dependencies,annotations,nodelist,priority,urgency",
     jobget_context_info},
    {"contextual_time", "TIME", "state,t_run,t_cleanup,duration", jobget_context_time},
    {"inactive_reason", "INACTIVE-REASON", REASON_ATTRS, jobget_inactive_reason},
    {"annotations.sched.t_estimate", "T_ESTIMATE", "annotations", jobget_annotation},
    {"annotations.sched.reason_pending", "REASON", "annotations", jobget_annotation},
    {"annotations.sched.resource_summary", "RESOURCES", "annotations", jobget_annotation},
    {"annotations.", NULL, "annotations", jobget_annotation},
    {"sched", "SCHED", "annotations", jobget_annotation},
    {"sched.t_estimate", "T_ESTIMATE", "annotations", jobget_annotation},
    {"sched.reason_pending", "REASON", "annotations", jobget_annotation},
    {"sched.resource_summary", "RESOURCES", "annotations", jobget_annotation},
    {"sched.", NULL, "annotations", jobget_annotation},
    {"user", "USER", "annotations", jobget_annotation},
    {"user.", NULL, "annotations", jobget_annotation},
    {"uri", "URI", "annotations", jobget_uri},
    {"uri.local", "URI", "annotations", jobget_uri},
    {"slurm.", NULL, "annotations," STATUS_ATTRS, jobget_slurm},
    {"instance.stats.total", "NJOBS", "annotations," STATUS_ATTRS, jobget_instance},
    {"instance.utilization", "CORE%", "annotations," STATUS_ATTRS, jobget_instance},
    {"instance.gpu_utilization", "GPU%", "annotations," STATUS_ATTRS, jobget_instance},
    {"instance.progress", "PROG", "annotations," STATUS_ATTRS, jobget_instance},
    {"instance.", NULL, "annotations," STATUS_ATTRS, jobget_instance},
    {0},
};

static const struct field *find_field (const char *name)
{
    for (const struct field *f = fields; f->name; f++) {
        size_t len = strlen (f->name);
        if (strcmp (f->name, name) == 0 ||
            (f->name[len - 1] == '.' && strncmp (f->name, name, len) == 0 && name[len]))
            return f;
    }
    return NULL;
}

static bool valid_id_form (const char *form)
{
    static const char *const forms[] = {"dec",   "hex", "f58",   "f58plain",
                                        "emoji", "kvs", "words", "dothex"};

    for (size_t i = 0; i < sizeof (forms) / sizeof (forms[0]); i++)
        if (strcmp (forms[i], form) == 0)
            return true;
    return false;
}

static const char *upper (struct jobinfo *ji, const char *name)
{
    size_t i;

    for (i = 0; name[i] && i < sizeof (ji->heading) - 1; i++)
        ji->heading[i] = toupper ((unsigned char)name[i]);
    ji->heading[i] = '\0';
    return ji->heading;
}

static const char *instance_heading (struct jobinfo *ji, const char *name)
{
    static const char *const map[][2] = {
        {"all.ncores", "CORES"}, {"all.ngpus", "GPUS"},  {"all.nnodes", "NODES"}, {"up.", "UP"},
        {"down.", "DOWN"},       {"allocated.", "USED"}, {"free.", "FREE"},
    };
    const char *what = after_dot (name);

    if (strncmp (what, "resources.", 10) != 0)
        return upper (ji, what);
    for (size_t i = 0; i < sizeof (map) / sizeof (map[0]); i++)
        if (strncmp (what + 10, map[i][0], strlen (map[i][0])) == 0)
            return map[i][1];
    return upper (ji, what + 10);
}

static const char *heading (const char *name, void *arg)
{
    struct jobinfo *ji = arg;
    const struct field *f = find_field (name);

    if (!f || (strncmp (name, "id.", 3) == 0 && !valid_id_form (name + 3)))
        return NULL;
    if (f->heading)
        return f->heading;
    if (strncmp (name, "slurm.", 6) == 0)
        return jobinfo_slurm_heading (name);
    if (strncmp (name, "instance.", 9) == 0)
        return instance_heading (ji, name);
    return upper (ji, strncmp (name, "annotations.", 12) == 0 ? name + 12 : name);
}

static void get (const void *item, const char *name, struct fmt_value *v, void *arg)
{
    const struct field *f = find_field (name);

    if (f->get)
        f->get (arg, item, name, v);
    else
        fmt_set_json (v, json_object_get (item, name));
}

static const char *color_of (const json_t *job)
{
    switch (result_of (job)) {
    case FLUX_JOB_RESULT_COMPLETED:
        return "\033[01;32m";
    case FLUX_JOB_RESULT_FAILED:
    case FLUX_JOB_RESULT_TIMEOUT:
        return "\033[01;31m";
    case FLUX_JOB_RESULT_CANCELED:
        return "\033[37m";
    default:
        return jobinfo_uri (job) ? "\033[01;34m" : NULL;
    }
}

static void color_begin (const void *item, FILE *f, void *arg)
{
    const char *color = color_of (item);

    if (color)
        fputs (color, f);
}

static void color_end (const void *item, FILE *f, void *arg)
{
    if (color_of (item))
        fputs ("\033[0;0m", f);
}

void jobinfo_init (struct jobinfo *ji, bool color)
{
    *ji = (struct jobinfo){.now = walltime_now (), .color = color};
}

struct fmt_source jobinfo_source (struct jobinfo *ji)
{
    return (struct fmt_source){
        .heading = heading,
        .get = get,
        .before = ji->color ? color_begin : NULL,
        .after = ji->color ? color_end : NULL,
        .arg = ji,
    };
}

bool jobinfo_needs_instance (const char *field)
{
    return strncmp (field, "instance.", 9) == 0;
}

void jobinfo_set_instance (json_t *job, json_t *instance)
{
    json_object_set_new (job, "_instance", instance);
}

static bool has_string (const json_t *array, const char *s, size_t len)
{
    size_t i;
    json_t *o;

    json_array_foreach (array, i, o)
    {
        const char *have = json_string_value (o);
        if (have && strlen (have) == len && strncmp (have, s, len) == 0)
            return true;
    }
    return false;
}

int jobinfo_add_attrs (json_t *attrs, const char *name)
{
    const struct field *f = find_field (name);
    const char *p = f ? f->attrs : "";

    while (*p) {
        size_t len = strcspn (p, ",");
        if (!has_string (attrs, p, len) && json_array_append_new (attrs, json_stringn (p, len)) < 0)
            return -1;
        p += len + (p[len] == ',');
    }
    return 0;
}

void jobinfo_get (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    get (job, field, v, ji);
}

char *jobinfo_string (struct jobinfo *ji, const json_t *job, const char *field)
{
    struct fmt_value v = {0};

    get (job, field, &v, ji);
    char *s = fmt_render (&v, 0, NULL, NULL);
    fmt_value_clear (&v);
    return s;
}
