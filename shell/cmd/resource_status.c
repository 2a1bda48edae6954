/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource status: what the administrator has to do with. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/resource.h"
#include "shell/cmd/term.h"

static const struct fmt_named status_formats[] = {
    {"default", "The columns of flux resource status without --format",
     "{state:>12} {color_up}{up:>2}{color_off} {nnodes:>6} {nodelist}"},
    {"long", "With the reason of drained nodes",
     "{state:>12} {color_up}{up:>2}{color_off} {nnodes:>6} +:{reason:<30.30} {nodelist}"},
    {0},
};

static const struct fmt_set status_set = {
    .formats = status_formats,
    .files = "flux-resource",
    .tables = resource_tables,
    .table = "status",
};

/* One row: ranks between which no column of the format makes a difference. */
struct line {
    const char *state;
    bool online;
    struct idset *ranks;
    char *hosts;
    size_t nnodes;
    const char *reason;
    double timestamp;
};

struct status {
    struct cmd *c;
    json_t *status;
    struct rv1 *all;
    struct idset *online, *offline, *exclude, *torpid, *allocated, *housekeeping;
    struct idset *drained, *draining;
    bool color;
    bool by_state, by_online, by_reason, by_time; // which columns there are
    bool show_online, show_offline, skip_empty, skip_empty_offline;
    struct line *lines;
    size_t count;
};

static struct idset *ids_of (const json_t *o, const char *key)
{
    const char *s = json_string_value (json_object_get (o, key));
    struct idset *ids = s && *s ? idset_decode (s) : NULL;

    return ids ? ids : idset_create (0, IDSET_FLAG_AUTOGROW);
}

static char *hosts_of (const struct rv1 *all, const struct idset *ranks, size_t *count)
{
    struct hostlist *hl = hostlist_create ();

    *count = 0;
    for (size_t i = 0; hl && i < all->nnodes; i++)
        if (idset_test (ranks, all->node[i].rank)) {
            hostlist_append (hl, all->node[i].host);
            (*count)++;
        }
    char *s = hl ? hostlist_encode (hl) : NULL;
    hostlist_destroy (hl);
    return s ? s : strdup ("");
}

static bool same_row (const struct status *s, const struct line *a, const struct line *b)
{
    return (!s->by_state || strcmp (a->state, b->state) == 0) &&
           (!s->by_online || a->online == b->online) &&
           (!s->by_reason || strcmp (a->reason, b->reason) == 0) &&
           (!s->by_time || a->timestamp == b->timestamp);
}

static bool join_line (struct status *s, const struct line *l)
{
    for (size_t i = 0; i < s->count; i++) {
        struct line *to = &s->lines[i];
        if (!same_row (s, to, l))
            continue;
        if (idset_add (to->ranks, l->ranks) < 0)
            return false;
        free (to->hosts);
        to->hosts = hosts_of (s->all, to->ranks, &to->nnodes);
        return true;
    }
    return false;
}

/* Takes over ranks. */
static void add_line (struct status *s, const char *state, bool online, struct idset *ranks,
                      const char *reason, double timestamp)
{
    struct line l = {
        .state = state, .online = online, .ranks = ranks, .reason = reason, .timestamp = timestamp};

    l.hosts = hosts_of (s->all, ranks, &l.nnodes);
    if ((l.nnodes == 0 && (s->skip_empty || (!online && s->skip_empty_offline))) ||
        join_line (s, &l)) {
        idset_destroy (ranks);
        free (l.hosts);
        return;
    }
    struct line *new = realloc (s->lines, (s->count + 1) * sizeof (*new));
    if (!new)
        cmd_die (s->c, "out of memory");
    s->lines = new;
    s->lines[s->count++] = l;
}

static bool wanted (const struct status *s, bool online)
{
    return online ? s->show_online : s->show_offline;
}

static void add_plain (struct status *s, const char *state, const struct idset *ranks)
{
    for (int online = 1; online >= 0; online--)
        if (wanted (s, online))
            add_line (s, state, online, idset_intersect (ranks, online ? s->online : s->offline),
                      "", 0);
}

