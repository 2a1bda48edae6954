/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Option hwloc.xmlfile: a program that knows hwloc writes the topology down; this one does not load
 * it, as that takes longer than most jobs. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/helper.h"
#include "lib/shell/shell.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/peers.h"

static bool flag (const struct shell *sh, const char *path)
{
    json_t *o = shell_info_option (sh->info, path);

    return o && !json_is_false (o) && !(json_is_integer (o) && json_integer_value (o) == 0);
}

static char *list_cpus (const cpu_set_t *cpus)
{
    struct buf b = {0};

    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET (i, cpus))
            buf_printf (&b, "%s%d", b.len > 0 ? "," : "", i);
    return buf_take (&b);
}

int shell_export_topology (struct shell *sh, flux_error_t *errp)
{
    char *path = NULL, *program, *cpus = NULL;
    cpu_set_t set;

    if (!flag (sh, "hwloc.xmlfile"))
        return 0;
    if (!sh->tmpdir || asprintf (&path, "%s/hwloc.xml", sh->tmpdir) < 0)
        return errprintf (errp, "hwloc.xmlfile: the job has no folder");
    if (flag (sh, "hwloc.restrict") && affinity_job_cpus (&sh->affinity, &set))
        cpus = list_cpus (&set);
    program = peer_find ("flux-topology", "job");
    char *argv[] = {program, path, cpus, NULL};
    int rc = program ? helper_run ("hwloc.xmlfile", argv, sh->env.v, errp)
                     : errprintf (errp, "hwloc.xmlfile: flux-topology is not installed");
    if (rc == 0 && envlist_set (&sh->env, "HWLOC_XMLFILE", path) < 0)
        rc = errprintf (errp, "out of memory");
    envlist_unset (&sh->env, "HWLOC_COMPONENTS"); // it would win over the file
    free (program);
    free (cpus);
    free (path);
    return rc;
}
