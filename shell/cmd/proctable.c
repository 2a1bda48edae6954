/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/proctable.h"

static int by_rank (const void *a, const void *b)
{
    json_int_t x = json_integer_value (json_object_get (*(json_t *const *)a, "rank"));
    json_int_t y = json_integer_value (json_object_get (*(json_t *const *)b, "rank"));

    return x < y ? -1 : x > y;
}

static bool is_good (const json_t *task)
{
    return json_is_integer (json_object_get (task, "rank")) &&
           json_is_integer (json_object_get (task, "pid")) &&
           json_is_string (json_object_get (task, "host")) &&
           json_is_string (json_object_get (task, "executable"));
}

/* A sorted copy. */
static json_t *sorted (const json_t *tasks)
{
    size_t n = json_array_size (tasks);
    json_t **list = calloc (n + 1, sizeof (*list)), *out = json_array ();

    for (size_t i = 0; list && i < n; i++) {
        list[i] = json_array_get (tasks, i);
        if (!is_good (list[i])) {
            free (list);
            json_decref (out);
            errno = EPROTO;
            return NULL;
        }
    }
    if (n > 0 && list)
        qsort (list, n, sizeof (*list), by_rank);
    for (size_t i = 0; list && out && i < n; i++)
        json_array_append (out, list[i]);
    free (list);
    return out;
}

json_t *proctable_get (flux_t *h, const char *service, uint32_t leader, double timeout,
                       flux_error_t *errp)
{
    char topic[256];
    json_t *tasks, *out = NULL;

    snprintf (topic, sizeof (topic), "%s.proctable", service);
    flux_future_t *f = flux_rpc (h, topic, NULL, leader, 0);
    if (!f || flux_future_wait_for (f, timeout) < 0 ||
        flux_rpc_get_unpack (f, "{s:o}", "tasks", &tasks) < 0 || !(out = sorted (tasks)))
        errprintf (errp, "%s",
                   errno == ETIMEDOUT ? "its shells did not answer in time"
                   : errno == ENOSYS  ? "it is not running"
                   : f                ? cmd_why (f)
                                      : strerror (errno));
    flux_future_destroy (f);
    return out;
}
