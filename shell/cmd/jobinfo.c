/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The fields of a job as `flux jobs` shows them. One table says for each field its heading, what
 * job-list must be asked for, and how it is made of the answer. */

#include "config.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <flux/job.h>

#include "lib/util/buf.h"
#include "lib/util/monotime.h"
#include "shell/cmd/fmt_internal.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/jobinfo_slurm.h"
#include "shell/cmd/term.h"

#define DEFAULT_HEAD "{id.f58:>12} ?:{queue:<8.8} +:{username:<8} {name:<10.10+} "
#define DEFAULT_TAIL "{ntasks:>6} {nnodes:>6h} {contextual_time!F:>8h} {contextual_info}"

const struct fmt_named jobinfo_formats[] = {
    {"default", "The columns of flux jobs without --format",
     DEFAULT_HEAD "{status_abbrev:>2.2} " DEFAULT_TAIL},
    {"cute", "Like default, the status as an emoji",
     DEFAULT_HEAD "{status_emoji:>5.5} " DEFAULT_TAIL},
    {"long", "With status in words, submit time and time left",
     DEFAULT_HEAD "{status:>9.9} {ntasks:>6} {nnodes:>6h} {t_submit!d:%b%d %R::>12} "
                  "{t_remaining!F:>12h} {contextual_time!F:>8h} {contextual_info}"},
    {"deps", "Urgency, priority, state and dependencies",
     "{id.f58:>12} ?:{queue:<8.8} {name:<10.10+} {urgency:<3} {priority:<12} {state:<8.8} "
     "{dependencies}"},
    {"endreason", "Why each job ended",
     DEFAULT_HEAD "{status_abbrev:>2.2} {t_inactive!d:%b%d %R::>12h} {inactive_reason}"},
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

static double real_of (const json_t *job, const char *key)
{
    return json_number_value (json_object_get (job, key));
}

static int state_of (const json_t *job)
{
    return json_integer_value (json_object_get (job, "state"));
}

static int result_of (const json_t *job)
{
    return json_integer_value (json_object_get (job, "result"));
}

/* What follows the first dot, or "". */
static const char *after_dot (const char *field)
{
    const char *p = strchr (field, '.');
    return p ? p + 1 : "";
}

static void get_id (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    flux_jobid_t id = json_integer_value (json_object_get (job, "id"));
    const char *type = after_dot (field);
    char buf[128];

    if (!json_object_get (job, "id")) { // the instance at the root of a tree
        fmt_set_str (v, ".");
        return;
    }
    if (strcmp (type, "dec") == 0) {
        snprintf (buf, sizeof (buf), "%llu", (unsigned long long)id);
        fmt_set_owned (v, strdup (buf));
        return;
    }
    if (flux_job_id_encode (id, *type ? type : "f58", buf, sizeof (buf)) < 0)
        return;
    fmt_set_owned (v, strdup (buf));
}

static void get_real (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    fmt_set_real (v, real_of (job, field));
}

static void get_username (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v)
{
    json_t *o = json_object_get (job, "userid");
    struct passwd *pw;

    if (!o)
        return;
    uint32_t uid = json_integer_value (o);
    if (!ji->last_user[0] || ji->last_uid != uid) {
        ji->last_uid = uid;
        if ((pw = getpwuid (uid)))
            snprintf (ji->last_user, sizeof (ji->last_user), "%s", pw->pw_name);
        else
            snprintf (ji->last_user, sizeof (ji->last_user), "%u", uid);
    }
    fmt_set_owned (v, strdup (ji->last_user)); // the cache may move on before it is used
}

static void get_state (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v)
{
    fmt_set_str (v, flux_job_statetostr (state_of (job), strcmp (field, "state") == 0 ? "L" : "S"));
}

static const char *state_emoji (int state)
{
    switch (state) {
    case FLUX_JOB_STATE_NEW:
        return "\U0001f381";
    case FLUX_JOB_STATE_DEPEND:
        return "\U0001f6d1";
    case FLUX_JOB_STATE_PRIORITY:
        return "\U0001f6a6";
    case FLUX_JOB_STATE_SCHED:
        return "\U0001f4c5";
    case FLUX_JOB_STATE_RUN:
        return "\U0001f3c3";
    case FLUX_JOB_STATE_CLEANUP:
        return "\U0001f5d1";
    default:
        return "\U0001f480";
    }
}

static const char *result_emoji (int result)
{
    bool utf8 = term_utf8 ();

    switch (result) {
    case FLUX_JOB_RESULT_COMPLETED:
        return utf8 ? "\U0001f600" : ":-)";
    case FLUX_JOB_RESULT_FAILED:
        return utf8 ? "\U0001f4a9" : ":'-(";
    case FLUX_JOB_RESULT_CANCELED:
        return utf8 ? "\U0001f4a5" : "%-|";
    case FLUX_JOB_RESULT_TIMEOUT:
        return utf8 ? "\u231b" : "(-_-)";
    default:
        return utf8 ? "\u3000" : "";
    }
}

static void get_state_emoji (struct jobinfo *ji, const json_t *job, const char *field,
                             struct fmt_value *v)
{
    if (term_utf8 ())
        fmt_set_str (v, state_emoji (state_of (job)));
    else
        fmt_set_str (v, flux_job_statetostr (state_of (job), "S"));
}

static void get_result (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v)
{
    int result = result_of (job);

    if (strcmp (field, "result_emoji") == 0)
        fmt_set_str (v, result_emoji (result));
    else if (result)
        fmt_set_str (v, flux_job_resulttostr (result, strcmp (field, "result") == 0 ? "L" : "S"));
}

/* The state of an active job, the result of one that is not. */
static void get_status (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v)
{
    bool emoji = strcmp (field, "status_emoji") == 0;
    const char *form = strcmp (field, "status") == 0 ? "L" : "S";

    if (state_of (job) == FLUX_JOB_STATE_INACTIVE)
        get_result (ji, job, emoji ? "result_emoji" : *form == 'L' ? "result" : "result_abbrev", v);
    else if (emoji)
        get_state_emoji (ji, job, field, v);
    else
        fmt_set_str (v, flux_job_statetostr (state_of (job), form));
}

static double runtime_of (const struct jobinfo *ji, const json_t *job)
{
    double run = real_of (job, "t_run"), cleanup = real_of (job, "t_cleanup");

    if (run <= 0)
        return 0;
    return (cleanup > 0 ? cleanup : ji->now) - run;
}

static void get_runtime (struct jobinfo *ji, const json_t *job, const char *field,
                         struct fmt_value *v)
{
    fmt_set_real (v, runtime_of (ji, job));
}

static void get_remaining (struct jobinfo *ji, const json_t *job, const char *field,
                           struct fmt_value *v)
{
    double left = 0;

    if (state_of (job) == FLUX_JOB_STATE_RUN && real_of (job, "expiration") > 0)
        left = real_of (job, "expiration") - ji->now;
    fmt_set_real (v, left > 0 ? left : 0);
}

/* The exit code, minus a signal, -128 for one that was canceled before it ran. False: none. */
static bool returncode_of (const json_t *job, int *code)
{
    json_t *o = json_object_get (job, "waitstatus");
    int result = result_of (job);

    if (!json_is_integer (o)) {
        *code = result == FLUX_JOB_RESULT_CANCELED ? -128 : 1;
        return result == FLUX_JOB_RESULT_CANCELED || result == FLUX_JOB_RESULT_FAILED;
    }
    int status = json_integer_value (o);
    *code = WIFSIGNALED (status) ? -WTERMSIG (status) : WEXITSTATUS (status);
    return true;
}

static void get_returncode (struct jobinfo *ji, const json_t *job, const char *field,
                            struct fmt_value *v)
{
    int code;

    if (returncode_of (job, &code))
        fmt_set_int (v, code);
}

static void get_exception (struct jobinfo *ji, const json_t *job, const char *field,
                           struct fmt_value *v)
{
    char key[64];

    snprintf (key, sizeof (key), "exception_%s", after_dot (field));
    fmt_set_json (v, json_object_get (job, key));
}

/* "begin-time=1700000000" reads better as a time of day. */
static void put_dependency (struct buf *b, const char *dep)
{
    char text[64];
    struct tm tm, now_tm;
    time_t now = time (NULL);

    if (strncmp (dep, "begin-time=", 11) != 0) {
        buf_puts (b, dep);
        return;
    }
    time_t t = (time_t)strtod (dep + 11, NULL);
    localtime_r (&t, &tm);
    localtime_r (&now, &now_tm);
    bool today = tm.tm_yday == now_tm.tm_yday && tm.tm_year == now_tm.tm_year;
    strftime (text, sizeof (text), today ? "begin@%H:%M" : "begin@%b%d-%H:%M", &tm);
    buf_puts (b, text);
    if (tm.tm_sec > 0)
        buf_printf (b, ":%02d", tm.tm_sec);
}

static char *dependencies_str (const json_t *job)
{
    struct buf b = {0};
    size_t i;
    json_t *o;

    json_array_foreach (json_object_get (job, "dependencies"), i, o)
    {
        if (i > 0)
            buf_putc (&b, ',');
        put_dependency (&b, json_is_string (o) ? json_string_value (o) : "");
    }
    return buf_steal (&b, NULL);
}

static void get_dependencies (struct jobinfo *ji, const json_t *job, const char *field,
                              struct fmt_value *v)
{
    fmt_set_owned (v, dependencies_str (job));
}

/* Walk "a.b.c" down from an object. */
static json_t *walk (json_t *o, const char *path)
{
    char key[64];

    while (o && *path) {
        size_t len = strcspn (path, ".");
        snprintf (key, sizeof (key), "%.*s", (int)len, path);
        o = json_object_get (o, key);
        path += len + (path[len] == '.');
    }
    return o;
}

static void get_annotation (struct jobinfo *ji, const json_t *job, const char *field,
                            struct fmt_value *v)
{
    bool whole = strncmp (field, "annotations", 11) == 0;

    fmt_set_json (v,
                  walk (json_object_get (job, "annotations"), whole ? after_dot (field) : field));
}

const char *jobinfo_uri (const json_t *job)
{
    return json_string_value (walk (json_object_get (job, "annotations"), "user.uri"));
}

/* ssh://host/tmp/flux-x/local-0 -> local:///tmp/flux-x/local-0 */
static void get_uri (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    const char *uri = jobinfo_uri (job);
    const char *path;
    char *s;

    if (!uri)
        return;
    if (strcmp (field, "uri.local") != 0 || strncmp (uri, "ssh://", 6) != 0 ||
        !(path = strchr (uri + 6, '/')))
        fmt_set_str (v, uri);
    else if (asprintf (&s, "local://%s", path) >= 0)
        fmt_set_owned (v, s);
}

static void get_context_time (struct jobinfo *ji, const json_t *job, const char *field,
                              struct fmt_value *v)
{
    bool pending = state_of (job) & FLUX_JOB_STATE_PENDING;

    fmt_set_real (v, pending ? real_of (job, "duration") : runtime_of (ji, job));
}

static void sched_info (const struct jobinfo *ji, const json_t *job, struct fmt_value *v)
{
    json_t *eta = walk (json_object_get (job, "annotations"), "sched.t_estimate");
    char text[64], *s;

    if (json_is_number (eta)) {
        double left = json_number_value (eta) - ji->now;
        if (left < 0)
            snprintf (text, sizeof (text), "now");
        else
            fmt_duration (left, text, sizeof (text));
        if (asprintf (&s, "eta:%s", text) >= 0)
            fmt_set_owned (v, s);
    } else if (json_is_integer (json_object_get (job, "urgency")) &&
               json_integer_value (json_object_get (job, "urgency")) == 0)
        fmt_set_str (v, "held");
    else if (json_is_integer (json_object_get (job, "priority")) &&
             json_integer_value (json_object_get (job, "priority")) == 0)
        fmt_set_str (v, "priority-hold");
}

/* Why it waits, or where it ran. */
static void get_context_info (struct jobinfo *ji, const json_t *job, const char *field,
                              struct fmt_value *v)
{
    char *deps, *s = NULL;

    switch (state_of (job)) {
    case FLUX_JOB_STATE_PRIORITY:
        fmt_set_str (v, "priority-wait");
        break;
    case FLUX_JOB_STATE_DEPEND:
        deps = dependencies_str (job);
        if (asprintf (&s, "depends:%s", deps ? deps : "") >= 0)
            fmt_set_owned (v, s);
        free (deps);
        break;
    case FLUX_JOB_STATE_SCHED:
        sched_info (ji, job, v);
        break;
    default:
        fmt_set_json (v, json_object_get (job, "nodelist"));
    }
}

static void set_printf (struct fmt_value *v, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));
static void set_printf (struct fmt_value *v, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start (ap, fmt);
    if (vasprintf (&s, fmt, ap) >= 0)
        fmt_set_owned (v, s);
    va_end (ap);
}

