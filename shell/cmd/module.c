/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux module: services that are loaded into a broker. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/module.h"
#include "shell/cmd/verbs.h"

#define IDLE_MAX 9999 // seconds that are shown as a number

static uint32_t rank_of (struct cmd *c)
{
    return cmd_has (c, "rank") ? (uint32_t)cmd_int (c, "rank", 0, 0, 0x7fffffff) : FLUX_NODEID_ANY;
}

/* The broker may be in another folder. A name without slash or .so is looked up there. */
static char *full_path (struct cmd *c, const char *target)
{
    size_t len = strlen (target);
    char *path;

    if (!strchr (target, '/') && (len < 3 || strcmp (target + len - 3, ".so") != 0))
        path = strdup (target);
    else
        path = realpath (target, NULL);
    if (!path)
        cmd_die (c, "%s: %s", target, strerror (errno));
    return path;
}

static int load (struct cmd *c, flux_t *h)
{
    char *path = full_path (c, c->argv[0]);
    const char *name = cmd_str (c, "name", NULL);
    char *loader = cmd_has (c, "loader") ? full_path (c, cmd_str (c, "loader", NULL)) : NULL;
    json_t *args = json_array (), *out;
    flux_error_t error;

    for (int i = 1; i < c->argc; i++)
        json_array_append_new (args, json_string (c->argv[i]));
    out = cmd_rpc_try (h, "module.load", rank_of (c),
                       cmd_pack (c, "{s:s s:o s:b s:s* s:s*}", "path", path, "args", args, "exec",
                                 (int)cmd_has (c, "exec"), "name", name, "loader", loader),
                       &error);
    free (path);
    free (loader);
    if (!out)
        return cmd_fail (c, "%s: %s", c->argv[0], error.text);
    json_decref (out);
    return 0;
}

static int remove_module (struct cmd *c, flux_t *h, const char *name, bool force, bool cancel)
{
    flux_error_t error;
    json_t *out =
        cmd_rpc_try (h, "module.remove", rank_of (c),
                     cmd_pack (c, "{s:s s:b}", "name", name, "cancel", (int)cancel), &error);

    if (!out && !(force && errno == ENOENT))
        return cmd_fail (c, "%s: %s", name, error.text);
    json_decref (out);
    return 0;
}

static int run_load (struct cmd *c)
{
    if (c->argc < 1)
        return cmd_fail (c, "the name or the file of a module is needed");
    flux_t *h = cmd_open (c);
    int rc = load (c, h);
    flux_close (h);
    return rc;
}

static int run_remove (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one module is needed");
    flux_t *h = cmd_open (c);
    char *path = strchr (c->argv[0], '/') ? full_path (c, c->argv[0]) : NULL;
    int rc =
        remove_module (c, h, path ? path : c->argv[0], cmd_has (c, "force"), cmd_has (c, "cancel"));
    free (path);
    flux_close (h);
    return rc;
}

static int run_reload (struct cmd *c)
{
    if (c->argc < 1)
        return cmd_fail (c, "the name or the file of a module is needed");
    flux_t *h = cmd_open (c);
    char *path = full_path (c, c->argv[0]);
    int rc = remove_module (c, h, cmd_str (c, "name", path), cmd_has (c, "force"),
                            cmd_has (c, "cancel"));
    if (rc == 0)
        rc = load (c, h);
    free (path);
    flux_close (h);
    return rc;
}

/* Beyond the name of the module itself. */
static char *join_services (const char *name, json_t *services)
{
    struct buf b = {0};
    json_t *svc;
    size_t i;

    json_array_foreach (services, i, svc)
    {
        const char *s = json_string_value (svc);
        if (s && strcmp (s, name) != 0)
            buf_printf (&b, "%s%s", b.len ? "," : "", s);
    }
    char *text = strndup (b.len ? b.data : "", b.len);
    buf_clear (&b);
    return text;
}

/* In eight columns, with a plus sign where there are more. */
static void print_cut (const char *s)
{
    bool cut = strlen (s) > 8;

    printf ("%-*.*s%s", cut ? 7 : 8, cut ? 7 : 8, s, cut ? "+" : "");
}

static int print_module (json_t *o, bool with_path)
{
    static const char letters[] = "IRFX";
    const char *name, *path;
    int idle, status, sendq = 0, recvq = 0;
    json_t *services;
    char since[16] = "idle";

    if (json_unpack (o, "{s:s s:s s:i s:i s:o s?i s?i}", "name", &name, "path", &path, "idle",
                     &idle, "status", &status, "services", &services, "sendqueue", &sendq,
                     "recvqueue", &recvq) < 0)
        return -1;
    if (idle <= IDLE_MAX)
        snprintf (since, sizeof (since), "%d", idle);
    char *more = join_services (name, services);
    printf ("%-25s %4s  %c %5d %5d ", name, since,
            status >= 0 && status < 4 ? letters[status] : '?', sendq, recvq);
    if (with_path) {
        print_cut (more);
        printf (" %s\n", path);
    } else
        printf ("%s\n", more);
    free (more);
    return 0;
}

