/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux housekeeping: what runs on nodes after their jobs. */

#include "config.h"

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/fluid.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/verbs.h"

static const struct fmt_named formats[] = {
    {"default", "The columns of flux housekeeping list without --format",
     "{id.f58:>12} {nnodes:>6} {pending.nnodes:>7} {runtime!F:>8} {nodelist}"},
    {"pending", "Those that are not through yet",
     "{id.f58:>12} {pending.nnodes:>7} {runtime!F:>8} {pending.nodelist}"},
    {0},
};

static const struct fmt_set list_set = {.formats = formats, .files = "flux-housekeeping"};

struct room {
    uint64_t id;
    char f58[FLUID_STRING_SIZE];
    double t_start;
    struct idset *allocated, *pending;
    const struct hostlist *hosts;
};

static const struct fmt_heading headings[] = {
    {"id", "JOBID"},
    {"id.f58", "JOBID"},
    {"id.dec", "JOBID"},
    {"runtime", "RUNTIME"},
    {"nnodes", "NNODES"},
    {"ranks", "RANKS"},
    {"nodelist", "NODELIST"},
    {"allocated.nnodes", "NNODES"},
    {"allocated.ranks", "RANKS"},
    {"allocated.nodelist", "NODELIST"},
    {"pending.nnodes", "#ACTIVE"},
    {"pending.ranks", "RANKS"},
    {"pending.nodelist", "NODELIST"},
    {0},
};

static char *hosts_of (const struct room *room, const struct idset *ids)
{
    struct hostlist *hl = hostlist_create ();

    for (unsigned int r = hl ? idset_first (ids) : IDSET_INVALID_ID; r != IDSET_INVALID_ID;
         r = idset_next (ids, r)) {
        const char *host = room->hosts ? hostlist_nth ((struct hostlist *)room->hosts, r) : NULL;
        if (host)
            hostlist_append (hl, host);
    }
    char *s = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return s;
}

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    const struct room *room = item;
    const char *dot = strchr (field, '.');
    const struct idset *ids = strncmp (field, "pending.", 8) == 0 ? room->pending : room->allocated;
    const char *what = dot && strncmp (field, "id", 2) != 0 ? dot + 1 : field;

    if (strcmp (field, "id.dec") == 0)
        fmt_set_int (v, (long long)room->id);
    else if (strncmp (field, "id", 2) == 0)
        fmt_set_str (v, room->f58);
    else if (strcmp (field, "runtime") == 0)
        fmt_set_real (v, walltime_now () - room->t_start);
    else if (strcmp (what, "nnodes") == 0)
        fmt_set_int (v, (long long)idset_count (ids));
    else if (strcmp (what, "ranks") == 0)
        fmt_set_owned (v, idset_encode (ids, IDSET_FLAG_RANGE));
    else
        fmt_set_owned (v, hosts_of (room, ids));
}

static const struct fmt_source source = {.headings = headings, .get = get};

/* Ranks by number or by name. */
static struct idset *targets (struct cmd *c, flux_t *h, const char *text, bool must_exist)
{
    struct idset *ids = idset_decode (text);
    struct hostlist *want, *all;
    const char *attr;

    if (ids)
        return ids;
    if (!(want = hostlist_decode (text)) || !(ids = idset_create (0, IDSET_FLAG_AUTOGROW)))
        cmd_die (c, "%s: neither ranks nor hosts", text);
    attr = flux_attr_get (h, "hostlist");
    all = hostlist_decode (attr ? attr : "");
    for (const char *host = hostlist_first (want); host; host = hostlist_next (want)) {
        int n = all ? hostlist_find (all, host) : -1;
        if (n >= 0)
            idset_set (ids, n);
        else if (must_exist)
            cmd_die (c, "%s is not in the instance", host);
    }
    hostlist_destroy (all);
    hostlist_destroy (want);
    return ids;
}

static bool take_room (struct room *room, const char *id, json_t *o, const struct idset *only)
{
    const char *pending = "", *allocated = "";

    if (json_unpack (o, "{s:F s:s s:s}", "t_start", &room->t_start, "pending", &pending,
                     "allocated", &allocated) < 0 ||
        fluid_parse (id, &room->id) < 0)
        return false;
    fluid_encode (room->id, FLUID_F58, room->f58, sizeof (room->f58));
    room->pending = idset_decode (pending);
    room->allocated = idset_decode (allocated);
    if (only) {
        struct idset *ids = room->allocated;
        room->allocated = idset_intersect (ids, only);
        idset_destroy (ids);
        ids = room->pending;
        room->pending = idset_intersect (ids, only);
        idset_destroy (ids);
    }
    return room->allocated && room->pending && idset_count (room->allocated) > 0;
}