static void failed_reason (const json_t *job, struct fmt_value *v)
{
    const char *type = json_string_value (json_object_get (job, "exception_type"));
    const char *note = json_string_value (json_object_get (job, "exception_note"));
    json_t *severity = json_object_get (job, "exception_severity");
    int code = 1;

    if (json_is_true (json_object_get (job, "exception_occurred")) && type &&
        strcmp (type, "exec") != 0 && json_integer_value (severity) == 0) {
        set_printf (v, "Exception: type=%s%s%s", type, note && *note ? " note=" : "",
                    note ? note : "");
        return;
    }
    returncode_of (job, &code);
    if (code > 128)
        set_printf (v, "%s", strsignal (code - 128));
    else if (code == 126)
        fmt_set_str (v, "Command invoked cannot execute");
    else if (code == 127)
        fmt_set_str (v, "command not found");
    else if (code == 128)
        fmt_set_str (v, "Invalid argument to exit");
    else
        set_printf (v, "Exit %d", code);
}

static void get_inactive_reason (struct jobinfo *ji, const json_t *job, const char *field,
                                 struct fmt_value *v)
{
    const char *type = json_string_value (json_object_get (job, "exception_type"));
    const char *note = json_string_value (json_object_get (job, "exception_note"));
    int code = 0;

