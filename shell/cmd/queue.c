/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux queue: look at, open, close, drain job queues (RFC 33). */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/client.h"
#include "shell/cmd/queue_list.h"
#include "shell/cmd/verbs.h"

static json_t *queue_status (struct cmd *c, flux_t *h, const char *name)
{
    json_t *in = json_object ();

    if (name)
        json_object_set_new (in, "name", json_string (name));
    return cmd_rpc (c, h, "job-manager.queue-status", 0, in, name);
}

static void print_enable (const char *prefix, const json_t *o)
{
    const char *reason = json_string_value (json_object_get (o, "disable_reason"));

    if (json_is_true (json_object_get (o, "enable")))
        printf ("%sJob submission is enabled\n", prefix);
    else
        printf ("%sJob submission is disabled: %s\n", prefix, reason ? reason : "");
}

static void print_start (const char *prefix, const json_t *o)
{
    const char *reason = json_string_value (json_object_get (o, "stop_reason"));

    if (json_is_true (json_object_get (o, "start")))
        printf ("%sScheduling is started\n", prefix);
    else
        printf ("%sScheduling is stopped%s%s\n", prefix, reason ? ": " : "", reason ? reason : "");
}

enum { SHOW_ENABLE = 1, SHOW_START = 2 };

static void print_one (struct cmd *c, flux_t *h, const char *name, int what)
{
    json_t *o = queue_status (c, h, name);
    char prefix[128] = "";

    if (name)
        snprintf (prefix, sizeof (prefix), "%s: ", name);
    if (what & SHOW_ENABLE)
        print_enable (prefix, o);
    if (what & SHOW_START)
        print_start (prefix, o);
    json_decref (o);
}

static void print_status (struct cmd *c, flux_t *h, const char *name, int what)
{
    json_t *o, *queues, *q;
    size_t i;

    if (name && !cmd_has (c, "verbose")) {
        print_one (c, h, name, what);
        return;
    }
    o = cmd_rpc (c, h, "job-manager.queue-list", FLUX_NODEID_ANY, NULL, NULL);
    queues = json_object_get (o, "queues");
    if (json_array_size (queues) == 0)
        print_one (c, h, name, what);
    json_array_foreach (queues, i, q) print_one (c, h, json_string_value (q), what);
    json_decref (o);
}

/* The queue as an operand or, as it was once, with -q. */
static const char *queue_name (struct cmd *c)
{
    const char *old = cmd_str (c, "queue", NULL);

    if (c->argc > 1 || (c->argc == 1 && old))
        cmd_die_usage (c, "give one queue");
    return c->argc == 1 ? c->argv[0] : old;
}

static int run_status (struct cmd *c)
{
    const char *name = queue_name (c);
    flux_t *h = cmd_open (c);

    print_status (c, h, name, SHOW_ENABLE | SHOW_START);
    if (cmd_has (c, "verbose")) {
        int queued = 0, pending = 0, running = 0;
        json_t *o = cmd_rpc (c, h, "job-manager.alloc-query", FLUX_NODEID_ANY, NULL, NULL);
        json_unpack (o, "{s?i s?i s?i}", "queue_length", &queued, "alloc_pending", &pending,
                     "running", &running);
        printf ("%d alloc requests queued\n%d alloc requests pending to scheduler\n"
                "%d running jobs\n",
                queued, pending, running);
        json_decref (o);
    }
    flux_close (h);
    return 0;
}

/* With several queues, `all of them` must be said. */
static void check_all (struct cmd *c, flux_t *h, const char *name)
{
    if (name || cmd_has (c, "all"))
        return;
    json_t *o = cmd_rpc (c, h, "job-manager.queue-list", FLUX_NODEID_ANY, NULL, NULL);
    if (json_array_size (json_object_get (o, "queues")) > 0)
        cmd_die (c, "there are several queues: name one, or give --all");
    json_decref (o);
}

static int change (struct cmd *c, const char *topic, const char *key, bool value, bool checkpoint,
                   int what)
{
    const char *name = queue_name (c), *reason = cmd_str (c, "message", NULL);
    flux_t *h = cmd_open (c);

    check_all (c, h, name);
    json_t *in = cmd_pack (c, "{s:b s:b}", key, value, "all", (int)(name == NULL));
    if (name)
        json_object_set_new (in, "name", json_string (name));
    if (!reason && !value && strcmp (key, "enable") == 0)
        reason = "disabled by administrator";
    if (reason)
        json_object_set_new (in, "reason", json_string (reason));
    if (!checkpoint)
        json_object_set_new (in, "nocheckpoint", json_true ());
    json_decref (cmd_rpc (c, h, topic, 0, in, name));
    if (!cmd_has (c, "quiet"))
        print_status (c, h, name, what);
    flux_close (h);
    return 0;
}

