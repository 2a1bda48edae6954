/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests to the job services. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include <flux/flog.h>
#include <flux/job_client.h>
#include <flux/rpc.h>

#include "lib/client/sign_none.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/fail.h"
#include "lib/util/monotime.h"

#define ALL_STATES (FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE)

/* What is signed is base64: no character needs to be escaped, or checked one by one. */
static bool is_plain (const char *J)
{
    for (const unsigned char *p = (const unsigned char *)J; *p; p++) {
        if (*p < 0x20 || *p >= 0x7f || *p == '"' || *p == '\\')
            return false;
    }
    return true;
}

static flux_future_t *submit_plain (flux_t *h, const char *J, int urgency, int flags)
{
    struct buf b = {0};

    buf_puts (&b, "{\"J\":\"");
    buf_puts (&b, J);
    buf_printf (&b, "\",\"urgency\":%d,\"flags\":%d}", urgency, flags & ~FLUX_JOB_PRE_SIGNED);
    flux_future_t *f =
        b.err ? fail_null (ENOMEM) : flux_rpc (h, "job-ingest.submit", b.data, FLUX_NODEID_ANY, 0);
    buf_clear (&b);
    return f;
}

flux_future_t *flux_job_submit (flux_t *h, const char *jobspec, int urgency, int flags)
{
    char *signed_text = NULL;
    const char *J = jobspec;

    if (!h || !jobspec)
        return fail_null (EINVAL);
    if (!(flags & FLUX_JOB_PRE_SIGNED)) {
        if (!(signed_text = sign_none_wrap (jobspec, strlen (jobspec), getuid ())))
            return NULL;
        J = signed_text;
    }
    flux_future_t *f = is_plain (J) ? submit_plain (h, J, urgency, flags)
                                    : flux_rpc_pack (h, "job-ingest.submit", FLUX_NODEID_ANY, 0,
                                                     "{s:s s:i s:i}", "J", J, "urgency", urgency,
                                                     "flags", flags & ~FLUX_JOB_PRE_SIGNED);
    free (signed_text);
    return f;
}

static int get_id (flux_future_t *f, flux_jobid_t *id)
{
    json_int_t n;

    if (!f)
        return fail (EINVAL);
    if (flux_rpc_get_unpack (f, "{s:I}", "id", &n) < 0)
        return -1;
    if (id)
        *id = n;
    return 0;
}

int flux_job_submit_get_id (flux_future_t *f, flux_jobid_t *id)
{
    return get_id (f, id);
}

flux_future_t *flux_job_wait (flux_t *h, flux_jobid_t id)
{
    return flux_rpc_pack (h, "job-manager.wait", FLUX_NODEID_ANY, 0, "{s:I}", "id", (json_int_t)id);
}

int flux_job_wait_get_id (flux_future_t *f, flux_jobid_t *id)
{
    return get_id (f, id);
}

int flux_job_wait_get_status (flux_future_t *f, bool *success, const char **errstr)
{
    int ok;
    const char *s;

    if (!f)
        return fail (EINVAL);
    if (flux_rpc_get_unpack (f, "{s:b s:s}", "success", &ok, "errstr", &s) < 0)
        return -1;
    if (success)
        *success = ok;
    if (errstr)
        *errstr = s;
    return 0;
}

flux_future_t *flux_job_list (flux_t *h, int max_entries, const char *attrs_json_str,
                              uint32_t userid, int states)
{
    json_t *attrs = attrs_json_str ? json_loads (attrs_json_str, 0, NULL) : NULL;

    if (!h || max_entries < 0 || !attrs || (states & ~ALL_STATES)) {
        json_decref (attrs);
        return fail_null (EINVAL);
    }
    return flux_rpc_pack (h, "job-list.list", FLUX_NODEID_ANY, 0,
                          "{s:i s:o s:{s:[{s:[I]},{s:[i]}]}}", "max_entries", max_entries, "attrs",
                          attrs, "constraint", "and", "userid", (json_int_t)(int32_t)userid,
                          "states", states ? states : ALL_STATES);
}

flux_future_t *flux_job_list_inactive (flux_t *h, int max_entries, double since,
                                       const char *attrs_json_str)
{
    json_t *attrs = attrs_json_str ? json_loads (attrs_json_str, 0, NULL) : NULL;

    if (!h || max_entries < 0 || !(since >= 0.) || !attrs) {
        json_decref (attrs);
        return fail_null (EINVAL);
    }
    return flux_rpc_pack (h, "job-list.list", FLUX_NODEID_ANY, 0, "{s:i s:f s:o s:{s:[i]}}",
                          "max_entries", max_entries, "since", since, "attrs", attrs, "constraint",
                          "states", FLUX_JOB_STATE_INACTIVE);
}