    if (state_of (job) != FLUX_JOB_STATE_INACTIVE)
        return;
    switch (result_of (job)) {
    case FLUX_JOB_RESULT_CANCELED:
        if (type && strcmp (type, "cancel") == 0 && note && *note)
            set_printf (v, "Canceled: %s", note);
        else
            fmt_set_str (v, "Canceled");
        break;
    case FLUX_JOB_RESULT_FAILED:
        failed_reason (job, v);
        break;
    case FLUX_JOB_RESULT_TIMEOUT:
        fmt_set_str (v, "Timeout");
        break;
    default:
        returncode_of (job, &code);
        set_printf (v, "Exit %d", code);
    }
}

static void ratio (struct fmt_value *v, json_t *part, json_t *all)
{
    if (json_number_value (all) > 0)
        fmt_set_real (v, json_number_value (part) / json_number_value (all));
}

/* What an instance that has ended has left as a note on its job. */
static json_t *noted_stats (const json_t *job)
{
    json_t *notes = walk (json_object_get (job, "annotations"), "user.jobs"), *n;
    const char *name;
    json_int_t total = 0;

    if (state_of (job) != FLUX_JOB_STATE_INACTIVE || !json_is_object (notes))
        return NULL;
    json_object_foreach (notes, name, n) total += json_integer_value (n);
    json_t *stats = json_copy (notes);
    json_object_set_new (stats, "inactive", json_integer (total));
    json_object_set_new (stats, "total", json_integer (total));
    return json_pack ("{s:o}", "stats", stats);
}

