/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include <flux/core.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/bootstrap/rejoin_frame.h"
#include "lib/shell/ioencode.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "shell/broker/attr.h"
#include "shell/broker/router.h"
#include "shell/service/uplink/recruit.h"
#include "shell/service/uplink/uplink.h"

enum { EXEC_STDOUT = 1, EXEC_STDERR = 2 };

struct recruit {
    struct recruits *rs;
    uint32_t rank;
    uint32_t above;    // where it is
    uint32_t matchtag; // of the question to rank 0
    struct buf frame;  // for its standard input, until that is written
    flux_future_t *f;
    int pid; // 0: not started yet
    struct recruit *prev, *next;
};

struct recruits {
    struct router *rt;
    struct uplink *up;
    const struct attrs *attrs;
    recruit_ended_f ended;
    void *arg;
    struct recruit *list;
};

static void frame_clear (struct buf *b)
{
    if (b->data)
        explicit_bzero (b->data, b->len);
    buf_clear (b);
}

static void recruit_free (struct recruit *r)
{
    DL_DELETE (r->rs->list, r);
    if (r->matchtag)
        router_rpc_forget (r->rs->rt, r->matchtag);
    flux_future_destroy (r->f);
    frame_clear (&r->frame);
    free (r);
}

static void end (struct recruit *r, const char *why)
{
    struct recruits *rs = r->rs;
    uint32_t rank = r->rank;

    recruit_free (r);
    rs->ended (rank, why, rs->arg);
}

/* ---- its process ---- */

/* The environment of this broker, but where it would belong to another instance or step. */
static json_t *make_env (const struct recruits *rs)
{
    static const char *const attrs[][2] = {
        {"FLUX_JOB_ID", "jobid"},
        {"FLUX_JOB_ID_PATH", "jobid-path"},
        {"FLUX_KVS_NAMESPACE", "parent-kvs-namespace"},
    };
    json_t *env = json_object ();

    for (char **e = environ; env && *e; e++) {
        const char *eq = strchr (*e, '=');
        char *name = eq ? strndup (*e, eq - *e) : NULL;
        if (name && strncmp (name, "FLUX_JOB", 8) != 0 && strncmp (name, "FLUX_TASK", 9) != 0 &&
            !bootstrap_scrubs (name))
            json_object_set_new (env, name, json_string (eq + 1));
        free (name);
    }
    for (size_t i = 0; i < sizeof (attrs) / sizeof (attrs[0]); i++) {
        const char *value = attr_get (rs->attrs, attrs[i][1]);
        if (value)
            json_object_set_new (env, attrs[i][0], json_string (value));
    }
    json_object_set_new (env, "FLUX_BOOTSTRAP_METHOD", json_string ("rejoin"));
    return env;
}

static json_t *make_command (const struct recruits *rs)
{
    char *path = peer_find ("flux-broker", "broker");
    json_t *env = make_env (rs);
    json_t *cmd = path && env ? json_pack ("{s:[s] s:O s:s s:{} s:[] s:[]}", "cmdline", path, "env",
                                           env, "cwd", "/", "opts", "channels", "msgchans")
                              : NULL;

    json_decref (env);
    free (path);
    return cmd;
}

static void write_stdin (struct recruit *r)
{
    struct buf io = {0};
    json_t *o = NULL;

    ioencode_context (&io, "stdin", "0", r->frame.data, r->frame.len, true);
    if (!io.err)
        o = json_loadb (io.data, io.len, 0, NULL);
    if (o)
        flux_future_destroy (flux_rpc_pack (uplink_handle (r->rs->up), "rexec.write", r->above,
                                            FLUX_RPC_NORESPONSE, "{s:i s:O}", "matchtag",
                                            (int)flux_rpc_get_matchtag (r->f), "io", o));
    json_decref (o);
    frame_clear (&io);
    frame_clear (&r->frame);
}

static void print_output (flux_future_t *f)
{
    json_t *io;
    const char *stream;
    char *data = NULL;
    size_t len = 0;
    bool eof;

    if (flux_rpc_get_unpack (f, "{s:o}", "io", &io) == 0 &&
        ioencode_decode (io, &stream, NULL, &data, &len, &eof) == 0 && len > 0)
        fwrite (data, 1, len, stderr);
    free (data);
}

