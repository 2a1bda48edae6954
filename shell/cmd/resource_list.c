/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux resource list, info, R: what the scheduler has, by state. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/resource.h"
#include "shell/cmd/resource_queues.h"

static const struct fmt_named formats[] = {
    {"default", "The columns of flux resource list without --format",
     "{state:>10} ?+:{queue:<5} ?:{propertiesx:<10.10+} {nnodes:>6} +:{ncores:>6} "
     "?+:{ngpus:>5} {nodelist}"},
    {"rlist", "With cores and GPUs by id",
     "{state:>10} ?+:{queue:<5} ?:{propertiesx:<10.10+} {nnodes:>6} +:{ncores:>6} "
     "?+:{ngpus:>5} {rlist}"},
    {0},
};

/* One row: nodes of one state with the same queues and properties. */
struct line {
    const char *state;
    struct rv1 *rs;
    char *queues, *properties, *propertiesx;
};

json_t *resource_sched_status (struct cmd *c, flux_t *h)
{
    json_error_t jerror;
    flux_error_t error;
    json_t *o;

    if (cmd_has (c, "from-stdin")) {
        if (!(o = json_loadf (stdin, 0, &jerror)))
            cmd_die (c, "standard input is not JSON: %s", jerror.text);
        return o;
    }
    if (!(o = cmd_rpc_try (h, "resource.sched-status", 0, NULL, &error)) && errno == ENOSYS)
        o = cmd_rpc_try (h, "sched.resource-status", 0, NULL, &error);
    if (!o)
        cmd_die (c, "cannot get the state of resources: %s", error.text);
    return o;
}

struct idset *resource_selected (struct cmd *c, flux_t *h, const struct rv1 *all)
{
    const char *include = cmd_str (c, "include", NULL);
    struct idset *ranks = cmd_has (c, "queue") ? resource_queue_ranks (c, h, all) : NULL;

    if (include) {
        struct idset *found = rstates_find (all, include);
        if (!found)
            cmd_die (c, "--include=%s: neither ranks nor hosts", include);
        if (ranks) {
            struct idset *both = idset_intersect (ranks, found);
            idset_destroy (ranks);
            idset_destroy (found);
            return both;
        }
        return found;
    }
    return ranks;
}

struct table {
    struct cmd *c;
    struct fmt *fmt;
    struct queues queues;
    bool by_state, by_queue, by_properties;
    struct line *lines;
    size_t count;
};

static struct line *find_line (struct table *t, const struct line *like)
{
    for (size_t i = 0; i < t->count; i++) {
        struct line *l = &t->lines[i];
        if ((!t->by_state || strcmp (l->state, like->state) == 0) &&
            (!t->by_queue || strcmp (l->queues, like->queues) == 0) &&
            (!t->by_properties || strcmp (l->properties, like->properties) == 0))
            return l;
    }
    return NULL;
}

/* Add what of `more` ("a,b") is not in *have. */
static void merge_names (char **have, const char *more)
{
    struct buf b = {0};

    buf_puts (&b, *have);
    while (*more) {
        size_t len = strcspn (more, ",");
        const char *p = *have;
        while (*p && !(strncmp (p, more, len) == 0 && (p[len] == ',' || !p[len])))
            p += strcspn (p, ",") + (p[strcspn (p, ",")] == ',');
        if (!*p)
            buf_printf (&b, "%s%.*s", b.len ? "," : "", (int)len, more);
        more += len + (more[len] == ',');
    }
    free (*have);
    *have = buf_steal (&b, NULL);
}

/* `queue` instead of those of the properties, unless it is NULL. */
static struct line *add_line (struct table *t, const char *state, const char *properties,
                              const char *queue)
{
    struct line l = {.state = state,
                     .queues = queue ? strdup (queue) : queues_of (&t->queues, properties),
                     .properties = strdup (properties),
                     .propertiesx = queues_strip (t->queues.all, properties)};
    struct line *found = find_line (t, &l);

    if (found) {
        merge_names (&found->queues, l.queues);
        merge_names (&found->properties, l.properties);
        merge_names (&found->propertiesx, l.propertiesx);
        free (l.queues);
        free (l.properties);
        free (l.propertiesx);
        return found;
    }
    struct line *new = realloc (t->lines, (t->count + 1) * sizeof (*new));
    if (!new || !(l.rs = rv1_create ()))
        cmd_die (t->c, "out of memory");
    t->lines = new;
    t->lines[t->count] = l;
    return &t->lines[t->count++];
}

/* Nodes of one state go to the lines of their properties; a state without nodes has one line, or
 * one for each queue that is asked for. */