static int run_list (struct cmd *c)
{
    bool with_path = cmd_has (c, "long");
    json_t *mods, *mod;
    size_t i;

    if (c->argc > 0)
        return cmd_fail (c, "it has no operands");
    flux_t *h = cmd_open (c);
    json_t *out = cmd_rpc (c, h, "module.list", rank_of (c), NULL, NULL);
    if (!(mods = json_object_get (out, "mods")))
        return cmd_fail (c, "the answer is not understood");
    printf ("%-25s %4s  %c %5s %5s %s\n", "Module", "Idle", 'S', "Sendq", "Recvq",
            with_path ? "Service  Path" : "Service");
    json_array_foreach (mods, i, mod)
    {
        if (print_module (mod, with_path) < 0)
            return cmd_fail (c, "the answer is not understood");
    }
    json_decref (out);
    flux_close (h);
    return 0;
}

/* a.b.c in an object of objects */
static json_t *walk (json_t *o, const char *path)
{
    while (o && *path) {
        size_t len = strcspn (path, ".");
        o = json_object_getn (o, path, len);
        path += len + (path[len] == '.');
    }
    return o;
}

static int print_value (struct cmd *c, json_t *o)
{
    const char *type = cmd_str (c, "type", "");
    double scale = strtod (cmd_str (c, "scale", "1"), NULL);

    if (*type && strcmp (type, "int") != 0 && strcmp (type, "double") != 0)
        return cmd_fail (c, "--type=%s: neither int nor double", type);
    if (json_is_integer (o) ? strcmp (type, "double") != 0 : strcmp (type, "int") == 0) {
        printf ("%lld\n", (long long)(json_number_value (o) * scale));
    } else if (json_is_number (o) || *type) {
        printf ("%f\n", json_number_value (o) * scale);
    } else {
        char *s = json_dumps (o, JSON_INDENT (1) | JSON_ENCODE_ANY);
        printf ("%s\n", s ? s : "");
        free (s);
    }
    return 0;
}

static json_t *method_rpc (struct cmd *c, flux_t *h, const char *method, json_t *in)
{
    char topic[512];
    flux_error_t error;

    snprintf (topic, sizeof (topic), "%s.%s", c->argv[0], method);
    json_t *out = cmd_rpc_try (h, topic, rank_of (c), in, &error);
    if (!out)
        cmd_die (c, "%s: %s", topic, error.text);
    return out;
}

static int clear_all (struct cmd *c, flux_t *h)
{
    char topic[512];

    snprintf (topic, sizeof (topic), "%s.stats-clear", c->argv[0]);
    flux_future_t *f = flux_event_publish (h, topic, 0, NULL);
    int rc = f && flux_future_get (f, NULL) == 0 ? 0 : cmd_fail (c, "%s", cmd_why (f));
    flux_future_destroy (f);
    return rc;
}

static int run_stats (struct cmd *c)
{
    const char *path = cmd_str (c, "parse", "");
    const char *who = cmd_str (c, "rusage", NULL);
    json_t *out = NULL, *val;
    int rc = 0;

    if (c->argc != 1)
        return cmd_fail (c, "the name of one module is needed");
    flux_t *h = cmd_open (c);
    if (cmd_has (c, "clear-all"))
        rc = clear_all (c, h);
    else if (cmd_has (c, "clear"))
        out = method_rpc (c, h, "stats-clear", NULL);
    else if (cmd_has (c, "rusage"))
        out = method_rpc (c, h, "rusage", who ? cmd_pack (c, "{s:s}", "who", who) : NULL);
    else
        out = method_rpc (c, h, "stats-get", NULL);
    if (out && !cmd_has (c, "clear")) {
        if ((val = walk (out, path)))
            rc = print_value (c, val);
        else
            rc = cmd_fail (c, "there is no %s in what %s tells", path, c->argv[0]);
    }
    json_decref (out);
    flux_close (h);
    return rc;
}

