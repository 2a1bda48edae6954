/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/job/jsonscan.h"
#include "lib/util/base64.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/submission.h"

/* The signed form is HEADER.PAYLOAD.SIGNATURE, header and payload in base64; the header is a list
 * of NUL-terminated keys and values with a type letter (flux-security, RFC 15). In an instance of
 * one user the mechanism is "none": the socket has told who it is. */
char *submission_unwrap (const char *J, size_t *lenp, flux_error_t *errp)
{
    const char *dot = strchr (J, '.');
    const char *dot2 = dot ? strchr (dot + 1, '.') : NULL;
    size_t len = 0;
    char *header = dot2 ? base64_decode_alloc (J, dot - J, &len) : NULL;
    static const char want[] = "mechanism\0snone";

    if (!header || !memmem (header, len + 1, want, sizeof (want))) {
        free (header);
        errno = EINVAL;
        errprintf (errp, "jobspec is not signed with mechanism none");
        return NULL;
    }
    free (header);
    char *payload = base64_decode_alloc (dot + 1, dot2 - dot - 1, lenp);
    if (!payload) {
        errno = EINVAL;
        errprintf (errp, "signed jobspec has a payload that is not base64");
    }
    return payload;
}

static bool scan_int (struct jsonspan o, const char *key, int *value)
{
    struct jsonspan v;
    int64_t n;

    if (!jsonscan_member (o, key, &v) || !jsonscan_integer (v, &n) || n < INT32_MIN ||
        n > INT32_MAX)
        return false;
    *value = (int)n;
    return true;
}

/* J is most of the request, and a string without escapes: it need not be taken to pieces. */
static bool scan_submission (const flux_msg_t *msg, struct submission *sub)
{
    const char *text;
    struct jsonspan o, v, s;

    if (flux_request_decode (msg, NULL, &text) < 0 || !text)
        return false;
    o = (struct jsonspan){text, text + strlen (text)};
    if (!scan_int (o, "urgency", &sub->urgency) || !scan_int (o, "flags", &sub->flags) ||
        !jsonscan_member (o, "J", &v))
        return false;
    s = v;
    if (!jsonscan_string (&s) || s.p != v.end || memchr (v.p, '\\', v.end - v.p))
        return false;
    return (sub->J = strndup (v.p + 1, v.end - v.p - 2)) != NULL;
}

int submission_get (const flux_msg_t *msg, struct submission *sub)
{
    const char *J;

    if (flux_msg_get_cred (msg, &sub->cred) < 0)
        return -1;
    if (scan_submission (msg, sub))
        return 0;
    if (flux_request_unpack (msg, NULL, "{s:s s:i s:i}", "J", &J, "urgency", &sub->urgency, "flags",
                             &sub->flags) < 0)
        return -1;
    return (sub->J = strdup (J)) ? 0 : -1;
}