static void get_instance (struct jobinfo *ji, const json_t *job, const char *field,
                          struct fmt_value *v)
{
    json_t *o = json_object_get (job, "_instance"), *noted = NULL;
    const char *what = after_dot (field);

    if (!o && !(o = noted = noted_stats (job)))
        return;
    if (strcmp (what, "utilization") == 0)
        ratio (v, walk (o, "resources.allocated.ncores"), walk (o, "resources.all.ncores"));
    else if (strcmp (what, "gpu_utilization") == 0)
        ratio (v, walk (o, "resources.allocated.ngpus"), walk (o, "resources.all.ngpus"));
    else if (strcmp (what, "progress") == 0)
        ratio (v, walk (o, "stats.inactive"), walk (o, "stats.total"));
    else if (strcmp (what, "stats") == 0)
        set_printf (v, "PD:%lld R:%lld CD:%lld F:%lld",
                    (long long)json_integer_value (walk (o, "stats.pending")),
                    (long long)json_integer_value (walk (o, "stats.running")),
                    (long long)json_integer_value (walk (o, "stats.successful")),
                    (long long)json_integer_value (walk (o, "stats.failed")));
    else
        fmt_set_json (v, walk (o, what));
    json_decref (noted);
}

static void get_slurm (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v)
{
    jobinfo_get_slurm (job, field, v);
}

#define STATUS_ATTRS "state,result"
#define REASON_ATTRS                                                                               \
    "state,result,waitstatus,exception_occurred,exception_severity,exception_type,exception_note"

