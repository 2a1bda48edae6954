/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux config get, set, unset, load, reload; builtin is in config_builtin.c. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/conf.h>

#include "lib/util/fsd.h"
#include "lib/job/jpath.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/config_cmd.h"
#include "shell/cmd/verbs.h"

#define INPUT_MAX (16 * 1024 * 1024)

/* ---- values and their types ---- */

static const char *type_name (const json_t *o)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "real",   [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null",
    };

    return names[json_typeof (o)];
}

static bool is_fsd (const json_t *o, double *seconds)
{
    return json_is_string (o) && fsd_parse_duration (json_string_value (o), seconds) == 0;
}

static void check_type (const struct cmd *c, const char *type)
{
    static const char *const known[] = {"string", "integer", "real",        "boolean", "object",
                                        "array",  "fsd",     "fsd-integer", "fsd-real"};

    for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++)
        if (strcmp (type, known[i]) == 0)
            return;
    cmd_die (c,
             "--type=%s: not one of string, integer, real, boolean, object, array, fsd, "
             "fsd-integer, fsd-real",
             type);
}

static int print_value (const struct cmd *c, const char *name, const json_t *o)
{
    const char *type = cmd_str (c, "type", NULL);
    double seconds;

    if (type)
        check_type (c, type);
    if (type && strncmp (type, "fsd", 3) == 0) {
        if (!is_fsd (o, &seconds))
            return cmd_fail (c, "%s is no duration", name);
        if (strcmp (type, "fsd-integer") == 0)
            printf ("%.0f\n", seconds);
        else if (strcmp (type, "fsd-real") == 0)
            printf ("%.17g\n", seconds);
        else
            printf ("%s\n", json_string_value (o));
        return 0;
    }
    if (type && strcmp (type, type_name (o)) != 0)
        return cmd_fail (c, "%s is of type %s, not %s", name, type_name (o), type);
    if (json_is_string (o)) {
        printf ("%s\n", json_string_value (o));
    } else {
        json_dumpf (o, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
        printf ("\n");
    }
    return 0;
}

/* ---- where the configuration is ---- */

static json_t *ask (const struct cmd *c, flux_t *h)
{
    return cmd_rpc (c, h, "config.get", FLUX_NODEID_ANY, NULL, "the configuration");
}

static json_t *read_path (const struct cmd *c, const char *path)
{
    flux_error_t error;
    flux_conf_t *conf;
    json_t *o;

    if (strcmp (path, "system") == 0)
        path = FLUX_CONFDIR "/system/conf.d";
    if (!(conf = flux_conf_parse (path, &error)) || flux_conf_unpack (conf, &error, "O", &o) < 0)
        cmd_die (c, "%s", error.text);
    flux_conf_decref (conf);
    return o;
}

static json_t *present (const struct cmd *c)
{
    const char *path = cmd_str (c, "config-path", NULL);

    if (path)
        return read_path (c, path);
    flux_t *h = cmd_open (c);
    json_t *o = ask (c, h);
    flux_close (h);
    return o;
}

static void load (const struct cmd *c, flux_t *h, json_t *o)
{
    json_decref (cmd_rpc (c, h, "config.load", 0, o, "the new configuration"));
}

/* ---- verbs ---- */

static int run_get (struct cmd *c)
{
    const char *dflt = cmd_str (c, "default", NULL);
    json_t *o, *val;
    int rc;

    if (c->argc > 1)
        return cmd_fail (c, "one name at most is wanted");
    o = present (c);
    val = c->argc > 0 ? jpath_get (o, c->argv[0]) : o;
    if (val)
        rc = print_value (c, c->argc > 0 ? c->argv[0] : "it", val);
    else if (dflt)
        rc = printf ("%s\n", dflt) < 0;
    else
        rc = cmd_has (c, "quiet") ? 1 : cmd_fail (c, "%s is not set", c->argv[0]);
    json_decref (o);
    return rc;
}

/* Text as a value of the type wanted, of the type it has, else as JSON, else as a string. */
static json_t *parse_value (const struct cmd *c, const json_t *old, const char *text)
{
    const char *type = cmd_str (c, "type", NULL);
    json_t *val = json_loads (text, JSON_DECODE_ANY, NULL), *s = json_string (text);
    double seconds;

    if (type)
        check_type (c, type);
    else if (old)
        type = type_name (old);
    if (!s)
        cmd_die (c, "the value is not UTF-8");
    if (type && strncmp (type, "fsd", 3) == 0 && !is_fsd (s, &seconds))
        cmd_die (c, "%s is no duration", text);
    if ((type && (strcmp (type, "string") == 0 || strncmp (type, "fsd", 3) == 0)) ||
        (!type && !val)) {
        json_decref (val);
        return s;
    }
    json_decref (s);
    if (val && type && strcmp (type, "real") == 0 && json_is_integer (val)) {
        json_t *real = json_real ((double)json_integer_value (val));
        json_decref (val);
        val = real;
    }
    if (!val || (type && strcmp (type, type_name (val)) != 0))
        cmd_die (c, "%s is not of type %s", text, type);
    return val;
}

static int run_set (struct cmd *c)
{
    if (c->argc != 2)
        return cmd_fail (c, "a name and a value are needed");
    flux_t *h = cmd_open (c);
    json_t *o = ask (c, h);
    json_t *val = parse_value (c, jpath_get (o, c->argv[0]), c->argv[1]);
    if (jpath_set_new (o, c->argv[0], val) < 0)
        return cmd_fail (c, "%s: not the dotted name of a key in a table", c->argv[0]);
    load (c, h, o);
    flux_close (h);
    return 0;
}

static int run_unset (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "the name of one key is needed");
    flux_t *h = cmd_open (c);
    json_t *o = ask (c, h);
    if (!jpath_get (o, c->argv[0]) || jpath_del (o, c->argv[0]) < 0)
        return cmd_fail (c, "%s is not set", c->argv[0]);
    load (c, h, o);
    flux_close (h);
    return 0;
}

