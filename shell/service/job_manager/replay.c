/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job from its eventlog, see replay.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/eventlog.h"
#include "lib/job/rv1.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/replay.h"

struct replay {
    struct job *job;
    const char *R;
    char **summary; // or NULL
    double time;    // of the event
    flux_error_t *errp;
};

static int invalid (struct replay *r, const char *why)
{
    errno = EINVAL;
    return errprintf (r->errp, "%s", why);
}

static int on_submit (struct replay *r, json_t *context)
{
    int urgency, flags;
    json_int_t userid;

    if (json_unpack (context, "{s:I s:i s:i}", "userid", &userid, "urgency", &urgency, "flags",
                     &flags) < 0 ||
        userid < 0 || userid > UINT32_MAX || urgency < URGENCY_HOLD || urgency > URGENCY_EXPEDITE)
        return invalid (r, "the submit event is malformed");
    r->job->userid = userid;
    r->job->urgency = urgency;
    r->job->flags = flags;
    r->job->t_submit = r->time;
    return 0;
}

static int on_dependency_add (struct replay *r, json_t *context)
{
    const char *text = json_string_value (json_object_get (context, "description"));

    if (!text)
        return invalid (r, "the dependency-add event is malformed");
    return job_add_dependency (r->job, text);
}

static int on_dependency_remove (struct replay *r, json_t *context)
{
    const char *text = json_string_value (json_object_get (context, "description"));

    if (!text)
        return invalid (r, "the dependency-remove event is malformed");
    job_remove_dependency (r->job, text);
    return 0;
}

static int on_priority (struct replay *r, json_t *context)
{
    json_int_t priority;

    if (json_unpack (context, "{s:I}", "priority", &priority) < 0 || priority < PRIORITY_MIN ||
        priority > PRIORITY_MAX)
        return invalid (r, "the priority event is malformed");
    r->job->priority = priority;
    return 0;
}

static int on_urgency (struct replay *r, json_t *context)
{
    int urgency;

    if (json_unpack (context, "{s:i}", "urgency", &urgency) < 0 || urgency < URGENCY_HOLD ||
        urgency > URGENCY_EXPEDITE)
        return invalid (r, "the urgency event is malformed");
    r->job->urgency = urgency;
    return 0;
}

static int on_jobspec_update (struct replay *r, json_t *context)
{
    r->job->updated = true;
    return 0;
}

static int on_resource_update (struct replay *r, json_t *context)
{
    double expiration;

    if (json_unpack (context, "{s:F}", "expiration", &expiration) == 0)
        r->job->expiration = expiration;
    return 0;
}

static int on_flux_restart (struct replay *r, json_t *context)
{
    r->job->priority = -1;
    return 0;
}

static char *encode_ranks (const struct rv1 *rv)
{
    struct idset *ids = rv1_ranks (rv);
    char *text = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    idset_destroy (ids);
    return text;
}

static char *encode_hosts (const struct rv1 *rv)
{
    struct hostlist *hl = rv1_nodelist (rv);
    char *text = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return text;
}

static void take_summary (struct replay *r, json_t *context)
{
    const char *text;

    if (r->summary && json_unpack (context, "{s:{s:{s:s}}}", "annotations", "sched",
                                   "resource_summary", &text) == 0) {
        free (*r->summary);
        *r->summary = strdup (text);
    }
}

static int on_alloc (struct replay *r, json_t *context)
{
    struct job *job = r->job;
    struct rv1 *rv = r->R ? rv1_decode (r->R, strlen (r->R), r->errp) : NULL;

    if (!rv)
        return r->R ? -1 : invalid (r, "resources were allocated, but there is no R");
    free (job->ranks);
    free (job->nodelist);
    job->ranks = encode_ranks (rv);
    job->nodelist = encode_hosts (rv);
    job->nnodes = rv->nnodes;
    job->ncores = rv1_ncores (rv);
    job->expiration = rv->expiration;
    job->live->has_resources = true;
    take_summary (r, context);
    rv1_destroy (rv);
    if (job->ranks && job->nodelist)
        return 0;
    errno = ENOMEM;
    return errprintf (r->errp, "out of memory");
}

static int on_exception (struct replay *r, json_t *context)
{
    const char *type, *note = NULL;
    int severity;

    if (json_unpack (context, "{s:s s:i s?s}", "type", &type, "severity", &severity, "note",
                     &note) < 0)
        return invalid (r, "the exception event is malformed");
    job_set_exception (r->job, type, severity, note);
    return 0;
}

static int on_finish (struct replay *r, json_t *context)
{
    int status;

    if (json_unpack (context, "{s:i}", "status", &status) < 0)
        return invalid (r, "the finish event is malformed");
    r->job->finished = true;
    r->job->wait_status = status;
    return 0;
}

