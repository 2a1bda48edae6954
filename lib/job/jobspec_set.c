/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Setting parts of a jobspec that is being made. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/job/dependency.h"
#include "lib/job/jobspec_build.h"
#include "lib/job/jpath.h"
#include "lib/job/limits.h"
#include "lib/job/query.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"

#define KEY_SIZE 512

/* "attributes." [+ "system."] + prefix + key */
static int set (json_t *jobspec, const char *prefix, const char *key, json_t *val)
{
    char path[KEY_SIZE];

    int len = key && *key ? snprintf (path, sizeof (path), "%s%s", prefix, key) : -1;
    if (len < 0 || len >= KEY_SIZE) {
        json_decref (val);
        errno = EINVAL;
        return -1;
    }
    return jpath_set_new (jobspec, path, val);
}

static int begins (const char *s, const char *prefix)
{
    return s && strncmp (s, prefix, strlen (prefix)) == 0;
}

int jobspec_setattr_new (json_t *jobspec, const char *key, json_t *val)
{
    if (begins (key, "attributes."))
        return set (jobspec, "", key, val);
    if (begins (key, "."))
        return set (jobspec, "attributes", key, val);
    if (begins (key, "system.") || begins (key, "user."))
        return set (jobspec, "attributes.", key, val);
    return set (jobspec, "attributes.system.", key, val);
}

int jobspec_setopt_new (json_t *jobspec, const char *key, json_t *val)
{
    return set (jobspec, "attributes.system.shell.options.", key, val);
}

static int set_arg (json_t *jobspec, const char *arg, const char *what,
                    int (*setter) (json_t *, const char *, json_t *), flux_error_t *errp)
{
    char key[KEY_SIZE];
    size_t len = arg ? strcspn (arg, "=") : 0;
    json_t *val;

    if (len == 0 || len >= sizeof (key)) {
        errno = EINVAL;
        return errprintf (errp, "%s: '%s' has no key", what, arg ? arg : "");
    }
    memcpy (key, arg, len);
    key[len] = '\0';
    if (arg[len] == '\0')
        val = json_integer (1);
    else if (!(val = json_loads (arg + len + 1, JSON_DECODE_ANY, NULL)))
        val = json_string (arg + len + 1);
    if (setter (jobspec, key, val) < 0)
        return errprintf (errp, "%s: cannot set '%s'", what, key);
    return 0;
}

int jobspec_setattr_arg (json_t *jobspec, const char *arg, flux_error_t *errp)
{
    return set_arg (jobspec, arg, "setattr", jobspec_setattr_new, errp);
}

int jobspec_setopt_arg (json_t *jobspec, const char *arg, flux_error_t *errp)
{
    return set_arg (jobspec, arg, "setopt", jobspec_setopt_new, errp);
}

int jobspec_setenv (json_t *jobspec, const char *name, const char *value)
{
    json_t *env = jpath_get (jobspec, "attributes.system.environment");

    if (!name || *name == '\0' || strchr (name, '=')) {
        errno = EINVAL;
        return -1;
    }
    if (!env) {
        if (jobspec_setattr_new (jobspec, "environment", json_object ()) < 0)
            return -1;
        env = jpath_get (jobspec, "attributes.system.environment");
    }
    if (json_object_set_new (env, name, value ? json_string (value) : json_null ()) < 0) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

int jobspec_unsetenv (json_t *jobspec, const char *name)
{
    json_t *env = jpath_get (jobspec, "attributes.system.environment");

    if (!name) {
        errno = EINVAL;
        return -1;
    }
    if (env)
        json_object_del (env, name);
    return 0;
}

int jobspec_set_io (json_t *jobspec, const char *stream, const char *path)
{
    static const char *const streams[][2] = {
        {"stdin", "input"}, {"stdout", "output"}, {"stderr", "output"}};

    for (size_t i = 0; stream && path && i < 3; i++) {
        char key[64];
        if (strcmp (stream, streams[i][0]) != 0)
            continue;
        snprintf (key, sizeof (key), "%s.%s", streams[i][1], stream);
        return jobspec_setopt_new (jobspec, key,
                                   json_pack ("{s:s s:s}", "type", "file", "path", path));
    }
    errno = EINVAL;
    return -1;
}

static json_t *base64 (const unsigned char *in, size_t len)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf b = {0};

    for (size_t i = 0; i < len; i += 3) {
        unsigned long n = in[i] << 16;
        char out[4] = {0, 0, '=', '='};
        if (i + 1 < len)
            n |= in[i + 1] << 8;
        if (i + 2 < len)
            n |= in[i + 2];
        out[0] = digit[n >> 18 & 63];
        out[1] = digit[n >> 12 & 63];
        if (i + 1 < len)
            out[2] = digit[n >> 6 & 63];
        if (i + 2 < len)
            out[3] = digit[n & 63];
        buf_append (&b, out, 4);
    }
    json_t *o = b.err ? NULL : json_stringn (b.data ? b.data : "", b.len);
    buf_clear (&b);
    return o;
}

int jobspec_add_file (json_t *jobspec, const char *path, const void *data, size_t len, int mode)
{
    json_t *text = NULL, *files = jpath_get (jobspec, "attributes.system.files");
    const char *encoding = "utf-8";

    if (!path || *path == '\0' || *path == '/' || len > JOBSPEC_TEXT_MAX / 2) {
        errno = EINVAL;
        return -1;
    }
    if (!files) {
        if (jobspec_setattr_new (jobspec, "files", json_object ()) < 0)
            return -1;
        files = jpath_get (jobspec, "attributes.system.files");
    }
    json_t *file =
        json_pack ("{s:i s:I}", "mode", S_IFREG | (mode & 07777), "size", (json_int_t)len);
    if (len > 0) {
        if (memchr (data, '\0', len) || !(text = json_stringn (data, len))) {
            encoding = "base64";
            text = base64 (data, len);
        }
        json_object_set_new (file, "encoding", json_string (encoding));
        json_object_set_new (file, "data", text);
    }
    // a path has dots, so that it cannot be set by dotted key
    if (json_object_set_new (files, path, file) < 0) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

int jobspec_add_dependency (json_t *jobspec, const char *uri, flux_error_t *errp)
{
    json_t *list = jpath_get (jobspec, "attributes.system.dependencies");
    json_t *dep = dependency_parse (uri, errp);

    if (!dep)
        return -1;
    int rc = list ? json_array_append_new (list, dep)
                  : jobspec_setattr_new (jobspec, "dependencies", json_pack ("[o]", dep));
    return rc < 0 ? errprintf (errp, "cannot add dependency") : 0;
}

/* Both must hold: properties in one list where that will do. */
static json_t *join_constraints (json_t *old, json_t *new)
{
    json_t *names = json_object_get (old, "properties"),
           *more = json_object_get (new, "properties");

    if (!names || !more)
        return json_pack ("{s:[Oo]}", "and", old, new);
    json_array_extend (names, more);
    json_decref (new);
    return json_incref (old);
}

int jobspec_add_requires (json_t *jobspec, const char *query, flux_error_t *errp)
{
    json_t *old = jpath_get (jobspec, "attributes.system.constraints");
    json_t *new = query_parse (query, &query_requires, errp);

    if (!new)
        return -1;
    if (old)
        new = join_constraints (old, new);
    if (jobspec_setattr_new (jobspec, "constraints", new) < 0)
        return errprintf (errp, "cannot add constraint");
    return 0;
}