static int run_enable (struct cmd *c)
{
    return change (c, "job-manager.queue-enable", "enable", true, true, SHOW_ENABLE);
}

static int run_disable (struct cmd *c)
{
    return change (c, "job-manager.queue-enable", "enable", false, !cmd_has (c, "nocheckpoint"),
                   SHOW_ENABLE);
}

static int run_start (struct cmd *c)
{
    return change (c, "job-manager.queue-start", "start", true, true, SHOW_START);
}

static int run_stop (struct cmd *c)
{
    return change (c, "job-manager.queue-start", "start", false, !cmd_has (c, "nocheckpoint"),
                   SHOW_START);
}

/* drain: until no job is active; idle: until none is running. */
static int wait_for (struct cmd *c, const char *topic, bool pending)
{
    double timeout = cmd_fsd (c, "timeout", -1.);
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_rpc (h, topic, NULL, 0, 0);
    int count = 0;

    if (!f || flux_future_wait_for (f, timeout) < 0 || flux_rpc_get (f, NULL) < 0)
        return cmd_fail (c, "%s", errno == ETIMEDOUT ? "timeout" : cmd_why (f));
    if (pending && flux_rpc_get_unpack (f, "{s:i}", "pending", &count) == 0 &&
        (count > 0 || !cmd_has (c, "quiet")))
        printf ("%d jobs\n", count);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static int run_drain (struct cmd *c)
{
    return wait_for (c, "job-manager.drain", false);
}

static int run_idle (struct cmd *c)
{
    return wait_for (c, "job-manager.idle", true);
}

static const struct cmd_opt status_opts[] = {
    {.key = 'v', .name = "verbose", .help = "Also the requests that the scheduler has"},
    {.key = 'q',
     .name = "queue",
     .arg = "NAME",
     .help = "The same as QUEUE",
     .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt change_opts[] = {
    {.key = 'a', .name = "all", .help = "All queues"},
    {.name = "quiet", .help = "Print nothing unless it fails"},
    {.key = 'v', .name = "verbose", .help = "Print the status of all queues"},
    {.key = 'q',
     .name = "queue",
     .arg = "NAME",
     .help = "The same as QUEUE",
     .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt reason_opts[] = {
    {.key = 'm', .name = "message", .arg = "REASON", .help = "Why, for users to read"},
    {0},
};

static const struct cmd_opt no_reason_opts[] = {
    {.name = "message", .arg = "REASON", .help = "Has no effect", .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt stop_opts[] = {
    {.name = "nocheckpoint", .help = "Forget it when the instance is restarted"},
    {0},
};

static const struct cmd_opt wait_opts[] = {
    {.key = 't', .name = "timeout", .arg = "DURATION", .help = "Give up after this long"},
    {0},
};

static const struct cmd_opt idle_opts[] = {
    {.name = "quiet", .help = "Print the number of pending jobs only if there are any"},
    {0},
};

static const struct cmd_verb queue_status_verb = {
    .name = "status",
    .args = "[QUEUE]",
    .summary = "Show whether queues take and start jobs",
    .opts = {status_opts},
    .run = run_status,
};

static const struct cmd_verb queue_enable_verb = {
    .name = "enable",
    .args = "[QUEUE]",
    .summary = "Let users submit jobs",
    .opts = {change_opts, no_reason_opts},
    .run = run_enable,
};

static const struct cmd_verb queue_disable_verb = {
    .name = "disable",
    .args = "[QUEUE]",
    .summary = "Refuse new jobs",
    .opts = {change_opts, reason_opts, stop_opts},
    .run = run_disable,
};

static const struct cmd_verb queue_start_verb = {
    .name = "start",
    .args = "[QUEUE]",
    .summary = "Let jobs start",
    .opts = {change_opts, no_reason_opts},
    .run = run_start,
};

static const struct cmd_verb queue_stop_verb = {
    .name = "stop",
    .args = "[QUEUE]",
    .summary = "Let no more jobs start",
    .opts = {change_opts, reason_opts, stop_opts},
    .run = run_stop,
};

static const struct cmd_verb queue_drain_verb = {
    .name = "drain",
    .summary = "Wait until no job is active",
    .opts = {wait_opts},
    .run = run_drain,
};

static const struct cmd_verb queue_idle_verb = {
    .name = "idle",
    .summary = "Wait until no job is running",
    .opts = {wait_opts, idle_opts},
    .run = run_idle,
};

static const struct cmd_verb *const subs[] = {
    &queue_status_verb,  &cmd_verb_queue_list, &queue_enable_verb,
    &queue_disable_verb, &queue_start_verb,    &queue_stop_verb,
    &queue_drain_verb,   &queue_idle_verb,     NULL,
};

const struct cmd_verb cmd_verb_queue = {
    .name = "queue",
    .args = "COMMAND",
    .summary = "Look at, open and close job queues",
    .subs = subs,
    .flags = CMD_VERB_USAGE_2,
};