static int run_debug (struct cmd *c)
{
    static const struct {
        const char *option, *op;
    } ops[] = {{"clear", "clr"}, {"set", "set"}, {"clearbit", "clrbit"}, {"setbit", "setbit"}};
    const char *op = "setbit", *val = "0";
    char *end;
    int flags = 0;

    if (c->argc != 1)
        return cmd_fail (c, "the name of one module is needed");
    for (size_t i = sizeof (ops) / sizeof (ops[0]); i-- > 0;) {
        if (cmd_has (c, ops[i].option)) {
            op = ops[i].op;
            val = i > 0 ? cmd_str (c, ops[i].option, "0") : "0";
        }
    }
    flags = (int)strtoul (val, &end, 0);
    if (end == val || *end)
        return cmd_fail (c, "%s: not a number", val);
    flux_t *h = cmd_open (c);
    json_t *out = method_rpc (c, h, "debug", cmd_pack (c, "{s:s s:i}", "op", op, "flags", flags));
    if (json_unpack (out, "{s:i}", "flags", &flags) < 0)
        return cmd_fail (c, "the answer is not understood");
    printf ("0x%x\n", (unsigned)flags);
    json_decref (out);
    flux_close (h);
    return 0;
}

#define RANK_OPT                                                                                   \
    {                                                                                              \
        .key = 'r', .name = "rank", .arg = "NODEID", .help = "In this broker (the nearest)"        \
    }

static const struct cmd_opt rank_opts[] = {RANK_OPT, {0}};

static const struct cmd_opt load_opts[] = {
    {.key = 'n', .name = "name", .arg = "NAME", .help = "Load it under this name"},
    {.name = "exec", .help = "As a process of its own"},
    {.name = "loader", .arg = "PATH", .help = "By this program, as a process of its own"},
    {0},
};

static const struct cmd_opt remove_opts[] = {
    {.key = 'f', .name = "force", .help = "It is no error when it is not loaded"},
    {.name = "cancel", .help = "End it by force"},
    {0},
};

static const struct cmd_opt list_opts[] = {
    {.key = 'l', .name = "long", .help = "With the file of each"},
    {0},
};

static const struct cmd_opt stats_opts[] = {
    {.key = 'p', .name = "parse", .arg = "OBJNAME", .help = "Only this value, as a.b.c"},
    {.key = 't', .name = "type", .arg = "int|double", .help = "Show the value as this"},
    {.key = 's', .name = "scale", .arg = "N", .help = "Multiply the value by this"},
    {.key = 'R',
     .name = "rusage",
     .arg = "self|children|thread",
     .help = "What it used of the machine instead",
     .flags = CMD_OPT_OPTARG},
    {.key = 'c', .name = "clear", .help = "Set the counters to zero"},
    {.key = 'C', .name = "clear-all", .help = "The same on all brokers"},
    {0},
};

static const struct cmd_opt debug_opts[] = {
    {.key = 'C', .name = "clear", .help = "Set all flags to 0"},
    {.key = 'S', .name = "set", .arg = "MASK", .help = "Set the flags to this"},
    {.key = 's', .name = "setbit", .arg = "VAL", .help = "Set these bits"},
    {.key = 'c', .name = "clearbit", .arg = "VAL", .help = "Clear these bits"},
    {0},
};

static const struct cmd_verb list_verb = {
    .name = "list",
    .summary = "List the modules of a broker, with those that are built in",
    .opts = {list_opts, rank_opts},
    .run = run_list,
};

static const struct cmd_verb load_verb = {
    .name = "load",
    .args = "MODULE [ARG...]",
    .summary = "Load a module",
    .opts = {load_opts, rank_opts},
    .flags = CMD_VERB_STOP,
    .run = run_load,
};

static const struct cmd_verb reload_verb = {
    .name = "reload",
    .args = "MODULE [ARG...]",
    .summary = "Remove a module and load it again",
    .opts = {load_opts, remove_opts, rank_opts},
    .flags = CMD_VERB_STOP,
    .run = run_reload,
};

static const struct cmd_verb remove_verb = {
    .name = "remove",
    .args = "MODULE",
    .summary = "Remove a module",
    .opts = {remove_opts, rank_opts},
    .run = run_remove,
};

static const struct cmd_verb unload_verb = {
    .name = "unload",
    .args = "MODULE",
    .summary = "Remove a module",
    .opts = {remove_opts, rank_opts},
    .flags = CMD_VERB_HIDDEN,
    .run = run_remove,
};

static const struct cmd_verb stats_verb = {
    .name = "stats",
    .args = "MODULE",
    .summary = "Show what a module counts",
    .opts = {stats_opts, rank_opts},
    .run = run_stats,
};

static const struct cmd_verb debug_verb = {
    .name = "debug",
    .args = "MODULE",
    .summary = "Show or change the debug flags of a module",
    .opts = {debug_opts, rank_opts},
    .run = run_debug,
};

static const struct cmd_verb *const subs[] = {&list_verb,   &load_verb,         &reload_verb,
                                              &remove_verb, &unload_verb,       &stats_verb,
                                              &debug_verb,  &module_trace_verb, NULL};

const struct cmd_verb cmd_verb_module = {
    .name = "module",
    .args = "COMMAND",
    .summary = "Manage the modules of brokers",
    .subs = subs,
};
