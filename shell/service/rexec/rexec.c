/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The rexec service, see rexec.h. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <utlist.h>

#include <flux/disconnect.h>
#include <flux/request.h>

#include "lib/shell/ioencode.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/service/rexec/private.h"

#define PROCS_MAX 65536

void rexec_entry_free (struct entry *e)
{
    DL_DELETE (e->rx->entries, e);
    e->rx->count--;
    rexec_unhear (e);
    proc_destroy (e->proc);
    waiters_destroy (e->waits);
    json_decref (e->cmd);
    free (e->label);
    free (e);
}

static void free_ended (struct router *rt, void *arg)
{
    struct rexec *rx = arg;
    struct entry *e, *tmp;

    DL_FOREACH_SAFE (rx->entries, e, tmp)
    {
        if (e->ended &&
            (!(e->flags & FLAG_WAITABLE) || waiters_count (e->waits) > 0 || e->attached))
            rexec_entry_free (e);
    }
}

/* What a process in the background says goes to the log, by lines. */
static void log_output (struct entry *e, enum proc_stream stream, const char *data, size_t len)
{
    while (len > 0) {
        const char *nl = memchr (data, '\n', len);
        size_t n = nl ? (size_t)(nl - data) : len;
        router_log (e->rx->rt, stream == PROC_STDERR ? LOG_ERR : LOG_INFO, "rexec", "%s[%d]: %.*s",
                    proc_name (e->proc), (int)proc_pid (e->proc), (int)n, data);
        n += nl != NULL;
        data += n;
        len -= n;
    }
}

static void output_cb (struct proc *p, enum proc_stream stream, const char *data, size_t len,
                       bool eof, void *arg)
{
    struct entry *e = arg;

    if (eof)
        e->eof[stream] = true;
    if (e->cmd && !eof)
        log_output (e, stream, data, len);
    rexec_send_output (e, stream, data, len, eof);
}

static void add_credit (struct entry *e, size_t bytes)
{
    if (e->request && (e->flags & FLAG_WRITE_CREDIT))
        router_respond_pack (e->rx->rt, e->request, "{s:s s:{s:i}}", "type", "add-credit",
                             "channels", "stdin", (int)bytes);
}

static void credit_cb (struct proc *p, size_t bytes, void *arg)
{
    add_credit (arg, bytes);
}

static void answer_wait (const flux_msg_t *msg, void *arg)
{
    struct entry *e = arg;

    router_respond_pack (e->rx->rt, msg, "{s:i}", "status", e->status);
}

static void ended_cb (struct proc *p, int wait_status, void *arg)
{
    struct entry *e = arg;

    e->ended = true;
    e->status = wait_status;
    if (e->request)
        rexec_send_end (e);
    waiters_each (e->waits, answer_wait, e);
    router_at_turn_end (e->rx->rt, free_ended, e->rx);
}

static const struct proc_ops proc_ops = {
    .output = output_cb,
    .credit = credit_cb,
    .ended = ended_cb,
};

struct entry *rexec_find (struct rexec *rx, int pid, const char *label)
{
    struct entry *e;

    DL_FOREACH (rx->entries, e)
    {
        if (label ? e->label && strcmp (e->label, label) == 0 : proc_pid (e->proc) == pid)
            return e;
    }
    errno = ESRCH;
    return NULL;
}

static int check_exec (struct rexec *rx, const flux_msg_t *msg, json_t *cmd, int flags,
                       const char *label, flux_error_t *errp)
{
    json_t *channels = json_object_get (cmd, "channels"),
           *msgchans = json_object_get (cmd, "msgchans");

    errno = EINVAL;
    if ((flags & ~FLAG_ALL))
        return errprintf (errp, "unknown exec flags");
    if (!flux_msg_is_streaming (msg) && (flags & FLAG_WRITE_CREDIT))
        return errprintf (errp, "write-credit needs a streaming request");
    if (json_array_size (channels) > 0 || json_array_size (msgchans) > 0)
        return errprintf (errp, "auxiliary channels are not supported");
    if (label && (!*label || rexec_find (rx, 0, label))) {
        errno = EEXIST;
        return errprintf (errp, "label '%s' is empty or in use", label);
    }
    if (rx->count >= PROCS_MAX) {
        errno = EAGAIN;
        return errprintf (errp, "too many processes");
    }
    return 0;
}

/* A command runs as one of this instance: it talks to this rank's broker. */
static void set_uri (struct rexec *rx, json_t *cmd)
{
    json_t *env = json_object_get (cmd, "env");
    const char *uri = attr_get (rx->attrs, "local-uri");

    if (json_is_object (env) && json_object_size (env) > 0 && uri)
        json_object_set_new (env, "FLUX_URI", json_string (uri));
}