/* JSON or TOML: the first character of an object tells. */
static json_t *read_stdin (const struct cmd *c)
{
    flux_conf_t *conf = flux_conf_create ();
    flux_error_t error;
    char *text, *p;
    json_t *o;

    if (fd_read_all (STDIN_FILENO, INPUT_MAX, &text) < 0)
        cmd_die (c, "standard input: %s", strerror (errno));
    for (p = text; *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'; p++)
        ;
    /* A line break says TOML where there is no object. */
    char *value = NULL;
    if (asprintf (&value, *p == '{' ? "%s" : "%s\n", p) < 0 || !conf ||
        flux_conf_update (conf, value, &error) < 0 || flux_conf_unpack (conf, &error, "O", &o) < 0)
        cmd_die (c, "standard input: %s", conf && value ? error.text : "out of memory");
    free (value);
    free (text);
    flux_conf_decref (conf);
    return o;
}

static int run_load (struct cmd *c)
{
    if (c->argc > 1)
        return cmd_fail (c, "one path at most is wanted");
    json_t *o = c->argc > 0 ? read_path (c, c->argv[0]) : read_stdin (c);
    flux_t *h = cmd_open (c);
    load (c, h, o);
    flux_close (h);
    return 0;
}

static int run_reload (struct cmd *c)
{
    uint32_t rank;

    if (c->argc > 0)
        return cmd_fail (c, "%s: no operand is wanted", c->argv[0]);
    flux_t *h = cmd_open (c);
    if (cmd_has (c, "follower-noop") && flux_get_rank (h, &rank) == 0 && rank > 0)
        return 0;
    json_decref (cmd_rpc (c, h, "config.reload", 0, NULL, "the new configuration"));
    flux_close (h);
    return 0;
}

static const struct cmd_opt get_opts[] = {
    {.key = 'd', .name = "default", .arg = "VALUE", .help = "Print VALUE when NAME is not set"},
    {.key = 'q', .name = "quiet", .help = "Say nothing when NAME is not set"},
    {.key = 't',
     .name = "type",
     .arg = "TYPE",
     .help = "Want a string, integer, real, boolean, object, array, fsd, fsd-integer or fsd-real"},
    {.key = 'c',
     .name = "config-path",
     .arg = "PATH",
     .help = "Read a file or folder, or `system', instead of asking the broker"},
    {0},
};

static const struct cmd_opt set_opts[] = {
    {.key = 't',
     .name = "type",
     .arg = "TYPE",
     .help = "Take VALUE for a string, integer, real, boolean, object, array or fsd"},
    {0},
};

static const struct cmd_opt reload_opts[] = {
    {.name = "follower-noop", .help = "Do nothing on other ranks than 0"},
    {0},
};

static const struct cmd_verb get = {
    .name = "get",
    .args = "[NAME]",
    .summary = "Print a value, or the whole configuration",
    .opts = {get_opts},
    .run = run_get,
};
static const struct cmd_verb set = {
    .name = "set",
    .args = "NAME VALUE",
    .summary = "Change a value in the running instance",
    .opts = {set_opts},
    .run = run_set,
};
static const struct cmd_verb unset = {
    .name = "unset",
    .args = "NAME",
    .summary = "Take a value out",
    .run = run_unset,
};
static const struct cmd_verb load_verb = {
    .name = "load",
    .args = "[PATH]",
    .summary = "Replace the configuration by a file's, a folder's or standard input's",
    .run = run_load,
};
static const struct cmd_verb reload = {
    .name = "reload",
    .args = NULL,
    .summary = "Read the broker's files again",
    .opts = {reload_opts},
    .run = run_reload,
};
static const struct cmd_verb *const subs[] = {
    &get, &set, &unset, &load_verb, &reload, &cmd_config_builtin, NULL};

const struct cmd_verb cmd_verb_config = {
    .name = "config",
    .summary = "Show and change the configuration of an instance",
    .subs = subs,
};
