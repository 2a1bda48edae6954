/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/distribute.h"
#include "lib/shell/info.h"
#include "lib/shell/request.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"

static int inval (flux_error_t *errp, const char *what, const char *detail)
{
    errno = EINVAL;
    return errprintf (errp, "%s: %s", what, detail);
}

static int parse_request (struct shell_info *info, flux_error_t *errp)
{
    json_error_t error;
    json_t *ranks = NULL;
    json_int_t id, userid = 0;

    if (json_unpack_ex (info->request, &error, 0, "{s:I s:o s:o s:i s:i s:o s?I s?o s?o}", "id",
                        &id, "jobspec", &info->jobspec, "R", &info->R, "shell_rank",
                        &info->shell_rank, "nshells", &info->nshells, "ranks", &ranks, "userid",
                        &userid, "attrs", &info->attrs, "environment", &info->environment) < 0)
        return inval (errp, "malformed start request", error.text);
    info->id = id;
    info->userid = userid;
    if (info->nshells < 1 || info->nshells > SHELL_NSHELLS_MAX || info->shell_rank < 0 ||
        info->shell_rank >= info->nshells || json_array_size (ranks) != (size_t)info->nshells)
        return inval (errp, "malformed start request", "shell ranks");
    info->leader_rank = json_integer_value (json_array_get (ranks, 0));
    info->broker_rank = json_integer_value (json_array_get (ranks, info->shell_rank));
    return 0;
}

static const char *base_name (const char *path)
{
    const char *p = strrchr (path, '/');
    return p ? p + 1 : path;
}

static int parse_jobspec (struct shell_info *info, flux_error_t *errp)
{
    json_error_t error;
    json_t *system = NULL, *job = NULL;

    if (json_unpack_ex (info->jobspec, &error, 0, "{s:[{s:o}] s?{s?o}}", "tasks", "command",
                        &info->command, "attributes", "system", &system) < 0)
        return inval (errp, "malformed jobspec", error.text);
    if (system && json_unpack_ex (system, &error, 0, "{s?s s?o s?o s?o s?{s?o}}", "cwd", &info->cwd,
                                  "files", &info->files, "environment", &info->environment, "job",
                                  &job, "shell", "options", &info->options) < 0)
        return inval (errp, "malformed jobspec", error.text);
    if (info->environment != json_object_get (info->request, "environment")) {
        free (info->environ_text); // the jobspec has its own
        info->environ_text = NULL;
    }
    if (!json_is_strings (info->command) || json_array_size (info->command) == 0)
        return inval (errp, "malformed jobspec", "command");
    if ((info->environment && !json_is_object (info->environment)) ||
        (info->options && !json_is_object (info->options)))
        return inval (errp, "malformed jobspec", "environment or shell options");
    if (!(info->name = json_string_value (json_object_get (job, "name"))))
        info->name = base_name (json_string_value (json_array_get (info->command, 0)));
    return 0;
}

/* Jobspec and attributes may lack these objects; then they are put there, empty. */
static int fill_in (json_t *parent, const char *key, json_t **op)
{
    if (*op)
        return 0;
    return json_object_set_new (parent, key, *op = json_object ());
}

static int find_local_tasks (struct shell_info *info)
{
    const struct idset *ids = taskmap_taskids (info->map, info->shell_rank);

    info->ntasks = taskmap_total_ntasks (info->map);
    if (!(info->taskids = calloc (idset_count (ids) + 1, sizeof (int))))
        return -1;
    for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID; id = idset_next (ids, id))
        info->taskids[info->nlocal++] = id;
    return 0;
}

struct shell_info *shell_info_create (const char *request, size_t len, struct shell_known *known,
                                      flux_error_t *errp)
{
    struct shell_info *info = calloc (1, sizeof (*info));
    json_error_t error;

    if (!info) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (!(info->request = shell_request_load (request, len, known, &info->environ_text, &error))) {
        inval (errp, "malformed start request", error.text);
        goto error;
    }
    if (parse_request (info, errp) < 0 || parse_jobspec (info, errp) < 0 ||
        fill_in (info->request, "attrs", &info->attrs) < 0 ||
        fill_in (info->request, ".environment", &info->environment) < 0 ||
        fill_in (info->request, ".options", &info->options) < 0 ||
        shell_info_encode_id (info) < 0 || shell_info_distribute (info, errp) < 0 ||
        find_local_tasks (info) < 0)
        goto error;
    return info;
error:
    shell_info_destroy (info);
    return NULL;
}

void shell_info_destroy (struct shell_info *info)
{
    if (info) {
        int saved_errno = errno;
        taskmap_destroy (info->map);
        free (info->taskids);
        free (info->cores);
        free (info->gpus);
        free (info->hostname);
        free (info->environ_text);
        json_decref (info->request);
        free (info);
        errno = saved_errno;
    }
}

const char *shell_info_attr (const struct shell_info *info, const char *name)
{
    return json_string_value (json_object_get (info->attrs, name));
}

json_t *shell_info_option (const struct shell_info *info, const char *path)
{
    json_t *o = info->options;
    char name[128];

    for (;;) {
        size_t n = strcspn (path, ".");
        if (n >= sizeof (name))
            return NULL;
        memcpy (name, path, n);
        name[n] = '\0';
        o = json_object_get (o, name);
        if (!o || path[n] == '\0')
            return o;
        path += n + 1;
    }
}

bool shell_info_flag (const struct shell_info *info, const char *path)
{
    json_t *o = shell_info_option (info, path);

    if (!o || json_is_false (o) || json_is_null (o))
        return false;
    return !json_is_integer (o) || json_integer_value (o) != 0;
}