static void exec_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    json_t *cmd;
    int flags, local_flags = 0;
    flux_error_t error = {""};
    struct entry *e = NULL;

    if (flux_request_unpack (msg, NULL, "{s:o s:i s?i}", "cmd", &cmd, "flags", &flags,
                             "local_flags", &local_flags) < 0 ||
        !json_is_object (cmd)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    const char *label = json_string_value (json_object_get (cmd, "label"));
    bool streaming = flux_msg_is_streaming (msg);
    if (check_exec (rx, msg, cmd, flags, label, &error) < 0)
        goto error;
    set_uri (rx, cmd);
    if (!(e = calloc (1, sizeof (*e))) || !(e->waits = waiters_create ()) ||
        (label && !(e->label = strdup (label))))
        goto error;
    e->rx = rx;
    e->flags = flags;
    if (!(e->proc = proc_create (router_loop (rt), cmd, streaming,
                                 !(local_flags & LOCAL_NO_SETPGRP), &proc_ops, e, &error)))
        goto error;
    DL_APPEND (rx->entries, e);
    rx->count++;
    router_respond_pack (rt, msg, "{s:s s:i}", "type", "started", "pid", (int)proc_pid (e->proc));
    if (streaming) {
        rexec_hear (e, msg);
        add_credit (e, PROC_INPUT_MAX);
    } else
        e->cmd = json_incref (cmd);
    return;
error:
    router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
    if (e) {
        waiters_destroy (e->waits);
        free (e->label);
        free (e);
    }
}

static struct entry *find_by_request (struct rexec *rx, const flux_msg_t *msg, int matchtag)
{
    struct entry *e;
    uint32_t tag;

    DL_FOREACH (rx->entries, e)
    {
        if (e->request && flux_msg_get_matchtag (e->request, &tag) == 0 &&
            tag == (uint32_t)matchtag && flux_msg_route_match_first (e->request, msg))
            return e;
    }
    return NULL;
}

static void write_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    int matchtag;
    json_t *io;
    const char *stream;
    char *data = NULL;
    size_t len = 0;
    bool eof = false;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:i s:o}", "matchtag", &matchtag, "io", &io) < 0 ||
        !(e = find_by_request (rx, msg, matchtag)) || e->ended ||
        ioencode_decode (io, &stream, NULL, &data, &len, &eof) < 0)
        return;
    if (strcmp (stream, "stdin") == 0 && proc_write (e->proc, data, len, eof) < 0 &&
        errno == ENOBUFS)
        proc_kill (e->proc, SIGKILL); // a client that does not heed its credit
    free (data);
}

static void kill_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    int pid, signum;
    const char *label = NULL;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:i s:i s?s}", "pid", &pid, "signum", &signum, "label",
                             &label) < 0 ||
        !(e = rexec_find (rx, pid, label)) || proc_kill (e->proc, signum) < 0)
        router_respond_error (rt, msg, errno == ESRCH ? ENOENT : errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

static void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    int pid;
    const char *label = NULL;
    struct entry *e;

    if (flux_request_unpack (msg, NULL, "{s:i s?s}", "pid", &pid, "label", &label) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (!(e = rexec_find (rx, pid, label)))
        router_respond_error (rt, msg, ENOENT, "there is no such process");
    else if (!(e->flags & FLAG_WAITABLE))
        router_respond_error (rt, msg, EINVAL, "the process is not waitable");
    else if (e->ended) {
        router_respond_pack (rt, msg, "{s:i}", "status", e->status);
        rexec_entry_free (e);
    } else if (waiters_add (e->waits, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

static void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    json_t *procs = json_array ();
    struct entry *e;

    DL_FOREACH (rx->entries, e)
    json_array_append_new (procs,
                           json_pack ("{s:i s:s s:s s:s}", "pid", (int)proc_pid (e->proc), "cmd",
                                      proc_name (e->proc), "label", e->label ? e->label : "",
                                      "state", e->ended ? "Z" : "R"));
    router_respond_pack (rt, msg, "{s:i s:o}", "rank", (int)router_rank (rt), "procs", procs);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    struct entry *e, *tmp;

    DL_FOREACH_SAFE (rx->entries, e, tmp)
    {
        waiters_disconnect (e->waits, msg);
        if (e->request && flux_disconnect_match (msg, e->request)) {
            rexec_unhear (e);
            if (!e->attached)
                proc_kill (e->proc, SIGKILL);
            e->attached = false;
        }
    }
}

static const struct handler_row rows[] = {
    {"exec", exec_cb, FLUX_ROLE_OWNER},           {"attach", rexec_attach_cb, FLUX_ROLE_OWNER},
    {"write", write_cb, FLUX_ROLE_OWNER},         {"kill", kill_cb, FLUX_ROLE_OWNER},
    {"wait", wait_cb, FLUX_ROLE_OWNER},           {"list", list_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL}, {NULL, NULL, 0},
};

struct rexec *rexec_create (struct router *rt, const struct attrs *attrs)
{
    struct rexec *rx = calloc (1, sizeof (*rx));

    if (!rx)
        return NULL;
    rx->rt = rt;
    rx->attrs = attrs;
    rexec_hear_start (rx);
    if (router_service_add (rt, "rexec", rows, rx) < 0) {
        free (rx);
        return NULL;
    }
    return rx;
}

void rexec_destroy (struct rexec *rx)
{
    if (rx) {
        int saved_errno = errno;
        router_service_remove (rx->rt, "rexec");
        while (rx->entries)
            rexec_entry_free (rx->entries);
        rexec_hear_stop (rx);
        free (rx);
        errno = saved_errno;
    }
}
