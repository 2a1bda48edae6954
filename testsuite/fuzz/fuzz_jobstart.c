/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The request to start a job shell, and data events of standard input. */

#include <jansson.h>

#include "lib/shell/request.h"
#include "lib/shell/info.h"
#include "lib/shell/ioencode.h"
#include "lib/shell/mustache.h"
#include "lib/shell/outconf.h"
#include "testsuite/fuzz/fuzz.h"

static void use_info (struct shell_info *info)
{
    struct mustache m = {info, NULL, info->nlocal > 0 ? info->taskids[0] : -1, 0};
    struct outconf conf;
    size_t index;
    json_t *arg;

    MUST (info->ntasks > 0 && info->nlocal <= info->ntasks);
    for (int i = 0; i < info->nlocal; i++)
        MUST (info->taskids[i] >= 0 && info->taskids[i] < info->ntasks);
    json_array_foreach (info->command, index, arg)
        free (mustache_render (&m, json_string_value (arg)));
    outconf_init (&conf, info, NULL);
}

/* The same request again, of which parts are known then, must be the same. */
static void use_request (const char *data, size_t size)
{
    struct shell_known known = {0};
    char *env[2] = {NULL, NULL};
    json_error_t error;
    json_t *first = shell_request_load (data, size, &known, &env[0], &error);
    json_t *second = shell_request_load (data, size, &known, &env[1], &error);

    MUST (!first == !second && (!first || json_equal (first, second)));
    MUST (!env[0] == !env[1] && (!env[0] || !strcmp (env[0], env[1])));
    json_decref (first);
    json_decref (second);
    free (env[0]);
    free (env[1]);
    shell_known_clear (&known);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    flux_error_t error;
    struct shell_info *info = shell_info_create ((const char *)data, size, NULL, &error);
    json_t *o = json_loadb ((const char *)data, size, 0, NULL);
    char *text = NULL;
    size_t len;

    if (info)
        use_info (info);
    shell_info_destroy (info);
    if (o && ioencode_decode (o, NULL, NULL, &text, &len, NULL) == 0) {
        struct buf b = {0};
        ioencode_context (&b, "stdin", "0", text ? text : "", len, false);
        json_t *again = json_loadb (b.data, b.len, 0, NULL);
        char *text2;
        size_t len2;
        MUST (ioencode_decode (again, NULL, NULL, &text2, &len2, NULL) == 0 && len2 == len);
        MUST (len == 0 || memcmp (text, text2, len) == 0);
        free (text2);
        json_decref (again);
        buf_clear (&b);
        free (text);
    }
    json_decref (o);
    use_request ((const char *)data, size);
    return 0;
}