/* drain is {"ranks": {"timestamp", "reason"}}. */
static void add_drained (struct status *s, const char *state, const struct idset *which)
{
    const char *key, *reason;
    json_t *o;

    if (idset_empty (which) && wanted (s, true))
        add_line (s, state, true, idset_create (0, IDSET_FLAG_AUTOGROW), "", 0);
    json_object_foreach (json_object_get (s->status, "drain"), key, o)
    {
        struct idset *ids = idset_decode (key), *mine = ids ? idset_intersect (ids, which) : NULL;
        reason = json_string_value (json_object_get (o, "reason"));
        for (int online = 1; mine && online >= 0; online--) {
            struct idset *part = idset_intersect (mine, online ? s->online : s->offline);
            if (part && !idset_empty (part) && wanted (s, online))
                add_line (s, state, online, part, reason ? reason : "",
                          json_number_value (json_object_get (o, "timestamp")));
            else
                idset_destroy (part);
        }
        idset_destroy (ids);
        idset_destroy (mine);
    }
}

static const struct fmt_heading headings[] = {
    {"state", "STATE"},
    {"statex", "STATE"},
    {"nnodes", "NNODES"},
    {"ranks", "RANKS"},
    {"nodelist", "NODELIST"},
    {"reason", "REASON"},
    {"timestamp", "TIME"},
    {"status", "STATUS"},
    {"up", "UP"},
    {"up.ascii", "UP"},
    {"color_up", ""},
    {"color_off", ""},
    {0},
};

static void get_state (const struct line *l, struct fmt_value *v)
{
    char *s;

    if (l->online)
        fmt_set_str (v, l->state);
    else if (asprintf (&s, "%s*", l->state) >= 0)
        fmt_set_owned (v, s);
}

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    const struct status *s = arg;
    const struct line *l = item;
    bool utf8 = term_utf8 ();

    if (strcmp (field, "state") == 0)
        get_state (l, v);
    else if (strcmp (field, "statex") == 0)
        fmt_set_str (v, l->state);
    else if (strcmp (field, "nnodes") == 0)
        fmt_set_int (v, l->nnodes);
    else if (strcmp (field, "ranks") == 0)
        fmt_set_owned (v, idset_encode (l->ranks, IDSET_FLAG_RANGE));
    else if (strcmp (field, "nodelist") == 0)
        fmt_set_str (v, l->hosts);
    else if (strcmp (field, "reason") == 0)
        fmt_set_str (v, l->reason);
    else if (strcmp (field, "timestamp") == 0)
        fmt_set_real (v, l->timestamp);
    else if (strcmp (field, "status") == 0)
        fmt_set_str (v, l->online ? "online" : "offline");
    else if (strcmp (field, "up") == 0 && utf8)
        fmt_set_str (v, l->online ? "✔" : "✗");
    else if (strncmp (field, "up", 2) == 0)
        fmt_set_str (v, l->online ? "y" : "n");
    else if (strcmp (field, "color_up") == 0)
        fmt_set_str (v, !s->color ? "" : l->online ? "\033[01;32m" : "\033[01;31m");
    else
        fmt_set_str (v, s->color ? "\033[0;0m" : "");
}

static bool has_state (const char *states, const char *name)
{
    size_t len = strlen (name);

    while (*states) {
        size_t n = strcspn (states, ",");
        if (n == len && strncmp (states, name, n) == 0)
            return true;
        states += n + (states[n] == ',');
    }
    return false;
}

static void check_states (struct cmd *c, const char *states)
{
    static const char valid[] = "all,online,avail,offline,exclude,drain,draining,drained,torpid,"
                                "allocated,housekeeping";

    while (*states) {
        char name[32];
        size_t n = strcspn (states, ",");
        snprintf (name, sizeof (name), "%.*s", (int)n, states);
        if (!has_state (valid, name))
            cmd_die (c, "--states: %s: not one of %s", name, valid);
        states += n + (states[n] == ',');
    }
}

#define DEFAULT_STATES "avail,exclude,draining,drained,torpid,housekeeping"

