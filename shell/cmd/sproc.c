/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux sproc: the processes that brokers run for `flux exec` and its likes (RFC 42). */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fdutil.h"
#include "lib/util/waitcode.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/iodata.h"
#include "shell/cmd/verbs.h"

#define TARGET_OPTS                                                                                \
    {.key = 'r', .name = "rank", .arg = "NODEID", .help = "In this broker (the nearest)"},         \
    {                                                                                              \
        .key = 's', .name = "service", .arg = "NAME", .help = "Of this service (rexec)"            \
    }

static uint32_t target_rank (const struct cmd *c)
{
    return (uint32_t)cmd_int (c, "rank", FLUX_NODEID_ANY, 0, FLUX_NODEID_ANY);
}

static const char *topic (const struct cmd *c, const char *method, char *buf, size_t size)
{
    const char *service = cmd_str (c, "service", "rexec");

    if (snprintf (buf, size, "%s.%s", service, method) >= (int)size)
        cmd_die (c, "--service=%s: too long", service);
    return buf;
}
#define TOPIC(c, method) topic (c, method, (char[128]){0}, 128)

/* A process by pid, or by label. */
static json_t *request_for (const struct cmd *c, const char *who)
{
    char *end;
    long pid = strtol (who, &end, 10);

    if (end == who || *end)
        return cmd_pack (c, "{s:i s:s}", "pid", -1, "label", who);
    if (pid <= 0 || pid > INT_MAX)
        cmd_die (c, "%s: not a process id", who);
    return cmd_pack (c, "{s:i}", "pid", (int)pid);
}

/* ---- ps ---- */

static const struct fmt_heading headings[] = {
    {"pid", "PID"}, {"state", "ST"}, {"label", "LABEL"}, {"rank", "RANK"}, {"cmd", "COMMAND"}, {0},
};

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    fmt_set_json (v, json_object_get (item, field));
}

static int run_ps (struct cmd *c)
{
    struct fmt_source source = {.headings = headings, .get = get};
    flux_error_t error;
    struct fmt *fmt = fmt_create (cmd_str (c, "format", "{pid:>9} {state:<2} {label:<12} {cmd}"),
                                  &source, &error);
    json_t *proc;
    size_t i;

    if (!fmt)
        return cmd_fail (c, "--format: %s", error.text);
    flux_t *h = cmd_open (c);
    json_t *o = cmd_rpc (c, h, TOPIC (c, "list"), target_rank (c), NULL, "ps");
    json_t *procs = json_object_get (o, "procs");
    const void **items = calloc (json_array_size (procs) + 1, sizeof (*items));
    json_array_foreach (procs, i, proc)
    {
        json_object_set (proc, "rank", json_object_get (o, "rank"));
        if (items)
            items[i] = proc;
    }
    int rc = items ? fmt_print (fmt, stdout, items, json_array_size (procs),
                                cmd_has (c, "no-header") ? FMT_NO_HEADER : 0, -1)
                   : -1;
    free (items);
    fmt_destroy (fmt);
    json_decref (o);
    flux_close (h);
    return rc < 0 ? cmd_fail (c, "out of memory") : 0;
}

static const struct cmd_opt ps_opts[] = {
    TARGET_OPTS,
    {.key = 'o',
     .name = "format",
     .arg = "FORMAT",
     .help = "Of pid, state, label, rank and cmd, as in flux jobs"},
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    {0},
};

static const struct cmd_verb verb_ps = {
    .name = "ps",
    .summary = "List processes: R runs, Z has ended and is waited for",
    .opts = {ps_opts},
    .run = run_ps,
};

/* ---- wait, kill ---- */

static void write_kept (const json_t *output)
{
    struct iodata io;
    json_t *o;
    size_t i;

    json_array_foreach (output, i, o)
    {
        if (iodata_decode (&io, o) < 0)
            continue;
        if (io.len > 0)
            fd_write_all (strcmp (io.stream, "stdout") == 0 ? 1 : 2, io.data, io.len);
        iodata_clear (&io);
    }
}

static int finish_wait (struct cmd *c, flux_future_t *f, bool output)
{
    json_t *kept = NULL;
    int status;

    if (flux_rpc_get_unpack (f, "{s:i s?o}", "status", &status, "output", &kept) < 0)
        return cmd_fail (c, "wait: %s", cmd_why (f));
    if (output)
        write_kept (kept);
    return waitcode (status);
}

static flux_future_t *send_wait (struct cmd *c, flux_t *h, const char *who)
{
    flux_future_t *f =
        flux_rpc_pack (h, TOPIC (c, "wait"), target_rank (c), 0, "o", request_for (c, who));

    if (!f)
        cmd_die (c, "wait: %s", strerror (errno));
    return f;
}

static int run_wait (struct cmd *c)
{
    if (c->argc != 1)
        return cmd_fail (c, "one pid or label is needed");
    flux_t *h = cmd_open (c);
    flux_future_t *f = send_wait (c, h, c->argv[0]);
    int rc = finish_wait (c, f, cmd_has (c, "output"));
    flux_future_destroy (f);
    flux_close (h);
    return rc;
}

static const struct cmd_opt wait_opts[] = {
    TARGET_OPTS,
    {.key = 'o', .name = "output", .help = "Print what the broker has kept of its output"},
    {0},
};

static const struct cmd_verb verb_wait = {
    .name = "wait",
    .args = "PID|LABEL",
    .summary = "Wait for a process that was started with --waitable, and exit as it did",
    .opts = {wait_opts},
    .run = run_wait,
};

static int run_kill (struct cmd *c)
{
    flux_future_t *waiting = NULL;
    int signum, rc = 0;

    if (c->argc != 2)
        return cmd_fail (c, "a signal, and one pid or label are needed");
    if ((signum = cmd_signum (c->argv[0])) < 0)
        return cmd_fail (c, "%s: not a signal", c->argv[0]);
    flux_t *h = cmd_open (c);
    json_t *in = request_for (c, c->argv[1]);
    if (cmd_has (c, "wait")) // first, or the process may be gone
        waiting = send_wait (c, h, c->argv[1]);
    json_object_set_new (in, "signum", json_integer (signum));
    flux_future_t *f = flux_rpc_pack (h, TOPIC (c, "kill"), target_rank (c), 0, "o", in);
    if (!f || flux_rpc_get (f, NULL) < 0) {
        int errnum = errno;
        rc = cmd_fail (c, "kill: %s", cmd_why (f));
        if (errnum != ENOENT && errnum != ESRCH)
            goto done;
    }
    if (waiting)
        rc = finish_wait (c, waiting, false);
done:
    flux_future_destroy (f);
    flux_future_destroy (waiting);
    flux_close (h);
    return rc;
}

static const struct cmd_opt kill_opts[] = {
    TARGET_OPTS,
    {.key = 'w', .name = "wait", .help = "Wait for its end, and exit as it did"},
    {0},
};

static const struct cmd_verb verb_kill = {
    .name = "kill",
    .args = "SIGNUM PID|LABEL",
    .summary = "Send a signal to a process",
    .opts = {kill_opts},
    .run = run_kill,
};

static const struct cmd_verb *const subs[] = {&verb_ps, &verb_kill, &verb_wait, NULL};

const struct cmd_verb cmd_verb_sproc = {
    .name = "sproc",
    .summary = "Look at, signal and wait for processes that brokers run",
    .subs = subs,
};