static void add_state (struct table *t, const char *state, const struct rv1 *rs)
{
    const char *queue;
    json_t *o;

    if (rs->nnodes == 0 && t->by_queue && t->queues.asked) {
        json_object_foreach (t->queues.asked, queue, o) add_line (t, state, "", queue);
        return;
    }
    if (rs->nnodes == 0 || !rs->props) {
        rv1_add (add_line (t, state, "", NULL)->rs, rs);
        return;
    }
    for (size_t i = 0; i < rs->nnodes; i++) {
        const struct rv1_node *node = &rs->node[i];
        char *properties = rv1_rank_properties (rs, node->rank);
        struct line *l = add_line (t, state, properties ? properties : "", NULL);
        rv1_add_node (l->rs, node->rank, node->host, rv1_node_cores (node), rv1_node_gpus (node));
        free (properties);
    }
}

static const struct fmt_heading headings[] = {
    {"state", "STATE"},
    {"queue", "QUEUE"},
    {"properties", "PROPERTIES"},
    {"propertiesx", "PROPERTIES"},
    {"nnodes", "NNODES"},
    {"ncores", "NCORES"},
    {"ngpus", "NGPUS"},
    {"ranks", "RANKS"},
    {"nodelist", "NODELIST"},
    {"rlist", "LIST"},
    {0},
};

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    const struct line *l = item;
    struct idset *ids;

    if (strcmp (field, "state") == 0)
        fmt_set_str (v, l->state);
    else if (strcmp (field, "queue") == 0)
        fmt_set_str (v, l->queues);
    else if (strcmp (field, "properties") == 0)
        fmt_set_str (v, l->properties);
    else if (strcmp (field, "propertiesx") == 0)
        fmt_set_str (v, l->propertiesx);
    else if (strcmp (field, "nnodes") == 0)
        fmt_set_int (v, l->rs->nnodes);
    else if (strcmp (field, "ncores") == 0)
        fmt_set_int (v, rv1_ncores (l->rs));
    else if (strcmp (field, "ngpus") == 0)
        fmt_set_int (v, rv1_ngpus (l->rs));
    else if (strcmp (field, "nodelist") == 0)
        fmt_set_owned (v, rstates_hosts (l->rs));
    else if (strcmp (field, "rlist") == 0)
        fmt_set_owned (v, rstates_list (l->rs));
    else if ((ids = rv1_ranks (l->rs))) {
        fmt_set_owned (v, idset_encode (ids, IDSET_FLAG_RANGE));
        idset_destroy (ids);
    }
}

static const struct fmt_source source = {.headings = headings, .get = get};

static void parse_format (struct table *t, const char *text)
{
    flux_error_t error;
    const char *field;
    int n = 0;

    if (!(t->fmt = fmt_create (text, &source, &error)))
        cmd_die (t->c, "--format: %s", error.text);
    for (; (field = fmt_field (t->fmt, n)); n++) {
        t->by_state |= strcmp (field, "state") == 0;
        t->by_queue |= strcmp (field, "queue") == 0;
        t->by_properties |= strncmp (field, "properties", 10) == 0;
    }
    if (n <= 1 && !t->by_state) // a single field is of all resources together
        t->by_queue = t->by_properties = false;
}

static void print (struct table *t)
{
    const void **items = calloc (t->count + 1, sizeof (*items));
    bool skip = cmd_has (t->c, "skip-empty") ||
                (cmd_has (t->c, "include") && !cmd_has (t->c, "no-skip-empty"));
    size_t n = 0;

    for (size_t i = 0; items && i < t->count; i++)
        if (!skip || t->lines[i].rs->nnodes > 0)
            items[n++] = &t->lines[i];
    if (!items || fmt_print (t->fmt, stdout, items, n,
                             cmd_has (t->c, "no-header") ? FMT_NO_HEADER : 0, -1) < 0)
        cmd_die (t->c, "out of memory");
    free (items);
}

static void table_clear (struct table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        rv1_destroy (t->lines[i].rs);
        free (t->lines[i].queues);
        free (t->lines[i].properties);
        free (t->lines[i].propertiesx);
    }
    free (t->lines);
    fmt_destroy (t->fmt);
    queues_clear (&t->queues);
}

/* Call add() for each of the states that the user named. */
static void each_state (struct cmd *c, const char *dflt, const struct rstates *states,
                        void (*add) (void *arg, const char *name, const struct rv1 *rs), void *arg)
{
    static const char *const names[] = {"up", "down", "allocated", "free", "all"};
    const char *s = cmd_str (c, "states", dflt);

    while (*s) {
        size_t len = strcspn (s, ","), i;
        for (i = 0; i < 5; i++)
            if (strlen (names[i]) == len && strncmp (names[i], s, len) == 0)
                break;
        if (i == 5)
            cmd_die (c, "--states: %.*s: not one of up, down, allocated, free, all", (int)len, s);
        add (arg, names[i], rstates_get (states, names[i]));
        s += len + (s[len] == ',');
    }
}