static void finished (struct recruit *r, int status)
{
    char why[128];

    if (WIFSIGNALED (status))
        snprintf (why, sizeof (why), "the broker of rank %u was killed by signal %d",
                  (unsigned)r->rank, WTERMSIG (status));
    else
        snprintf (why, sizeof (why), "the broker of rank %u ended with exit code %d",
                  (unsigned)r->rank, WEXITSTATUS (status));
    end (r, status == 0 ? NULL : why);
}

static void exec_cb (flux_future_t *f, void *arg)
{
    struct recruit *r = arg;
    const char *type;
    int status = 0;
    char why[256];

    if (flux_rpc_get_unpack (f, "{s:s s?i s?i}", "type", &type, "pid", &r->pid, "status", &status) <
        0) {
        snprintf (why, sizeof (why), "the broker of rank %u: %s", (unsigned)r->rank,
                  flux_future_error_string (f));
        end (r, why);
        return;
    }
    if (strcmp (type, "started") == 0)
        write_stdin (r);
    else if (strcmp (type, "output") == 0)
        print_output (f);
    if (strcmp (type, "finished") == 0)
        finished (r, status);
    else
        flux_future_reset (f);
}

static int exec_broker (struct recruit *r)
{
    json_t *cmd = make_command (r->rs);

    if (cmd)
        r->f = flux_rpc_pack (uplink_handle (r->rs->up), "rexec.exec", r->above, FLUX_RPC_STREAMING,
                              "{s:O s:i s:i}", "cmd", cmd, "flags", EXEC_STDOUT | EXEC_STDERR,
                              "local_flags", 0);
    json_decref (cmd);
    return r->f ? flux_future_then (r->f, -1., exec_cb, r) : -1;
}

/* ---- what it must know ---- */

static void told_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct recruit *r = arg;
    const char *text = NULL;
    json_t *o;

    r->matchtag = 0;
    if (flux_response_decode (msg, NULL, NULL) < 0) {
        flux_response_decode_error (msg, &text);
        end (r, text ? text : strerror (errno));
    } else if (flux_msg_unpack (msg, "o", &o) < 0 ||
               rejoin_frame_encode (&r->frame, o, r->rank) < 0 || exec_broker (r) < 0) {
        end (r, strerror (errno));
    }
}

int recruit_start (struct recruits *rs, uint32_t rank, flux_error_t *errp)
{
    struct recruit *r = calloc (1, sizeof (*r));

    if (!r)
        return errprintf (errp, "out of memory");
    r->rs = rs;
    r->rank = rank;
    r->above = uplink_rank_above (rs->up, rank);
    DL_APPEND (rs->list, r);
    r->matchtag =
        router_rpc_pack (rs->rt, "overlay.rejoin", 0, 0, told_cb, r, "{s:i}", "rank", (int)rank);
    if (r->matchtag)
        return 0;
    recruit_free (r);
    return errprintf (errp, "rank %u: %s", (unsigned)rank, strerror (errno));
}

static struct recruit *find (const struct recruits *rs, uint32_t rank)
{
    struct recruit *r;

    DL_FOREACH (rs->list, r)
    {
        if (r->rank == rank)
            return r;
    }
    return NULL;
}

bool recruit_runs (const struct recruits *rs, uint32_t rank)
{
    return find (rs, rank) != NULL;
}

void recruit_kill (struct recruits *rs, uint32_t rank)
{
    struct recruit *r = find (rs, rank);

    if (r && r->pid > 0)
        flux_future_destroy (flux_rpc_pack (uplink_handle (rs->up), "rexec.kill", r->above,
                                            FLUX_RPC_NORESPONSE, "{s:i s:i}", "pid", r->pid,
                                            "signum", SIGKILL));
    else if (r)
        recruit_free (r);
}

struct recruits *recruits_create (struct router *rt, struct uplink *up, const struct attrs *attrs,
                                  recruit_ended_f ended, void *arg)
{
    struct recruits *rs = calloc (1, sizeof (*rs));

    if (rs)
        *rs = (struct recruits){.rt = rt, .up = up, .attrs = attrs, .ended = ended, .arg = arg};
    return rs;
}

void recruits_destroy (struct recruits *rs)
{
    if (rs) {
        while (rs->list)
            recruit_free (rs->list);
        free (rs);
    }
}
