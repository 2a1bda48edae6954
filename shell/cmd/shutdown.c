/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux shutdown: end an instance. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/uri_resolve.h"
#include "shell/cmd/verbs.h"

static int log_level (struct cmd *c)
{
    if (cmd_has (c, "quiet"))
        return LOG_WARNING;
    return cmd_count (c, "verbose") > 0 ? LOG_DEBUG : LOG_INFO;
}

static flux_t *open_target (struct cmd *c)
{
    flux_error_t error = {0};
    char *uri;
    flux_t *h;

    if (c->argc == 0)
        return cmd_open (c);
    if (!(uri = uri_resolve (c->argv[0], &error)) || !(h = cmd_open_uri (uri, &error)))
        cmd_die (c, "%s: %s", c->argv[0], error.text);
    free (uri);
    return h;
}

static long gc_threshold (struct cmd *c, flux_t *h)
{
    json_t *conf = cmd_rpc_try (h, "config.get", FLUX_NODEID_ANY, NULL, NULL);
    json_int_t n =
        json_integer_value (json_object_get (json_object_get (conf, "kvs"), "gc-threshold"));

    json_decref (conf);
    return n;
}

static bool answer_is_yes (struct cmd *c, long threshold)
{
    char line[16];

    if (cmd_has (c, "yes") || cmd_has (c, "no"))
        return cmd_has (c, "yes");
    if (!isatty (STDIN_FILENO))
        cmd_die (c, "more than %ld commits (kvs.gc-threshold): say --gc, --yes or --no", threshold);
    printf ("More than %ld commits: clean the KVS up [Y/n]? ", threshold);
    fflush (stdout);
    return !fgets (line, sizeof (line), stdin) || (*line != 'n' && *line != 'N');
}

/* Where to dump to; NULL: nowhere. The configuration may have a threshold from which on the user is
 * asked. */
static const char *choose_dump (struct cmd *c, flux_t *h)
{
    const char *dump = cmd_str (c, "dump", cmd_has (c, "gc") ? "auto" : NULL);
    long threshold;
    int version = 0;

    if (dump || cmd_has (c, "skip-gc") || flux_attr_get (h, "content.dump") ||
        (threshold = gc_threshold (c, h)) <= 0)
        return dump;
    if (flux_kvs_get_version (h, NULL, &version) < 0 || version <= threshold)
        return NULL;
    return answer_is_yes (c, threshold) ? "auto" : NULL;
}

static void skip_gc (struct cmd *c, flux_t *h)
{
    const char *dump = flux_attr_get (h, "content.dump");
    flux_future_t *f;

    if (!dump || strcmp (dump, "auto") != 0)
        return;
    f = flux_rpc_pack (h, "attr.rm", FLUX_NODEID_ANY, 0, "{s:s}", "name", "content.dump");
    if (!f || flux_rpc_get (f, NULL) < 0)
        cmd_die (c, "content.dump: %s", f ? cmd_why (f) : strerror (errno));
    flux_future_destroy (f);
}

static int run (struct cmd *c)
{
    bool background = cmd_has (c, "background");
    const char *text;

    if (c->argc > 1)
        return cmd_fail (c, "unexpected argument: %s", c->argv[1]);
    flux_t *h = open_target (c);
    const char *dump = choose_dump (c, h);
    if (cmd_has (c, "skip-gc"))
        skip_gc (c, h);
    if (dump && flux_attr_set (h, "content.dump", dump) < 0)
        return cmd_fail (c, "content.dump: %s", strerror (errno));
    flux_future_t *f =
        flux_rpc_pack (h, "shutdown.start", FLUX_NODEID_ANY, background ? 0 : FLUX_RPC_STREAMING,
                       "{s:i}", "loglevel", log_level (c));
    if (!f)
        return cmd_fail (c, "%s", strerror (errno));
    if (background) {
        if (flux_rpc_get (f, NULL) < 0)
            return cmd_fail (c, "%s", cmd_why (f));
    } else {
        while (flux_rpc_get_unpack (f, "{s?s}", "log", &text) == 0) {
            if (text)
                fputs (text, stderr);
            text = NULL;
            flux_future_reset (f);
        }
        if (errno != ENODATA && errno != ECONNRESET && errno != EPIPE)
            return cmd_fail (c, "%s", cmd_why (f));
    }
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static const struct cmd_opt opts[] = {
    {.name = "background", .help = "Do not wait for the end"},
    {.name = "quiet", .help = "Show warnings and errors only"},
    {.key = 'v', .name = "verbose", .help = "Show debug messages too", .flags = CMD_OPT_REPEAT},
    {.name = "dump", .arg = "PATH", .help = "Save the KVS to this archive"},
    {.name = "gc", .help = "Clean the KVS up (short for --dump=auto)"},
    {.name = "skip-gc", .help = "Do not clean the KVS up, though content.dump says so"},
    {.key = 'y', .name = "yes", .help = "Answer questions with yes"},
    {.key = 'n', .name = "no", .help = "Answer questions with no"},
    {0},
};

const struct cmd_verb cmd_verb_shutdown = {
    .name = "shutdown",
    .args = "[TARGET]",
    .summary = "End a Flux instance",
    .opts = {opts},
    .run = run,
};
