/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the leader of a job's shells serves: to the other shells and to clients. */

#include <errno.h>

#include "lib/shell/proctable.h"
#include "lib/shell/shell.h"

/* Text of another shell, which may come twice (joblog.h). Returns an errno. */
static int take_text (struct shell *sh, const flux_msg_t *msg, const char *path, const char *data,
                      size_t len)
{
    json_int_t seq;
    int rank;

    if (flux_msg_unpack (msg, "{s:I s:i}", "seq", &seq, "shell", &rank) < 0 || rank < 1 ||
        rank >= sh->info->nshells)
        return EPROTO;
    switch (joblog_gate (&sh->text_seq[rank], (uint64_t)seq)) {
    case JOBLOG_KNOWN:
        return 0;
    case JOBLOG_EARLY:
        return EAGAIN;
    default:
        return joblog_add_text (sh->log, path, data, len) < 0 ? errno : 0;
    }
}

static void write_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    struct shell *sh = arg;
    const char *path, *data;
    size_t len;
    json_t *context;
    flux_error_t error = {"malformed request"};

    if (flux_msg_unpack (msg, "{s:s s:s%}", "path", &path, "data", &data, &len) == 0) {
        int errnum = take_text (sh, msg, path, data, len);
        if (errnum == 0)
            link_respond (link, msg, NULL);
        else
            link_respond_error (link, msg, errnum, NULL);
    } else if (flux_msg_unpack (msg, "{s:o}", "file", &context) == 0 &&
               output_write_remote (sh->output, context, &error) == 0)
        link_respond (link, msg, NULL);
    else
        link_respond_error (link, msg, EINVAL, error.text);
}

/* Data is lost: what reads it would not see its end. */
static void input_overflow (struct shell *sh)
{
    shell_fatal (sh,
                 "standard input exceeds the limit of %zu bytes; input from a file has none (see "
                 "input.limit in flux-shell(1))",
                 input_limit (sh->input));
    shell_settle (sh);
}

static void stdin_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    struct shell *sh = arg;
    json_t *context;

    if (flux_msg_unpack (msg, "o", &context) < 0)
        link_respond_error (link, msg, EPROTO, NULL);
    else if (input_write (sh->input, context) < 0) {
        int errnum = errno;
        if (errnum == EFBIG && !sh->settled)
            input_overflow (sh);
        link_respond_error (link, msg, errnum, NULL);
    } else {
        peers_broadcast (sh->peers, json_pack ("{s:s s:O}", "type", "stdin", "context", context));
        link_respond (link, msg, NULL);
    }
}

static void kill_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    int signum;

    if (flux_msg_unpack (msg, "{s:i}", "signum", &signum) < 0 || signum < 0 || signum > 64) {
        link_respond_error (link, msg, EPROTO, NULL);
        return;
    }
    struct shell *sh = arg;
    shell_kill_tasks (sh, signum);
    peers_broadcast (sh->peers, json_pack ("{s:s s:i}", "type", "kill", "signum", signum));
    link_respond (link, msg, NULL);
}

static void follow_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    peers_follow_request (((struct shell *)arg)->peers, msg);
}

static void bye_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    struct shell *sh = arg;

    peers_bye_request (sh->peers, msg);
    shell_check_ended (sh);
}

static void exit_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    shell_exit_request (arg, msg);
}

static void terminus_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    taskptys_request (((struct shell *)arg)->ptys, msg);
}

static void proctable_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    proctable_request (arg, msg);
}

static void pids_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    proctable_pids (arg, msg);
}

static void disconnect_method (struct link *link, const flux_msg_t *msg, void *arg)
{
    proctable_disconnect (arg, msg);
    taskptys_disconnect (((struct shell *)arg)->ptys, msg);
}

const struct link_method shell_methods[] = {
    {"write", write_method},
    {"stdin", stdin_method},
    {"kill", kill_method},
    {"follow", follow_method},
    {"bye", bye_method},
    {"exit", exit_method},
    {"proctable", proctable_method},
    {"pids", pids_method},
    {"disconnect", disconnect_method},
    {"terminus.0", terminus_method},
    {NULL, NULL},
};
