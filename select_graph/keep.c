/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Reads and writes the state file. It is a file of ours, yet it is read as if it were not. */

#include "select_graph/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

struct keep {
    json_t *doc;
};

/* ---- Writing ---- */

static json_t *job_json (struct site *site, uint32_t id, int64_t start,
                         const struct site_extra *extra, size_t n)
{
    json_t *holds = json_array ();
    char path[GRAPH_MAX_PATH];

    for (size_t i = 0; i < n; i++)
        if (graph_path (site_graph (site), extra[i].vertex, NULL, path, sizeof (path)) >= 0)
            json_array_append_new (holds, json_pack ("[s I]", path, (json_int_t)extra[i].amount));
    return json_pack ("{s:I s:I s:o}", "id", (json_int_t)id, "start", (json_int_t)start, "holds",
                      holds);
}

static json_t *all_json (struct site *site, int64_t (*start) (uint32_t job))
{
    json_t *jobs = json_array ();
    void *cursor = NULL;
    uint32_t id;

    while (site_next_job (site, &cursor, &id)) {
        const struct site_extra *extra;
        size_t n = site_extra (site, id, &extra);
        int64_t at = n > 0 ? start (id) : 0;

        if (at > 0)
            json_array_append_new (jobs, job_json (site, id, at, extra, n));
    }
    return json_pack ("{s:i s:o}", "version", KEEP_VERSION, "jobs", jobs);
}

/* What lies there, a link maybe, is not written through. */
static int write_text (const char *path, const char *text)
{
    int fd, rc, saved;

    if (unlink (path) < 0 && errno != ENOENT)
        return -1;
    if ((fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0)
        return -1;
    rc = fd_write_all (fd, text, strlen (text)) < 0 || fsync (fd) < 0 ? -1 : 0;
    saved = errno;
    if (close (fd) < 0)
        return -1;
    errno = saved;
    return rc;
}

int keep_write (const char *path, struct site *site, int64_t (*start) (uint32_t job),
                flux_error_t *errp)
{
    char new[PATH_MAX];
    json_t *doc = all_json (site, start);
    char *text = doc ? json_dumps (doc, JSON_COMPACT) : NULL;
    int rc = -1;

    if (snprintf (new, sizeof (new), "%s.new", path) >= (int)sizeof (new))
        errno = ENAMETOOLONG;
    else if (!text)
        errno = ENOMEM;
    else if ((rc = write_text (new, text)) == 0)
        rc = rename (new, path);
    if (rc < 0)
        errprintf (errp, "%s: %s", path, strerror (errno));
    free (text);
    json_decref (doc);
    return rc;
}

/* ---- Reading ---- */

static int check (const json_t *doc, flux_error_t *errp)
{
    size_t i, k;
    json_t *jobs, *o, *holds, *h;
    json_int_t version, id, start;

    errno = EINVAL;
    if (json_unpack ((json_t *)doc, "{s:I s:o}", "version", &version, "jobs", &jobs) < 0 ||
        !json_is_array (jobs))
        return errprintf (errp, "no version or no jobs in it");
    if (version != KEEP_VERSION)
        return errprintf (errp, "version %lld is not %d", (long long)version, KEEP_VERSION);
    json_array_foreach (jobs, i, o)
    {
        if (json_unpack (o, "{s:I s:I s:o}", "id", &id, "start", &start, "holds", &holds) < 0 ||
            !json_is_array (holds) || json_array_size (holds) > KEEP_MAX_HOLDS || id < 1 ||
            id > UINT32_MAX)
            return errprintf (errp, "job %zu of it is none", i);
        json_array_foreach (holds, k, h)
        {
            const char *path;
            json_int_t n;

            if (json_unpack (h, "[s I]", &path, &n) < 0 || n < 1 || n > GRAPH_MAX_SIZE)
                return errprintf (errp, "job %lld: what it holds is not readable", (long long)id);
        }
    }
    return 0;
}

struct keep *keep_read (const char *path, flux_error_t *errp)
{
    struct stat st;
    json_error_t why;
    flux_error_t wrong;
    struct keep *keep = calloc (1, sizeof (*keep));

    if (!keep || stat (path, &st) < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        goto fail;
    }
    if (!S_ISREG (st.st_mode) || st.st_size > KEEP_MAX_FILE) {
        errno = EINVAL;
        errprintf (errp, "%s: not a file, or too large", path);
        goto fail;
    }
    if (!(keep->doc = json_load_file (path, JSON_REJECT_DUPLICATES, &why))) {
        errno = EINVAL;
        errprintf (errp, "%s: %s", path, why.text);
        goto fail;
    }
    if (check (keep->doc, &wrong) == 0)
        return keep;
    errprintf (errp, "%s: %s", path, wrong.text);
fail:
    keep_destroy (keep);
    return NULL;
}

void keep_destroy (struct keep *keep)
{
    int saved = errno;

    if (!keep)
        return;
    json_decref (keep->doc);
    free (keep);
    errno = saved;
}

static json_t *find_job (const struct keep *keep, uint32_t job, int64_t start)
{
    size_t i;
    json_t *o;

    json_array_foreach (json_object_get (keep->doc, "jobs"), i,
                        o) if (json_integer_value (json_object_get (o, "id")) == job &&
                               json_integer_value (json_object_get (o, "start")) ==
                                   start) return json_object_get (o, "holds");
    return NULL;
}

size_t keep_find (struct keep *keep, struct site *site, uint32_t job, int64_t start,
                  site_complain_f complain, struct site_extra **extra)
{
    json_t *holds = find_job (keep, job, start), *h;
    size_t i, n = 0;

    *extra = NULL;
    if (!holds || !(*extra = calloc (json_array_size (holds) + 1, sizeof (**extra))))
        return 0;
    json_array_foreach (holds, i, h)
    {
        const char *path = json_string_value (json_array_get (h, 0));
        uint32_t v = graph_find_path (site_graph (site), path);
        char text[256];

        if (v == GRAPH_NONE) {
            snprintf (text, sizeof (text), "job %u holds %.150s, which is gone", job, path);
            complain (text);
            continue;
        }
        (*extra)[n++] = (struct site_extra){
            .vertex = v, .amount = (uint32_t)json_integer_value (json_array_get (h, 1))};
    }
    return n;
}
