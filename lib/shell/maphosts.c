/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/maphosts.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

static struct hostlist *parse (char *text, const char *path, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_create ();
    char *save = NULL;

    for (char *line = strtok_r (text, "\r\n", &save); line && hl;
         line = strtok_r (NULL, "\r\n", &save)) {
        line += strspn (line, " \t");
        line[strcspn (line, " \t")] = '\0';
        if (*line && hostlist_append (hl, line) < 0) {
            errprintf (errp, "hostfile %s: %s is not a hostlist", path, line);
            hostlist_destroy (hl);
            errno = EINVAL;
            return NULL;
        }
    }
    return hl;
}

static struct hostlist *read_hosts (const char *path, const char *dir, flux_error_t *errp)
{
    char *full = NULL, *text = NULL;
    struct hostlist *hl = NULL;

    if (asprintf (&full, "%s%s%s", dir && *path != '/' ? dir : "", dir && *path != '/' ? "/" : "",
                  path) < 0)
        return NULL;
    if (file_read_all (full, MAPHOSTS_FILE_MAX, &text) < 0)
        errprintf (errp, "hostfile %s: %s", full, strerror (errno));
    else
        hl = parse (text, full, errp);
    int saved_errno = errno;
    free (text);
    free (full);
    errno = saved_errno;
    return hl;
}

static int append_all (struct taskmap *map, struct hostlist *hosts, struct hostlist *job_hosts,
                       int ntasks, flux_error_t *errp)
{
    int n = hostlist_count (hosts);

    for (int i = 0; i < ntasks; i++) {
        const char *host = n > 0 ? hostlist_nth (hosts, i % n) : NULL;
        int node = host ? hostlist_find (job_hosts, host) : -1;
        if (node < 0) {
            errno = EINVAL;
            return errprintf (errp, "hostfile: %s%s", host ? host : "it names no host",
                              host ? " is not one of the job's hosts" : "");
        }
        if (taskmap_append (map, node, 1, 1) < 0)
            return errprintf (errp, "hostfile: %s", strerror (errno));
    }
    return 0;
}

struct taskmap *maphosts_read (const char *path, const char *dir, struct hostlist *job_hosts,
                               int ntasks, flux_error_t *errp)
{
    struct hostlist *hosts = read_hosts (path, dir, errp);
    struct taskmap *map = hosts ? taskmap_create () : NULL;

    if (map && append_all (map, hosts, job_hosts, ntasks, errp) < 0) {
        taskmap_destroy (map);
        map = NULL;
    }
    hostlist_destroy (hosts);
    return map;
}
