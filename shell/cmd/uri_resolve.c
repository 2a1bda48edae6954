/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/broker_find.h"
#include "shell/cmd/uri_resolve.h"

#define ENVIRON_MAX (4 << 20)

char *uri_remote (const char *uri)
{
    char host[256] = "localhost", *out;

    if (strncmp (uri, "local://", 8) != 0)
        return strdup (uri);
    gethostname (host, sizeof (host) - 1);
    return asprintf (&out, "ssh://%s%s", host, uri + 8) < 0 ? NULL : out;
}

char *uri_local (const char *uri)
{
    const char *path;
    char *out;

    if (strncmp (uri, "ssh://", 6) != 0 || !(path = strchr (uri + 6, '/')))
        return strdup (uri);
    return asprintf (&out, "local://%s", path) < 0 ? NULL : out;
}

char *uri_prefer_local (const char *uri)
{
    char host[256] = "";
    const char *path = strncmp (uri, "ssh://", 6) == 0 ? strchr (uri + 6, '/') : NULL;

    gethostname (host, sizeof (host) - 1);
    size_t len = path ? (size_t)(path - uri - 6) : 0;
    if (path && strlen (host) == len && strncmp (uri + 6, host, len) == 0 &&
        access (path, F_OK) == 0)
        return uri_local (uri);
    return strdup (uri);
}

static char *job_uri (flux_t *h, flux_jobid_t id, flux_error_t *errp)
{
    json_t *in = json_pack ("{s:I s:[ss]}", "id", id, "attrs", "state", "annotations");
    json_t *out = cmd_rpc_try (h, "job-list.list-id", FLUX_NODEID_ANY, in, errp);
    json_t *job = json_object_get (out, "job");
    const char *uri = jobinfo_uri (job);
    char *s = NULL;

    if (!out)
        return NULL;
    if (json_integer_value (json_object_get (job, "state")) != FLUX_JOB_STATE_RUN) {
        errno = ENOENT;
        errprintf (errp, "job %s is not running", FID (id));
    } else if (!uri) {
        errno = ENOENT;
        errprintf (errp, "job %s is no instance", FID (id));
    } else
        s = strdup (uri);
    json_decref (out);
    return s;
}

/* One word of a path, from the instance `uri` (NULL: this one). */
static char *resolve_word (const char *uri, const char *word, flux_error_t *errp)
{
    const char *own = uri ? uri : getenv ("FLUX_URI");
    flux_jobid_t id;
    flux_t *h;

    if (strcmp (word, "..") == 0)
        return uri_parent (uri, 1, errp);
    if (strcmp (word, ".") == 0) {
        if (!own)
            errprintf (errp, "FLUX_URI is not set");
        return own ? strdup (own) : NULL;
    }
    if (flux_job_id_parse (word, &id) < 0) {
        errprintf (errp, "%s is neither a URI nor a job id", word);
        return NULL;
    }
    if (!(h = cmd_open_uri (uri, errp)))
        return NULL;
    char *next = job_uri (h, id, errp);
    flux_close (h);
    return next;
}

/* "f1/f2/f3" from this instance down, "../f2" through its parent, "/f1" from the outermost. */
static char *resolve_path (const char *path, flux_error_t *errp)
{
    char *uri = NULL;

    if (*path == '/' && !(uri = uri_parent (NULL, -1, errp)))
        return NULL;
    for (path += strspn (path, "/"); *path; path += strspn (path, "/")) {
        size_t len = strcspn (path, "/");
        char word[128];
        snprintf (word, sizeof (word), "%.*s", (int)len, path);
        char *next = resolve_word (uri, word, errp);
        free (uri);
        if (!(uri = next))
            return NULL;
        path += len;
    }
    return uri;
}

/* FLUX_URI in the environment of a process. */
static char *resolve_pid (const char *pid, flux_error_t *errp)
{
    char path[64], *text, *uri = NULL;
    ssize_t n;

    if (!*pid || pid[strspn (pid, "0123456789")]) {
        errprintf (errp, "%s is not a process id", pid);
        return NULL;
    }
    if ((uri = broker_find_pid (pid))) // its environment, if any, would be that of its parent
        return uri;
    snprintf (path, sizeof (path), "/proc/%s/environ", pid);
    if ((n = file_read_all (path, ENVIRON_MAX, &text)) < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        return NULL;
    }
    for (char *p = text; p < text + n && !uri; p += strlen (p) + 1)
        if (strncmp (p, "FLUX_URI=", 9) == 0)
            uri = strdup (p + 9);
    free (text);
    if (!uri) {
        errno = ENOENT;
        errprintf (errp, "process %s is in no instance", pid);
    }
    return uri;
}

/* On a node of the job its local socket; elsewhere srun leads to it. */
static char *resolve_slurm (const char *target, flux_error_t *errp)
{
    char *uri = broker_find_slurm (target + 6, errp);

    if (uri || errno != ENOENT)
        return uri;
    if (getenv ("FLUX_URI_SLURM_LOCAL")) {
        broker_find_next_node ((const char *[]){"uri", "--remote", target, NULL});
        errno = ENOENT;
        return NULL;
    }
    return strdup (target);
}

char *uri_parent (const char *uri, int levels, flux_error_t *errp)
{
    char *now = uri ? strdup (uri) : NULL;

    while (levels != 0) {
        flux_t *h = cmd_open_uri (now, errp);
        const char *parent = h ? flux_attr_get (h, "parent-uri") : NULL;
        char *next = parent ? strdup (parent) : NULL;

        if (h && !next && levels < 0) { // this is the outermost
            if (!now && getenv ("FLUX_URI"))
                now = strdup (getenv ("FLUX_URI"));
            flux_close (h);
            return now;
        }
        flux_close (h);
        free (now);
        if (!next) {
            if (h) {
                errno = ENOENT;
                errprintf (errp, "the instance has no parent");
            }
            return NULL;
        }
        now = next;
        if (levels > 0)
            levels--;
    }
    return now;
}

char *uri_resolve (const char *target, flux_error_t *errp)
{
    if (strncmp (target, "local://", 8) == 0 || strncmp (target, "ssh://", 6) == 0 ||
        strncmp (target, "fd://", 5) == 0)
        return strdup (target);
    if (strncmp (target, "pid:", 4) == 0)
        return resolve_pid (target + 4, errp);
    if (strncmp (target, "slurm:", 6) == 0)
        return resolve_slurm (target, errp);
    return resolve_path (strncmp (target, "jobid:", 6) == 0 ? target + 6 : target, errp);
}
