/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Formats by name. */

#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/conf.h>

#include "lib/graph/io/yaml.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"
#include "lib/util/fdutil.h"
#include "lib/util/peers.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"

#define FILE_SIZE_MAX (1024 * 1024)

/* YAML is read by a module of its own: `flux` starts without libyaml. */
static json_t *read_yaml (const char *path, flux_error_t *errp)
{
    json_t *(*convert) (const char *, size_t, flux_error_t *) = NULL;
    char *text = NULL, *module = peer_find ("flux-yaml.so", "../lib/graph/io/.libs");
    void *dso = dlopen (module ? module : FLUX_LIBDIR "/flux-yaml.so", RTLD_NOW | RTLD_LOCAL);
    ssize_t len = file_read_all (path, FILE_SIZE_MAX, &text);
    flux_error_t error;
    json_t *o = NULL;

    if (dso)
        *(void **)&convert = dlsym (dso, "yaml_to_json");
    if (!convert)
        errprintf (errp, "%s: YAML cannot be read: %s", path, dlerror ());
    else if (len < 0)
        errprintf (errp, "%s: %s", path, strerror (errno));
    else if (!(o = convert (text, (size_t)len, &error)))
        errprintf (errp, "%s: %s", path, error.text);
    free (text);
    free (module);
    return o;
}

static json_t *read_other (const char *path, flux_error_t *errp)
{
    flux_conf_t *conf = flux_conf_parse (path, errp);
    json_t *o = NULL;

    if (conf && flux_conf_unpack (conf, errp, "o", &o) == 0)
        o = json_deep_copy (o);
    flux_conf_decref (conf);
    return o;
}

static bool is_builtin (const struct fmt_set *set, const char *name)
{
    for (const struct fmt_named *f = set->formats; f->name; f++)
        if (strcmp (f->name, name) == 0)
            return true;
    return false;
}

static int check_formats (const struct fmt_set *set, bool own, const json_t *formats,
                          flux_error_t *errp)
{
    const char *name;
    json_t *o;

    if (!json_is_object (formats))
        return errprintf (errp, "`formats' is not a table");
    json_object_foreach ((json_t *)formats, name, o)
    {
        if (own && is_builtin (set, name))
            return errprintf (errp, "format '%s' is built in and cannot be changed", name);
        if (!json_is_object (o))
            return errprintf (errp, "formats.%s is not a table", name);
        if (!json_is_string (json_object_get (o, "format")))
            return errprintf (errp, "formats.%s.format is not there, or no text", name);
    }
    return 0;
}

static int check_table (const struct fmt_set *set, bool own, const char *table, const json_t *o,
                        flux_error_t *errp)
{
    const char *key;
    json_t *value;

    if (!json_is_object (o))
        return errprintf (errp, "%s is not a table", table ? table : "it");
    json_object_foreach ((json_t *)o, key, value)
    {
        if (strcmp (key, "formats") == 0) {
            if (check_formats (set, own, value, errp) < 0)
                return -1;
        } else if (table && strcmp (table, "list") == 0 && strcmp (key, "hidden-queues") == 0) {
            if (!json_is_strings (value))
                return errprintf (errp, "list.hidden-queues is not a list of names");
        } else {
            return errprintf (errp, "invalid key %s%s%s", table ? table : "", table ? "." : "",
                              key);
        }
    }
    return 0;
}

static int check_file (const struct fmt_set *set, const json_t *o, flux_error_t *errp)
{
    const char *key;
    json_t *value;

    if (!set->tables)
        return check_table (set, true, NULL, o, errp);
    if (!json_is_object (o))
        return errprintf (errp, "it is not a table");
    json_object_foreach ((json_t *)o, key, value)
    {
        size_t i = 0;
        while (set->tables[i] && strcmp (set->tables[i], key) != 0)
            i++;
        if (!set->tables[i])
            return errprintf (errp, "invalid key %s", key);
        if (check_table (set, strcmp (key, set->table) == 0, key, value, errp) < 0)
            return -1;
    }
    return 0;
}

static int add_file (const struct fmt_set *set, json_t *all, const char *path, flux_error_t *errp)
{
    const char *ext = strrchr (path, '.');
    flux_error_t error;

    if (!ext ||
        (strcmp (ext, ".json") != 0 && strcmp (ext, ".toml") != 0 && strcmp (ext, ".yaml") != 0))
        return 0;
    json_t *o = strcmp (ext, ".yaml") == 0 ? read_yaml (path, errp) : read_other (path, errp);
    int rc = o ? check_file (set, o, &error) : -1;
    if (o && rc < 0)
        errprintf (errp, "%s: %s", path, error.text);
    if (rc == 0 && json_object_update_recursive (all, o) < 0)
        rc = errprintf (errp, "out of memory");
    json_decref (o);
    return rc;
}

