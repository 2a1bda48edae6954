/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The public calls on job ids: <flux/job.h>. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <flux/job.h>

#include "lib/job/fluid.h"

static const struct {
    const char *name;
    enum fluid_type type;
} encodings[] = {
    {"dec", FLUID_DEC},
    {"hex", FLUID_HEX},
    {"dothex", FLUID_DOTHEX},
    {"kvs", FLUID_DOTHEX},
    {"words", FLUID_WORDS},
    {"f58", FLUID_F58},
    {"f58plain", FLUID_F58_PLAIN},
    {"emoji", FLUID_EMOJI},
};

int flux_job_id_parse (const char *s, flux_jobid_t *id)
{
    if (!s || !id) {
        errno = EINVAL;
        return -1;
    }
    s += strspn (s, " \t\n\v\f\r");
    if (strncmp (s, "job.", 4) == 0)
        s += 4;
    return fluid_parse (s, id);
}

/* snprintf() found that it needed len bytes. */
static int check_length (int len, int size)
{
    if (len >= size) {
        errno = EOVERFLOW;
        return -1;
    }
    return len;
}

int flux_job_id_encode (flux_jobid_t id, const char *type, char *buf, size_t bufsz)
{
    if (!buf) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < sizeof (encodings) / sizeof (encodings[0]); i++) {
        if (strcasecmp (type ? type : "dec", encodings[i].name) != 0)
            continue;
        if (strcmp (encodings[i].name, "kvs") == 0)
            return flux_job_kvs_key (buf, bufsz, id, NULL) < 0 ? -1 : 0;
        return fluid_encode (id, encodings[i].type, buf, bufsz) < 0 ? -1 : 0;
    }
    errno = EPROTO;
    return -1;
}

static int put_key (char *buf, int bufsz, flux_jobid_t id, const char *guest, const char *key)
{
    char dothex[FLUID_STRING_SIZE];

    if (!buf || bufsz <= 0) {
        errno = EINVAL;
        return -1;
    }
    fluid_encode (id, FLUID_DOTHEX, dothex, sizeof (dothex));
    int len = snprintf (buf, bufsz, "job.%s%s%s%s", dothex, guest, key ? "." : "", key ? key : "");
    return check_length (len, bufsz);
}

int flux_job_kvs_key (char *buf, int bufsz, flux_jobid_t id, const char *key)
{
    return put_key (buf, bufsz, id, "", key);
}

int flux_job_kvs_guest_key (char *buf, int bufsz, flux_jobid_t id, const char *key)
{
    if (buf && bufsz > 0 && getenv ("FLUX_KVS_NAMESPACE"))
        return check_length (snprintf (buf, bufsz, "%s", key ? key : "."), bufsz);
    return put_key (buf, bufsz, id, ".guest", key);
}

int flux_job_kvs_namespace (char *buf, int bufsz, flux_jobid_t id)
{
    if (!buf || bufsz <= 0) {
        errno = EINVAL;
        return -1;
    }
    return check_length (snprintf (buf, bufsz, "job-%" PRIu64, id), bufsz);
}
