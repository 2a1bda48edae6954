/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Fields of a job: its state and result, and why it ended so. */

#include "config.h"

#include <sys/wait.h>
#include <flux/job.h>

#include "shell/cmd/jobinfo_fields.h"
#include "shell/cmd/term.h"

void jobget_state (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
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

void jobget_state_emoji (struct jobinfo *ji, const json_t *job, const char *field,
                         struct fmt_value *v)
{
    if (term_utf8 ())
        fmt_set_str (v, state_emoji (state_of (job)));
    else
        fmt_set_str (v, flux_job_statetostr (state_of (job), "S"));
}

void jobget_result (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    int result = result_of (job);

    if (strcmp (field, "result_emoji") == 0)
        fmt_set_str (v, result_emoji (result));
    else if (result)
        fmt_set_str (v, flux_job_resulttostr (result, strcmp (field, "result") == 0 ? "L" : "S"));
}

/* The state of an active job, the result of one that is not. */
void jobget_status (struct jobinfo *ji, const json_t *job, const char *field, struct fmt_value *v)
{
    bool emoji = strcmp (field, "status_emoji") == 0;
    const char *form = strcmp (field, "status") == 0 ? "L" : "S";

    if (state_of (job) == FLUX_JOB_STATE_INACTIVE)
        jobget_result (ji, job,
                       emoji          ? "result_emoji"
                       : *form == 'L' ? "result"
                                      : "result_abbrev",
                       v);
    else if (emoji)
        jobget_state_emoji (ji, job, field, v);
    else
        fmt_set_str (v, flux_job_statetostr (state_of (job), form));
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

void jobget_returncode (struct jobinfo *ji, const json_t *job, const char *field,
                        struct fmt_value *v)
{
    int code;

    if (returncode_of (job, &code))
        fmt_set_int (v, code);
}

void jobget_exception (struct jobinfo *ji, const json_t *job, const char *field,
                       struct fmt_value *v)
{
    char key[64];

    snprintf (key, sizeof (key), "exception_%s", after_dot (field));
    fmt_set_json (v, json_object_get (job, key));
}

static void failed_reason (const json_t *job, struct fmt_value *v)
{
    const char *type = json_string_value (json_object_get (job, "exception_type"));
    const char *note = json_string_value (json_object_get (job, "exception_note"));
    json_t *severity = json_object_get (job, "exception_severity");
    int code = 1;

    if (json_is_true (json_object_get (job, "exception_occurred")) && type &&
        strcmp (type, "exec") != 0 && json_integer_value (severity) == 0) {
        jobget_printf (v, "Exception: type=%s%s%s", type, note && *note ? " note=" : "",
                       note ? note : "");
        return;
    }
    returncode_of (job, &code);
    if (code > 128)
        jobget_printf (v, "%s", strsignal (code - 128));
    else if (code == 126)
        fmt_set_str (v, "Command invoked cannot execute");
    else if (code == 127)
        fmt_set_str (v, "command not found");
    else if (code == 128)
        fmt_set_str (v, "Invalid argument to exit");
    else
        jobget_printf (v, "Exit %d", code);
}

void jobget_inactive_reason (struct jobinfo *ji, const json_t *job, const char *field,
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
            jobget_printf (v, "Canceled: %s", note);
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
        jobget_printf (v, "Exit %d", code);
    }
}