static void collect (struct status *s, const char *states)
{
    bool all = has_state (states, "all");
    bool drain = has_state (states, "drain");
    struct idset *avail = rv1_ranks (s->all);

    idset_subtract (avail, s->exclude);
    idset_subtract (avail, s->drained);
    idset_subtract (avail, s->draining);
    idset_subtract (avail, s->torpid);
    if (all || drain || has_state (states, "drained"))
        idset_subtract (s->torpid, s->drained);
    if (all || drain || has_state (states, "draining"))
        idset_subtract (s->torpid, s->draining);
    if (all || has_state (states, "avail"))
        add_plain (s, "avail", avail);
    if (all || has_state (states, "exclude"))
        add_plain (s, "exclude", s->exclude);
    if (all || has_state (states, "allocated"))
        add_plain (s, "allocated", s->allocated);
    if (all || has_state (states, "torpid"))
        add_plain (s, "torpid", s->torpid);
    if (all || has_state (states, "housekeeping"))
        add_plain (s, "housekeeping", s->housekeeping);
    if (all || drain || has_state (states, "draining"))
        add_drained (s, "draining", s->draining);
    if (all || drain || has_state (states, "drained"))
        add_drained (s, "drained", s->drained);
    idset_destroy (avail);
}

/* Ranks that are cleaned after a job. */
static struct idset *ranks_in_housekeeping (flux_future_t *f)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    json_t *running, *o;
    const char *id;

    if (f && flux_rpc_get_unpack (f, "{s:{s:o}}", "housekeeping", "running", &running) == 0)
        json_object_foreach (running, id, o)
            idset_decode_add (ids, json_string_value (json_object_get (o, "allocated")), -1, NULL);
    return ids;
}

/* Three questions at once: what the resource service says, what is allocated and what is cleaned.
 */
static void ask (struct status *s, flux_t *h)
{
    flux_future_t *f[3] = {NULL, NULL, NULL};
    const char *text[2] = {NULL, NULL}, *key;
    json_t *o;

    f[0] = flux_rpc (h, "resource.status", NULL, 0, 0);
    f[1] = flux_rpc (h, "resource.sched-status", NULL, 0, 0);
    f[2] = flux_rpc (h, "job-manager.stats-get", NULL, 0, 0);
    if (!f[0] || flux_rpc_get (f[0], &text[0]) < 0 ||
        !(s->status = json_loads (text[0] ? text[0] : "", 0, NULL)))
        cmd_die (s->c, "cannot get the state of resources: %s", cmd_why (f[0]));
    if (f[1] && flux_rpc_get (f[1], &text[1]) == 0 && (o = json_loads (text[1], 0, NULL))) {
        struct rv1 *rs = rstates_R (json_object_get (o, "allocated"));
        s->allocated = rs ? rv1_ranks (rs) : NULL;
        rv1_destroy (rs);
        json_decref (o);
    }
    flux_future_destroy (f[0]);
    flux_future_destroy (f[1]);
    s->housekeeping = ranks_in_housekeeping (f[2]);
    flux_future_destroy (f[2]);
    if (!(s->all = rstates_R (json_object_get (s->status, "R"))))
        cmd_die (s->c, "the state of resources is not understood");
    if (!s->allocated)
        s->allocated = idset_create (0, IDSET_FLAG_AUTOGROW);
    s->online = ids_of (s->status, "online");
    s->offline = ids_of (s->status, "offline");
    s->exclude = ids_of (s->status, "exclude");
    s->torpid = ids_of (s->status, "torpid");
    s->drained = idset_create (0, IDSET_FLAG_AUTOGROW);
    json_object_foreach (json_object_get (s->status, "drain"), key, o)
        idset_decode_add (s->drained, key, -1, NULL);
}

static void narrow (struct idset **ids, const struct idset *to)
{
    struct idset *both = idset_intersect (*ids, to);

    idset_destroy (*ids);
    *ids = both;
}

static void finish_sets (struct status *s, flux_t *h)
{
    struct idset *ranks = resource_selected (s->c, h, s->all);

    if (ranks) {
        struct rv1 *kept = rv1_copy_ranks (s->all, ranks);
        if (!kept)
            cmd_die (s->c, "out of memory");
        rv1_destroy (s->all);
        s->all = kept;
        narrow (&s->online, ranks);
        narrow (&s->offline, ranks);
        narrow (&s->exclude, ranks);
        narrow (&s->torpid, ranks);
        narrow (&s->drained, ranks);
        narrow (&s->allocated, ranks);
        narrow (&s->housekeeping, ranks);
        idset_destroy (ranks);
    }
    s->draining = idset_intersect (s->drained, s->allocated);
    idset_subtract (s->drained, s->draining);
}

