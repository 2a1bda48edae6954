/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where configuration comes from: files, folders, values of the command line. */

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/conf/conf_private.h"
#include "lib/conf/toml.h"
#include "lib/job/jpath.h"
#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"

#define CONF_SIZE_MAX (16 * 1024 * 1024)

static bool ends_with (const char *s, const char *end)
{
    size_t len = strlen (s), n = strlen (end);

    return len >= n && strcmp (s + len - n, end) == 0;
}

static json_t *decode_json (const char *name, const char *text, size_t len, flux_error_t *errp)
{
    json_error_t error;
    json_t *o = json_loadb (text, len, JSON_REJECT_DUPLICATES, &error);

    if (json_is_object (o))
        return o;
    errno = EINVAL;
    if (o)
        errprintf (errp, "%s: not a JSON object", name);
    else
        errprintf (errp, "%s:%d: %s", name, error.line, error.text);
    json_decref (o);
    return NULL;
}

static json_t *read_file (const char *path, flux_error_t *errp)
{
    char *text;
    ssize_t len = file_read_all (path, CONF_SIZE_MAX, &text);

    if (len < 0) {
        errprintf (errp, "%s: %s", path, strerror (errno));
        return NULL;
    }
    json_t *o = ends_with (path, ".json") ? decode_json (path, text, (size_t)len, errp)
                                          : toml_decode (path, text, (size_t)len, errp);
    free (text);
    return o;
}

/* Files of one folder may share tables: theirs is one configuration. */
static json_t *read_folder (const char *path, flux_error_t *errp)
{
    json_t *all = json_object (), *o;
    char *pattern;
    glob_t g = {0};
    int rc = 0;

    if (!all || asprintf (&pattern, "%s/*.toml", path) < 0) {
        json_decref (all);
        errno = ENOMEM;
        return NULL;
    }
    if ((rc = glob (pattern, GLOB_ERR, NULL, &g)) != 0 && rc != GLOB_NOMATCH) {
        errprintf (errp, "%s: it cannot be read", path);
        errno = EACCES;
    } else {
        rc = 0;
    }
    for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++) {
        rc = (o = read_file (g.gl_pathv[i], errp)) ? json_object_update_recursive (all, o) : -1;
        json_decref (o);
    }
    globfree (&g);
    free (pattern);
    if (rc == 0)
        return all;
    json_decref (all);
    return NULL;
}

flux_conf_t *flux_conf_parse (const char *path, flux_error_t *errp)
{
    struct stat st;
    json_t *o;

    if (!path || stat (path, &st) < 0) {
        errno = path ? errno : EINVAL;
        errprintf (errp, "%s: %s", path ? path : "configuration", strerror (errno));
        return NULL;
    }
    if (!(o = S_ISDIR (st.st_mode) ? read_folder (path, errp) : read_file (path, errp)))
        return NULL;
    flux_conf_t *conf = flux_conf_pack ("o", o);
    return conf;
}

/* KEY=VAL, where the key may be bare words with dots only. */
static json_t *decode_assignment (const char *value, flux_error_t *errp)
{
    size_t len = strcspn (value, "=");
    char *key = strndup (value, len);
    json_t *o = json_object (), *val = json_loads (value + len + 1, JSON_DECODE_ANY, NULL);

    if (!val)
        val = json_string (value + len + 1);
    if (!key || !o || !val || jpath_set_new (o, key, json_incref (val)) < 0) {
        if (!val)
            errno = EINVAL;
        errprintf (errp, "%s: %s", value, strerror (errno));
        json_decref (o);
        o = NULL;
    }
    json_decref (val);
    free (key);
    return o;
}

static json_t *decode_value (const char *value, flux_error_t *errp)
{
    if (*value == '{')
        return decode_json ("inline JSON", value, strlen (value), errp);
    if (strchr (value, '\n'))
        return toml_decode ("inline TOML", value, strlen (value), errp);
    if (strchr (value, '='))
        return decode_assignment (value, errp);
    return read_file (value, errp);
}

int flux_conf_update (flux_conf_t *conf, const char *value, flux_error_t *errp)
{
    json_t *o, *merged;

    if (!conf || !value || !*value) {
        errno = EINVAL;
        return errprintf (errp, "no configuration value");
    }
    if (!(o = decode_value (value, errp)))
        return -1;
    merged = json_deep_copy (conf->obj);
    if (!merged || json_object_update_recursive (merged, o) < 0) {
        json_decref (merged);
        json_decref (o);
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    json_decref (o);
    json_decref (conf->obj);
    conf->obj = merged;
    return 0;
}
