/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Configuration as the command line brings it: TOML, JSON, KEY=VAL. What was taken can be written
 * and taken again, and is then the same. */

#include <flux/conf.h>

#include "lib/conf/conf_private.h"
#include "testsuite/fuzz/fuzz.h"

/* What carries a configuration elsewhere (conf.c). */
void *flux_aux_get (flux_t *h, const char *name)
{
    return NULL;
}

int flux_aux_set (flux_t *h, const char *name, void *aux, flux_free_f destroy)
{
    return -1;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = fuzz_string (data, size), *json;
    flux_conf_t *conf = flux_conf_create (), *again = flux_conf_create ();
    flux_error_t error;

    MUST (conf && again);
    if ((*text == '{' || strpbrk (text, "=\n")) && // else it is a file
        flux_conf_update (conf, text, &error) == 0) {
        MUST (json_is_object (conf->obj));
        if ((json = json_dumps (conf->obj, JSON_COMPACT))) {
            MUST (strchr (json, '\n') || flux_conf_update (again, json, &error) == 0 ||
                  strstr (json, "\\u0000"));
            free (json);
        }
    }
    flux_conf_decref (conf);
    flux_conf_decref (again);
    free (text);
    return 0;
}