static void status_clear (struct status *s)
{
    for (size_t i = 0; i < s->count; i++) {
        idset_destroy (s->lines[i].ranks);
        free (s->lines[i].hosts);
    }
    free (s->lines);
    idset_destroy (s->online);
    idset_destroy (s->offline);
    idset_destroy (s->exclude);
    idset_destroy (s->torpid);
    idset_destroy (s->allocated);
    idset_destroy (s->housekeeping);
    idset_destroy (s->drained);
    idset_destroy (s->draining);
    rv1_destroy (s->all);
    json_decref (s->status);
}

static void note_column (struct status *s, const char *field)
{
    s->by_state |= strncmp (field, "state", 5) == 0;
    s->by_online |= strcmp (field, "state") == 0 || strcmp (field, "status") == 0 ||
                    strncmp (field, "up", 2) == 0 || (s->color && strcmp (field, "color_up") == 0);
    s->by_reason |= strcmp (field, "reason") == 0;
    s->by_time |= strcmp (field, "timestamp") == 0;
}

int resource_show_status (struct cmd *c, const struct fmt_set *formats, const char *states,
                          bool skip_empty)
{
    struct status s = {.c = c, .color = term_color (c), .skip_empty = skip_empty};
    struct fmt_source src = {.headings = headings, .get = get, .arg = &s};
    char *text = fmtconf_choose (c, formats);
    const char *field;
    flux_error_t error;
    struct fmt *fmt;

    if (!text)
        return 0;
    if (!(fmt = fmt_create (text, &src, &error)))
        cmd_die (c, "--format: %s", error.text);
    free (text);
    for (int i = 0; (field = fmt_field (fmt, i)); i++)
        note_column (&s, field);
    bool online = has_state (states, "online"), offline = has_state (states, "offline");
    s.show_online = online || !offline;
    s.show_offline = offline || !online;
    s.skip_empty_offline = !offline;
    flux_t *h = cmd_open (c);
    ask (&s, h);
    finish_sets (&s, h);
    collect (&s, states);
    const void **items = calloc (s.count + 1, sizeof (*items));
    for (size_t i = 0; items && i < s.count; i++)
        items[i] = &s.lines[i];
    fmt_print (fmt, stdout, items, s.count, cmd_has (c, "no-header") ? FMT_NO_HEADER : 0, -1);
    free (items);
    fmt_destroy (fmt);
    status_clear (&s);
    flux_close (h);
    return 0;
}

static int run_status (struct cmd *c)
{
    const char *states = cmd_str (c, "states", DEFAULT_STATES);
    char *more = NULL;

    if (strcmp (states, "help") == 0) {
        printf ("all,online,avail,offline,exclude,drain,draining,drained,torpid,allocated,"
                "housekeeping\n");
        return 0;
    }
    check_states (c, states);
    if (strcmp (states, "online") == 0 || strcmp (states, "offline") == 0 ||
        strcmp (states, "online,offline") == 0 || strcmp (states, "offline,online") == 0) {
        if (asprintf (&more, "%s," DEFAULT_STATES, states) < 0)
            return 1;
        states = more;
    }
    int rc = resource_show_status (c, &status_set, states,
                                   cmd_has (c, "skip-empty") || !cmd_has (c, "states"));
    free (more);
    return rc;
}

const struct cmd_opt resource_table_opts[] = {
    {.key = 'i', .name = "include", .arg = "TARGETS", .help = "Only these ranks or hosts"},
    {.key = 'q',
     .name = "queue",
     .arg = "QUEUE,...",
     .help = "Only resources of these queues",
     .flags = CMD_OPT_REPEAT},
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    TERM_COLOR_L_OPT,
    {.name = "config-file", .arg = "FILE", .help = "Read queues", .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt status_opts[] = {
    FMTCONF_FORMAT_OPT ("FLUX_RESOURCE_STATUS_FORMAT_DEFAULT"),
    {.key = 's',
     .name = "states",
     .arg = "STATE,...",
     .help = "all, online, offline, avail, exclude, drain, draining, drained, torpid, allocated"},
    {.name = "skip-empty", .help = "Leave out states without resources"},
    {0},
};

const struct cmd_verb cmd_verb_resource_status = {
    .name = "status",
    .summary = "List nodes by the state that administrators see",
    .opts = {status_opts, resource_table_opts},
    .run = run_status,
};
