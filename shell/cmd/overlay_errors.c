/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay errors: why brokers are lost. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "shell/cmd/client.h"
#include "shell/cmd/overlay.h"

/* Errors by their text; there are few different ones. */
struct failure {
    char *text;
    struct idset *ranks;
    struct failure *next;
};

static void note_failure (struct failure **list, int rank, const char *text)
{
    struct failure *f = *list;

    while (f && strcmp (f->text, text) != 0)
        f = f->next;
    if (!f) {
        if (!(f = calloc (1, sizeof (*f))) || !(f->text = strdup (text)) ||
            !(f->ranks = idset_create (0, IDSET_FLAG_AUTOGROW)))
            abort ();
        while (*list)
            list = &(*list)->next;
        *list = f;
    }
    idset_set (f->ranks, (unsigned)rank);
}

/* Those below a lost broker that are in nowhere have lost their parent: `seen` has all that are in,
 * or have a word of their own. */
static void gather (struct overlay_view *v, json_t *node, struct idset *seen, struct failure **list,
                    int depth)
{
    json_t *child, *sub;
    flux_error_t why;
    size_t i;

    json_array_foreach (json_object_get (node, "children"), i, child)
    {
        const char *status = "", *error = NULL;
        int rank = 0;

        json_unpack (child, "{s:i s:s s?s}", "rank", &rank, "status", &status, "error", &error);
        if (overlay_is_up (status) || error)
            idset_set (seen, (unsigned)rank);
        if (error)
            note_failure (list, rank, error);
        if (!overlay_is_up (status) || depth >= OVERLAY_DEPTH_MAX)
            continue;
        if ((sub = overlay_health (v, (uint32_t)rank, &why)))
            gather (v, sub, seen, list, depth + 1);
        else
            note_failure (list, rank, why.text);
        json_decref (sub);
    }
}

static void gather_orphans (const json_t *topo, struct idset *seen, struct failure **list)
{
    int here = json_integer_value (json_object_get (topo, "rank"));
    json_t *child;
    size_t i;

    json_array_foreach (json_object_get (topo, "children"), i, child)
    {
        int rank = json_integer_value (json_object_get (child, "rank"));
        bool below_lost = here != 0 && !idset_test (seen, (unsigned)rank);
        for (struct failure *f = *list; below_lost && f; f = f->next) {
            if (idset_test (f->ranks, (unsigned)here)) {
                note_failure (list, rank, "lost parent");
                break;
            }
        }
        gather_orphans (child, seen, list);
    }
}

static int run_errors (struct cmd *c)
{
    struct overlay_view v = {.c = c, .timeout = cmd_fsd (c, "timeout", OVERLAY_TIMEOUT)};
    struct idset *seen = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct failure *list = NULL;
    flux_error_t error;

    if (v.timeout == 0)
        v.timeout = -1;
    overlay_open (&v);
    json_t *o = overlay_health (&v, 0, &error);
    if (!o || !seen)
        return cmd_fail (c, "rank 0: %s", error.text);
    gather (&v, o, seen, &list, 0);
    json_decref (o);
    o = overlay_topology_rpc (c, v.h);
    gather_orphans (o, seen, &list);
    json_decref (o);
    while (list) {
        struct failure *f = list;
        char *hosts = overlay_hosts_of (&v, f->ranks);
        printf ("%s: %s\n", hosts ? hosts : "", f->text);
        list = f->next;
        idset_destroy (f->ranks);
        free (f->text);
        free (f);
        free (hosts);
    }
    idset_destroy (seen);
    overlay_close (&v);
    return 0;
}

static const struct cmd_opt errors_opts[] = {
    {.key = 't', .name = "timeout", .arg = "FSD", .help = "Wait so long for each broker (0.5s)"},
    {0},
};

const struct cmd_verb overlay_errors_verb = {
    .name = "errors",
    .summary = "Show why brokers are lost",
    .opts = {errors_opts},
    .run = run_errors,
};