/* Actions that have begun and not ended are remembered. */
static int on_action (struct replay *r, json_t *context, const char *kind, bool start)
{
    const char *text = json_string_value (json_object_get (context, "description"));
    json_t **list = &r->job->live->cut_off, *entry;
    size_t i;

    if (!text)
        return invalid (r, "an event of a prolog or epilog is malformed");
    if (start) {
        if (!*list)
            *list = json_array ();
        return json_array_append_new (*list, json_pack ("[s s]", kind, text));
    }
    json_array_foreach (*list, i, entry)
    {
        if (strcmp (json_string_value (json_array_get (entry, 0)), kind) == 0 &&
            strcmp (json_string_value (json_array_get (entry, 1)), text) == 0) {
            json_array_remove (*list, i);
            break;
        }
    }
    return 0;
}

static int on_prolog_start (struct replay *r, json_t *context)
{
    return on_action (r, context, "prolog", true);
}

static int on_prolog_finish (struct replay *r, json_t *context)
{
    return on_action (r, context, "prolog", false);
}

static int on_epilog_start (struct replay *r, json_t *context)
{
    return on_action (r, context, "epilog", true);
}

static int on_epilog_finish (struct replay *r, json_t *context)
{
    return on_action (r, context, "epilog", false);
}

static int on_memo (struct replay *r, json_t *context)
{
    job_set_memo (r->job, context);
    return 0;
}

static const struct {
    const char *name;
    int (*apply) (struct replay *r, json_t *context);
} table[] = {
    {"submit", on_submit},
    {"dependency-add", on_dependency_add},
    {"dependency-remove", on_dependency_remove},
    {"priority", on_priority},
    {"urgency", on_urgency},
    {"jobspec-update", on_jobspec_update},
    {"resource-update", on_resource_update},
    {"flux-restart", on_flux_restart},
    {"alloc", on_alloc},
    {"exception", on_exception},
    {"finish", on_finish},
    {"prolog-start", on_prolog_start},
    {"prolog-finish", on_prolog_finish},
    {"epilog-start", on_epilog_start},
    {"epilog-finish", on_epilog_finish},
    {"memo", on_memo},
};

static int (*find (const char *name)) (struct replay *r, json_t *context)
{
    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++)
        if (strcmp (table[i].name, name) == 0)
            return table[i].apply;
    return NULL;
}

static void enter_next_state (struct replay *r, const char *name, int severity)
{
    if (strcmp (name, "free") == 0)
        r->job->live->has_resources = false;

    int next = event_next_state (r->job->state, name, severity);
    if (next != r->job->state)
        job_set_state (r->job, next, r->time);
}

static int severity_of (const char *name, json_t *context)
{
    return strcmp (name, "exception") == 0
               ? (int)json_integer_value (json_object_get (context, "severity"))
               : 0;
}

static int apply (struct replay *r, const char *line, size_t len)
{
    json_t *context = NULL, *entry = eventlog_entry_decode (line, len, r->errp);
    int (*apply_event) (struct replay *, json_t *);
    const char *name;
    int rc = -1;

    if (entry && eventlog_entry_parse (entry, &r->time, &name, &context) == 0) {
        apply_event = find (name);
        rc = apply_event ? apply_event (r, context) : 0;
        if (rc == 0)
            enter_next_state (r, name, severity_of (name, context));
    }
    json_decref (entry);
    return rc;
}

/* Most events say no more than their name, in the form in which the broker writes them. */
static bool apply_plain (struct replay *r, const char *line, size_t len)
{
    static const char head[] = "{\"timestamp\":", mid[] = ",\"name\":\"";
    char name[32], *end;
    size_t n;

    if (len < sizeof (head) || memcmp (line, head, sizeof (head) - 1) != 0 ||
        line[sizeof (head) - 1] < '0' || line[sizeof (head) - 1] > '9')
        return false;
    r->time = strtod (line + sizeof (head) - 1, &end); // ends at the comma, or at the newline
    const char *p = end, *stop = line + len;
    if (stop - p < (ptrdiff_t)sizeof (mid) || memcmp (p, mid, sizeof (mid) - 1) != 0)
        return false;
    p += sizeof (mid) - 1;
    for (n = 0; p + n < stop && p[n] >= 'a' && p[n] <= 'z' && n < sizeof (name) - 1; n++)
        name[n] = p[n];
    name[n] = '\0';
    if (stop - p != (ptrdiff_t)n + 2 || p[n] != '"' || p[n + 1] != '}' || find (name))
        return false;
    enter_next_state (r, name, 0);
    return true;
}

int job_replay (struct job *job, const char *log, size_t len, const char *R, char **summary,
                flux_error_t *errp)
{
    struct replay r = {.job = job, .R = R, .summary = summary, .errp = errp};
    const char *line;
    size_t linelen;

    if (summary)
        *summary = NULL;

    while (eventlog_next_line (&log, &len, &line, &linelen))
        if (!apply_plain (&r, line, linelen) && apply (&r, line, linelen) < 0)
            return -1;
    return job->t_submit > 0 ? 0 : invalid (&r, "the eventlog has no submit event");
}