static void get_states (struct cmd *c, flux_t *h, struct rstates *states)
{
    json_t *status = resource_sched_status (c, h);
    struct idset *ranks;

    if (rstates_create (states, status) < 0)
        cmd_die (c, "the state of resources is not understood");
    if ((ranks = resource_selected (c, h, states->all)) && rstates_keep (states, ranks) < 0)
        cmd_die (c, "out of memory");
    idset_destroy (ranks);
    json_decref (status);
}

static void add_to_table (void *arg, const char *name, const struct rv1 *rs)
{
    add_state (arg, name, rs);
}

static const struct fmt_set resource_list_formats = {
    .formats = formats,
    .files = "flux-resource",
    .tables = resource_tables,
    .table = "list",
};

static int run_list (struct cmd *c)
{
    struct table t = {.c = c};
    struct rstates states;
    char *text = fmtconf_choose (c, &resource_list_formats);
    flux_t *h;

    if (!text)
        return 0;
    parse_format (&t, text);
    free (text);
    h = cmd_has (c, "from-stdin") ? NULL : cmd_open (c);
    get_states (c, h, &states);
    if (states.all->props) // else no node can be told from another
        queues_get (&t.queues, &resource_list_formats, c, h);
    each_state (c, "free,allocated,down", &states, add_to_table, &t);
    print (&t);
    rstates_clear (&states);
    table_clear (&t);
    flux_close (h);
    return 0;
}

static void add_to_set (void *arg, const char *name, const struct rv1 *rs)
{
    rv1_add (arg, rs);
}

static struct rv1 *get_sum (struct cmd *c, double *starttime, double *expiration)
{
    flux_t *h = cmd_has (c, "from-stdin") ? NULL : cmd_open (c);
    struct rv1 *sum = rv1_create ();
    struct rstates states;

    get_states (c, h, &states);
    each_state (c, "all", &states, add_to_set, sum);
    *starttime = states.all->starttime;
    *expiration = states.all->expiration;
    rstates_clear (&states);
    flux_close (h);
    return sum;
}

static int run_info (struct cmd *c)
{
    double start, end;
    struct rv1 *sum = get_sum (c, &start, &end);

    printf ("%zu Nodes, %zu Cores, %zu GPUs\n", sum->nnodes, rv1_ncores (sum), rv1_ngpus (sum));
    rv1_destroy (sum);
    return 0;
}

static int run_R (struct cmd *c)
{
    double start, end;
    struct rv1 *sum = get_sum (c, &start, &end);

    sum->starttime = start;
    sum->expiration = end;
    char *text = rv1_encode (sum);
    puts (text ? text : "");
    free (text);
    rv1_destroy (sum);
    return 0;
}

static const struct cmd_opt select_opts[] = {
    {.key = 's', .name = "states", .arg = "STATE,...", .help = "up, down, allocated, free, all"},
    {.key = 'i', .name = "include", .arg = "TARGETS", .help = "Only these ranks or hosts"},
    {.key = 'q',
     .name = "queue",
     .arg = "QUEUE,...",
     .help = "Only resources of these queues",
     .flags = CMD_OPT_REPEAT},
    {.name = "from-stdin", .help = "Read the state of resources", .flags = CMD_OPT_HIDDEN},
    {.name = "config-file", .arg = "FILE", .help = "Read queues", .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt list_opts[] = {
    FMTCONF_FORMAT_OPT ("FLUX_RESOURCE_LIST_FORMAT_DEFAULT"),
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    {.name = "skip-empty", .help = "Leave out states without resources"},
    {.name = "no-skip-empty", .help = "Show them also with --include"},
    {0},
};

const struct cmd_verb cmd_verb_resource_list = {
    .name = "list",
    .summary = "List resources by the state that they are in for the scheduler",
    .opts = {list_opts, select_opts},
    .run = run_list,
};

const struct cmd_verb cmd_verb_resource_info = {
    .name = "info",
    .summary = "Show numbers of nodes, cores and GPUs",
    .opts = {select_opts},
    .run = run_info,
};

const struct cmd_verb cmd_verb_resource_R = {
    .name = "R",
    .summary = "Print resources as R (RFC 20)",
    .opts = {select_opts},
    .run = run_R,
};
