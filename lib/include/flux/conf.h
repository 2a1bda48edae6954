/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Configuration: one JSON object with a table for each part of an instance, read from TOML or JSON
 * (flux-config(5)). */

#ifndef FLUX_CONF_H
#define FLUX_CONF_H

#include <stdarg.h>
#include <flux/handle.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flux_conf flux_conf_t;

/* An empty one; a deep copy; references (decref keeps errno and accepts NULL). */
FLUX_EXPORT flux_conf_t *flux_conf_create (void);
FLUX_EXPORT flux_conf_t *flux_conf_copy (const flux_conf_t *conf);
FLUX_EXPORT const flux_conf_t *flux_conf_incref (const flux_conf_t *conf);
FLUX_EXPORT void flux_conf_decref (const flux_conf_t *conf);

/* Folders and files as they were configured when this library was built: confdir, libexecdir,
 * exec_path, datadir, man_path, shell_path, shell_pluginpath, jobtap_pluginpath, module_path,
 * pmi_library_path. They are those of the installed suite: with FLUX_CONF_INTREE, and for other
 * keys (what flux-core has for Lua, Python and its own plugins), NULL with EINVAL. */
enum flux_conf_builtin_hint {
    FLUX_CONF_INSTALLED = 0,
    FLUX_CONF_INTREE = 1,
    FLUX_CONF_AUTO = 2,
};
#define flux_conf_flags flux_conf_builtin_hint // as the page calls it
FLUX_EXPORT const char *flux_conf_builtin_get (const char *key, enum flux_conf_builtin_hint hint);

/* Read a file (TOML, or JSON when its name ends in .json) or all *.toml of a folder in the order of
 * their names; tables of several files are merged. On failure NULL with errno and a sentence with
 * the file and line. */
FLUX_EXPORT flux_conf_t *flux_conf_parse (const char *path, flux_error_t *error);

/* Merge into conf what value says: KEY=VAL (a dotted path; VAL is JSON, else a string), an inline
 * JSON object (begins with '{'), inline TOML (has a line break), or the path of a .json or TOML
 * file. On failure conf is as it was. */
FLUX_EXPORT int flux_conf_update (flux_conf_t *conf, const char *value, flux_error_t *error);

/* jansson's format strings. What is unpacked belongs to conf. pack fails with EINVAL when the
 * result is no object. */
FLUX_EXPORT int flux_conf_vunpack (const flux_conf_t *conf, flux_error_t *error, const char *fmt,
                                   va_list ap);
FLUX_EXPORT int flux_conf_unpack (const flux_conf_t *conf, flux_error_t *error, const char *fmt,
                                  ...);
FLUX_EXPORT flux_conf_t *flux_conf_vpack (const char *fmt, va_list ap);
FLUX_EXPORT flux_conf_t *flux_conf_pack (const char *fmt, ...);

/* The configuration that a handle carries: in a broker module it is the broker's, kept up to date;
 * elsewhere it is empty until set. It belongs to the handle. set_conf_new takes the reference on
 * success. */
FLUX_EXPORT const flux_conf_t *flux_get_conf (flux_t *h);
FLUX_EXPORT int flux_set_conf_new (flux_t *h, const flux_conf_t *conf);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_CONF_H */