static int add_folder (const struct fmt_set *set, json_t *all, const char *dir, const char *below,
                       flux_error_t *errp)
{
    glob_t g = {0};
    char *pattern;
    int rc = 0;

    if (asprintf (&pattern, "%s/%s/%s.*", dir, below, set->files) < 0)
        return errprintf (errp, "out of memory");
    if (glob (pattern, 0, NULL, &g) == 0)
        for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++)
            rc = add_file (set, all, g.gl_pathv[i], errp);
    globfree (&g);
    free (pattern);
    return rc;
}

/* Folders are written down with the most important in front, and read from the end. */
static int add_site (const struct fmt_set *set, json_t *all, flux_error_t *errp)
{
    const char *dirs = getenv ("XDG_CONFIG_DIRS");
    char *copy = strdup (dirs && *dirs ? dirs : "/etc/xdg"), *dir;
    int rc = copy ? 0 : errprintf (errp, "out of memory");

    while (rc == 0 && *copy) {
        dir = strrchr (copy, ':');
        rc = add_folder (set, all, dir ? dir + 1 : copy, "flux", errp);
        *(dir ? dir : copy) = '\0';
    }
    free (copy);
    return rc;
}

static int add_user (const struct fmt_set *set, json_t *all, flux_error_t *errp)
{
    const char *dir = getenv ("XDG_CONFIG_HOME"), *home = getenv ("HOME");
    struct passwd *pw;

    if (dir && *dir)
        return add_folder (set, all, dir, "flux", errp);
    if ((!home || !*home) && (pw = getpwuid (getuid ())))
        home = pw->pw_dir;
    return home ? add_folder (set, all, home, ".config/flux", errp) : 0;
}

json_t *fmtconf_load (const struct fmt_set *set, flux_error_t *errp)
{
    json_t *all = json_object ();

    if (!all)
        errprintf (errp, "out of memory");
    if (!all || add_site (set, all, errp) < 0 || add_user (set, all, errp) < 0) {
        json_decref (all);
        return NULL;
    }
    if (!set->table)
        return all;
    json_t *own = json_object_get (all, set->table);
    own = own ? json_incref (own) : json_object ();
    json_decref (all);
    return own;
}

static const char *text_of (const json_t *format, const char *key)
{
    return json_string_value (json_object_get (format, key));
}

static void list (const struct fmt_set *set, const char *verb, const json_t *more)
{
    const char *name;
    json_t *o;

    printf ("\nConfigured %s output formats:\n\n", verb);
    for (const struct fmt_named *f = set->formats; f->name; f++)
        printf ("  %-12s %s\n", f->name, f->description);
    json_object_foreach ((json_t *)more, name, o)
    {
        const char *text = text_of (o, "description");
        printf ("  %-12s%s%s\n", name, text ? " " : "", text ? text : "");
    }
    printf ("\n");
}

/* As it is written in a file, TOML. */
static void show (const struct fmt_set *set, const char *name, const char *description,
                  const char *text)
{
    printf ("[%s%sformats.%s]\n", set->table ? set->table : "", set->table ? "." : "", name);
    if (description)
        printf ("description = \"%s\"\n", description);
    printf ("format = \"%s\"\n", text);
}

/* What the environment says for a format that is asked for as "default". */
static const char *default_of (const struct cmd_verb *verb)
{
    for (int i = 0; i < CMD_TABLES_MAX && verb->opts[i]; i++)
        for (const struct cmd_opt *o = verb->opts[i]; o->name || o->help; o++)
            if (o->env && strcmp (o->name, "format") == 0) {
                const char *s = getenv (o->env);
                return s && *s ? s : NULL;
            }
    return NULL;
}

char *fmtconf_choose (const struct cmd *c, const struct fmt_set *set)
{
    const char *name = cmd_str (c, "format", "default"), *text = NULL, *description = NULL, *env;
    flux_error_t error;

    if (strcmp (name, "default") == 0 && (env = default_of (c->verb)))
        name = env;
    if (strchr (name, '{'))
        return strdup (name);
    json_t *conf = fmtconf_load (set, &error);
    if (!conf)
        cmd_die (c, "%s", error.text);
    json_t *more = json_object_get (conf, "formats");
    bool config = strncmp (name, "get-config=", 11) == 0;
    const char *key = config ? name + 11 : name;
    text = text_of (json_object_get (more, key), "format");
    description = text_of (json_object_get (more, key), "description");
    for (const struct fmt_named *f = set->formats; !text && f->name; f++)
        if (strcmp (f->name, key) == 0) {
            text = f->text;
            description = f->description;
        }
    if (strcmp (name, "help") == 0)
        list (set, c->name, more);
    else if (!text)
        cmd_die (c, "--format=%s: no such format (`help' lists them)", key);
    else if (config)
        show (set, key, description, text);
    char *out = text && !config ? strdup (text) : NULL;
    json_decref (conf);
    return out;
}