static const struct field fields[] = {
    {"id", "JOBID", "", get_id},
    {"id.", "JOBID", "", get_id},
    {"userid", "UID", "userid", NULL},
    {"username", "USER", "userid", get_username},
    {"urgency", "URG", "urgency", NULL},
    {"priority", "PRI", "priority", NULL},
    {"state", "STATE", "state", get_state},
    {"state_single", "S", "state", get_state},
    {"state_emoji", "STATE", "state", get_state_emoji},
    {"name", "NAME", "name", NULL},
    {"cwd", "CWD", "cwd", NULL},
    {"queue", "QUEUE", "queue", NULL},
    {"project", "PROJECT", "project", NULL},
    {"bank", "BANK", "bank", NULL},
    {"ntasks", "NTASKS", "ntasks", NULL},
    {"ncores", "NCORES", "ncores", NULL},
    {"duration", "DURATION", "duration", get_real},
    {"nnodes", "NNODES", "nnodes", NULL},
    {"expiration", "EXPIRATION", "expiration," STATUS_ATTRS, get_real},
    {"t_remaining", "T_REMAINING", "expiration," STATUS_ATTRS, get_remaining},
    {"ranks", "RANKS", "ranks", NULL},
    {"nodelist", "NODELIST", "nodelist", NULL},
    {"success", "SUCCESS", "success", NULL},
    {"result", "RESULT", "result", get_result},
    {"result_abbrev", "RS", "result", get_result},
    {"result_emoji", "RESULT", "result", get_result},
    {"t_submit", "T_SUBMIT", "t_submit", get_real},
    {"t_depend", "T_DEPEND", "t_depend", get_real},
    {"t_priority", "T_PRIORITY", "t_priority", get_real},
    {"t_sched", "T_SCHED", "t_sched", get_real},
    {"t_run", "T_RUN", "t_run", get_real},
    {"t_cleanup", "T_CLEANUP", "t_cleanup", get_real},
    {"t_inactive", "T_INACTIVE", "t_inactive", get_real},
    {"runtime", "RUNTIME", "t_run,t_cleanup", get_runtime},
    {"status", "STATUS", STATUS_ATTRS, get_status},
    {"status_abbrev", "ST", STATUS_ATTRS, get_status},
    {"status_emoji", "STATUS", STATUS_ATTRS, get_status},
    {"waitstatus", "WSTATUS", "waitstatus", NULL},
    {"returncode", "RC", "waitstatus,result", get_returncode},
    {"exception.occurred", "EXCEPTION-OCCURRED", "exception_occurred", get_exception},
    {"exception.severity", "EXCEPTION-SEVERITY", "exception_severity", get_exception},
    {"exception.type", "EXCEPTION-TYPE", "exception_type", get_exception},
    {"exception.note", "EXCEPTION-NOTE", "exception_note", get_exception},
    {"annotations", "ANNOTATIONS", "annotations", get_annotation},
    {"dependencies", "DEPENDENCIES", "dependencies", get_dependencies},
    {"contextual_info", "INFO", "state,dependencies,annotations,nodelist,priority,urgency",
     get_context_info},
    {"contextual_time", "TIME", "state,t_run,t_cleanup,duration", get_context_time},
    {"inactive_reason", "INACTIVE-REASON", REASON_ATTRS, get_inactive_reason},
    {"annotations.sched.t_estimate", "T_ESTIMATE", "annotations", get_annotation},
    {"annotations.sched.reason_pending", "REASON", "annotations", get_annotation},
    {"annotations.sched.resource_summary", "RESOURCES", "annotations", get_annotation},
    {"annotations.", NULL, "annotations", get_annotation},
    {"sched", "SCHED", "annotations", get_annotation},
    {"sched.t_estimate", "T_ESTIMATE", "annotations", get_annotation},
    {"sched.reason_pending", "REASON", "annotations", get_annotation},
    {"sched.resource_summary", "RESOURCES", "annotations", get_annotation},
    {"sched.", NULL, "annotations", get_annotation},
    {"user", "USER", "annotations", get_annotation},
    {"user.", NULL, "annotations", get_annotation},
    {"uri", "URI", "annotations", get_uri},
    {"uri.local", "URI", "annotations", get_uri},
    {"slurm.", NULL, "annotations," STATUS_ATTRS, get_slurm},
    {"instance.stats.total", "NJOBS", "annotations," STATUS_ATTRS, get_instance},
    {"instance.utilization", "CORE%", "annotations," STATUS_ATTRS, get_instance},
    {"instance.gpu_utilization", "GPU%", "annotations," STATUS_ATTRS, get_instance},
    {"instance.progress", "PROG", "annotations," STATUS_ATTRS, get_instance},
    {"instance.", NULL, "annotations," STATUS_ATTRS, get_instance},
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