static int run_list (struct cmd *c)
{
    char *text = fmtconf_choose (c, &list_set);
    flux_error_t error;
    struct fmt *fmt;
    const char *id;
    json_t *entry;
    size_t n = 0;

    if (!text)
        return 0;
    if (!(fmt = fmt_create (text, &source, &error)))
        cmd_die (c, "--format: %s", error.text);
    free (text);
    flux_t *h = cmd_open (c);
    const char *attr = flux_attr_get (h, "hostlist");
    struct hostlist *hosts = hostlist_decode (attr ? attr : "");
    struct idset *only =
        cmd_has (c, "include") ? targets (c, h, cmd_str (c, "include", NULL), false) : NULL;
    json_t *o = cmd_rpc (c, h, "job-manager.stats-get", FLUX_NODEID_ANY, NULL, NULL);
    json_t *running = json_object_get (json_object_get (o, "housekeeping"), "running");
    struct room *rooms = calloc (json_object_size (running) + 1, sizeof (*rooms));
    const void **items = calloc (json_object_size (running) + 1, sizeof (*items));
    if (!rooms || !items)
        return cmd_fail (c, "out of memory");
    json_object_foreach (running, id, entry)
    {
        rooms[n].hosts = hosts;
        if (take_room (&rooms[n], id, entry, only)) {
            items[n] = &rooms[n];
            n++;
        }
    }
    fmt_print (fmt, stdout, items, n, cmd_has (c, "no-header") ? FMT_NO_HEADER : 0, -1);
    for (size_t i = 0; i < n; i++) {
        idset_destroy (rooms[i].allocated);
        idset_destroy (rooms[i].pending);
    }
    free (rooms);
    free (items);
    json_decref (o);
    idset_destroy (only);
    hostlist_destroy (hosts);
    fmt_destroy (fmt);
    flux_close (h);
    return 0;
}

static int run_kill (struct cmd *c)
{
    json_t *request =
        cmd_pack (c, "{s:i}", "signum", (int)cmd_int (c, "signal", SIGTERM, 1, NSIG - 1));
    const char *text;
    uint64_t id;

    if (!cmd_has (c, "all") && !cmd_has (c, "jobid") && !cmd_has (c, "targets"))
        return cmd_fail (c, "one of --targets, --jobid and --all is needed");
    if (cmd_has (c, "all") && cmd_has (c, "jobid"))
        return cmd_fail (c, "--all and --jobid contradict each other");
    if ((text = cmd_str (c, "jobid", NULL))) {
        if (fluid_parse (text, &id) < 0)
            return cmd_fail (c, "--jobid=%s: not a job id", text);
        json_object_set_new (request, "jobid", json_integer ((json_int_t)id));
    }
    flux_t *h = cmd_open (c);
    if ((text = cmd_str (c, "targets", NULL))) {
        struct idset *ids = targets (c, h, text, true);
        char *ranks = idset_encode (ids, IDSET_FLAG_RANGE);
        json_object_set_new (request, "ranks", json_string (ranks ? ranks : ""));
        free (ranks);
        idset_destroy (ids);
    }
    json_decref (cmd_rpc (c, h, "job-manager.housekeeping-kill", FLUX_NODEID_ANY, request, NULL));
    flux_close (h);
    return 0;
}

static const struct cmd_opt list_opts[] = {
    {.key = 'i', .name = "include", .arg = "TARGETS", .help = "Only these ranks or hosts"},
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    FMTCONF_FORMAT_OPT ("FLUX_HOUSEKEEPING_FORMAT_DEFAULT"),
    {0},
};

static const struct cmd_opt kill_opts[] = {
    {.key = 's', .name = "signal", .arg = "SIGNUM", .help = "Send this signal, not SIGTERM"},
    {.key = 't', .name = "targets", .arg = "TARGETS", .help = "On these ranks or hosts"},
    {.key = 'j', .name = "jobid", .arg = "JOBID", .help = "What runs after this job"},
    {.name = "all", .help = "All that runs"},
    {0},
};

static const struct cmd_verb verb_list = {
    .name = "list",
    .summary = "List nodes whose housekeeping runs",
    .opts = {list_opts},
    .run = run_list,
};

static const struct cmd_verb verb_kill = {
    .name = "kill",
    .summary = "End housekeeping",
    .opts = {kill_opts},
    .run = run_kill,
};

static const struct cmd_verb *const subs[] = {&verb_list, &verb_kill, NULL};

const struct cmd_verb cmd_verb_housekeeping = {
    .name = "housekeeping",
    .args = "COMMAND",
    .summary = "Look at, and end, what runs on nodes after their jobs",
    .subs = subs,
    .flags = CMD_VERB_USAGE_2,
};