flux_future_t *flux_job_list_id (flux_t *h, flux_jobid_t id, const char *attrs_json_str)
{
    json_t *attrs = attrs_json_str ? json_loads (attrs_json_str, 0, NULL) : NULL;

    if (!h || !attrs) {
        json_decref (attrs);
        return fail_null (EINVAL);
    }
    return flux_rpc_pack (h, "job-list.list-id", FLUX_NODEID_ANY, 0, "{s:I s:o}", "id",
                          (json_int_t)id, "attrs", attrs);
}

flux_future_t *flux_job_raise (flux_t *h, flux_jobid_t id, const char *type, int severity,
                               const char *note)
{
    if (!h || !type)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, "job-manager.raise", FLUX_NODEID_ANY, 0, "{s:I s:s s:i s:s*}", "id",
                          (json_int_t)id, "type", type, "severity", severity, "note", note);
}

flux_future_t *flux_job_cancel (flux_t *h, flux_jobid_t id, const char *reason)
{
    return flux_job_raise (h, id, "cancel", 0, reason);
}

flux_future_t *flux_job_kill (flux_t *h, flux_jobid_t id, int signum)
{
    if (!h || signum <= 0)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, "job-manager.kill", FLUX_NODEID_ANY, 0, "{s:I s:i}", "id",
                          (json_int_t)id, "signum", signum);
}

flux_future_t *flux_job_set_urgency (flux_t *h, flux_jobid_t id, int urgency)
{
    return flux_rpc_pack (h, "job-manager.urgency", FLUX_NODEID_ANY, 0, "{s:I s:i}", "id",
                          (json_int_t)id, "urgency", urgency);
}

/* When this ends (0: never), or -1. */
static double instance_expiration (flux_t *h, flux_error_t *errp)
{
    double t = 0.;
    flux_future_t *f = flux_rpc (h, "resource.status", NULL, 0, 0);

    if (!f || flux_rpc_get_unpack (f, "{s:{s:{s?F}}}", "R", "execution", "expiration", &t) < 0)
        t = errprintf (errp, "failed to get instance expiration");
    flux_future_destroy (f);
    return t;
}

static double job_expiration (flux_t *h, const char *name, flux_error_t *errp)
{
    flux_jobid_t id;
    int state;
    double t = 0.;

    if (flux_job_id_parse (name, &id) < 0)
        return errprintf (errp, "failed to parse jobid %s", name);
    flux_future_t *f = flux_job_list_id (h, id, "[\"expiration\",\"state\"]");
    if (!f ||
        flux_rpc_get_unpack (f, "{s:{s?F s:i}}", "job", "expiration", &t, "state", &state) < 0)
        t = errprintf (errp, "job %s: %s", name, future_strerror (f, errno));
    else if (state & FLUX_JOB_STATE_PENDING) {
        errno = EINVAL;
        t = errprintf (errp, "job %s has not started", name);
    } else if (state != FLUX_JOB_STATE_RUN)
        t = 1.; // long ago
    flux_future_destroy (f);
    return t;
}

int flux_job_timeleft (flux_t *h, flux_error_t *errp, double *timeleft)
{
    const char *name = getenv ("FLUX_JOB_ID");
    double t;

    if (!h || !timeleft) {
        errno = EINVAL;
        return errprintf (errp, "Invalid argument");
    }
    t = name ? job_expiration (h, name, errp) : instance_expiration (h, errp);
    if (t < 0.)
        return -1;
    *timeleft = t == 0. ? INFINITY : fmax (t - walltime_now (), 0.);
    return 0;
}

char *flux_unwrap_string (const char *in, bool verify, uint32_t *userid, flux_error_t *errp)
{
    uint32_t signer;
    size_t len;
    char *s = sign_none_unwrap (in, &len, &signer);

    if (!s) {
        errprintf (errp, "this is no text signed with mechanism none");
        return NULL;
    }
    if (verify && signer != getuid ()) {
        free (s);
        errno = EPERM;
        errprintf (errp, "signed by user %u, not by user %u", signer, (unsigned int)getuid ());
        return NULL;
    }
    if (userid)
        *userid = signer;
    return s;
}
