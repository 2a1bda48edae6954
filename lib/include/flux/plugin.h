/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plugins: shared objects that are called back at named points, "topics", of the program that loads
 * them. A plugin exports
 *
 *     int flux_plugin_init (flux_plugin_t *p);
 *
 * which registers its handlers and returns 0, or -1 to be refused. Functions that return int give
 * 0, or -1 with errno and, where there is a plugin, flux_plugin_strerror(). */

#ifndef FLUX_PLUGIN_H
#define FLUX_PLUGIN_H

#include <stdarg.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flux_plugin flux_plugin_t;
typedef struct flux_plugin_arg flux_plugin_arg_t;

typedef int (*flux_plugin_f) (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args,
                              void *data);
typedef int (*flux_plugin_init_f) (flux_plugin_t *p);

struct flux_plugin_handler {
    const char *topic; // fnmatch(3) pattern; a table ends with NULL
    flux_plugin_f cb;
    void *data;
};

FLUX_EXPORT flux_plugin_t *flux_plugin_create (void);
FLUX_EXPORT void flux_plugin_destroy (flux_plugin_t *p);

/* What went wrong last; "" if nothing did. */
FLUX_EXPORT const char *flux_plugin_strerror (flux_plugin_t *p);

/* The name is at first that of the file, without directories and ".so". */
FLUX_EXPORT int flux_plugin_set_name (flux_plugin_t *p, const char *name);
FLUX_EXPORT const char *flux_plugin_get_name (flux_plugin_t *p);
FLUX_EXPORT const char *flux_plugin_get_path (flux_plugin_t *p);

/* cb is called for each topic that matches. Of handlers with the very same pattern the last one
 * added counts; cb NULL removes it. */
FLUX_EXPORT int flux_plugin_add_handler (flux_plugin_t *p, const char *topic, flux_plugin_f cb,
                                         void *arg);
FLUX_EXPORT int flux_plugin_remove_handler (flux_plugin_t *p, const char *topic);
FLUX_EXPORT flux_plugin_f flux_plugin_get_handler (flux_plugin_t *p, const char *topic);
FLUX_EXPORT flux_plugin_f flux_plugin_match_handler (flux_plugin_t *p, const char *topic);

/* Set the name (if not NULL) and add all handlers of a table. */
FLUX_EXPORT int flux_plugin_register (flux_plugin_t *p, const char *name,
                                      const struct flux_plugin_handler t[]);

/* Hang something on a plugin. free_fn may be NULL; with key NULL it cannot be got again. */
FLUX_EXPORT int flux_plugin_aux_set (flux_plugin_t *p, const char *key, void *val,
                                     flux_free_f free_fn);
FLUX_EXPORT void *flux_plugin_aux_get (flux_plugin_t *p, const char *key);

/* What the plugin was loaded with: JSON, NULL if nothing. */
FLUX_EXPORT int flux_plugin_set_conf (flux_plugin_t *p, const char *json_str);
FLUX_EXPORT const char *flux_plugin_get_conf (flux_plugin_t *p);
FLUX_EXPORT int flux_plugin_conf_unpack (flux_plugin_t *p, const char *fmt, ...);

/* Load a shared object and call its flux_plugin_init(), if it has one. */
FLUX_EXPORT int flux_plugin_load_dso (flux_plugin_t *p, const char *path);

/* Call the handler that matches: what it returned, or 0 when there is none. */
FLUX_EXPORT int flux_plugin_call (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args);

/* Arguments of a call, two JSON objects: what goes in and what comes out. Setting and packing
 * update the keys that are there, unless FLUX_PLUGIN_ARG_REPLACE is or'ed in. Formats are
 * jansson's. */
enum {
    FLUX_PLUGIN_ARG_IN = 0,
    FLUX_PLUGIN_ARG_OUT = 1,
    FLUX_PLUGIN_ARG_REPLACE = 2,
};
FLUX_EXPORT flux_plugin_arg_t *flux_plugin_arg_create (void);
FLUX_EXPORT void flux_plugin_arg_destroy (flux_plugin_arg_t *args);
FLUX_EXPORT const char *flux_plugin_arg_strerror (flux_plugin_arg_t *args);
FLUX_EXPORT int flux_plugin_arg_set (flux_plugin_arg_t *args, int flags, const char *json_str);
FLUX_EXPORT int flux_plugin_arg_get (flux_plugin_arg_t *args, int flags, char **json_str);
FLUX_EXPORT int flux_plugin_arg_pack (flux_plugin_arg_t *args, int flags, const char *fmt, ...);
FLUX_EXPORT int flux_plugin_arg_vpack (flux_plugin_arg_t *args, int flags, const char *fmt,
                                       va_list ap);
FLUX_EXPORT int flux_plugin_arg_unpack (flux_plugin_arg_t *args, int flags, const char *fmt, ...);
FLUX_EXPORT int flux_plugin_arg_vunpack (flux_plugin_arg_t *args, int flags, const char *fmt,
                                         va_list ap);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_PLUGIN_H */
