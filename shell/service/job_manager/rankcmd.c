/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/job/fluid.h"
#include "lib/shell/ioencode.h"
#include "lib/util/waitcode.h"
#include "shell/broker/router.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/job_manager/rankcmd.h"

#define NOT_RUN (127 << 8)
#define REXEC_STDOUT 1
#define REXEC_STDERR 2

struct process {
    struct rankcmd *rc;
    uint32_t rank;
    uint32_t matchtag; // 0: ended
    int pid;
    int kill_signal; // came before the pid was known
};

struct rankcmd {
    struct router *rt;
    char *name;
    char id[FLUID_STRING_SIZE];
    struct process *processes;
    size_t count, left;
    struct idset *pending, *failed;
    int status;
    const struct rankcmd_ops *ops;
    void *arg;
};

static void log_output (struct process *p, json_t *io)
{
    struct rankcmd *rc = p->rc;
    const char *stream;
    char *data = NULL, *line, *save = NULL;
    size_t len;
    bool eof;

    if (ioencode_decode (io, &stream, NULL, &data, &len, &eof) < 0 || !data)
        return;
    char *text = strndup (data, len);
    for (line = text ? strtok_r (text, "\n", &save) : NULL; line;
         line = strtok_r (NULL, "\n", &save)) {
        if (rc->ops->ignored && rc->ops->ignored (line, rc->arg))
            continue;
        router_log (rc->rt, strcmp (stream, "stderr") == 0 ? LOG_ERR : LOG_INFO, "job-manager",
                    "%s: %s: rank %u: %s: %s", rc->id, rc->name, (unsigned)p->rank, stream, line);
    }
    free (text);
    free (data);
}

static void ended (struct process *p, int status)
{
    struct rankcmd *rc = p->rc;

    p->matchtag = 0;
    p->pid = 0;
    idset_clear (rc->pending, p->rank);
    if (status != 0)
        idset_set (rc->failed, p->rank);
    if (waitcode (status) > waitcode (rc->status))
        rc->status = status;
    rc->left--;
    rc->ops->ended (rc, p->rank, status, rc->arg);
    if (rc->left == 0)
        rc->ops->done (rc, rc->arg);
}

static void kill_process (struct process *p, int signum)
{
    if (p->matchtag == 0)
        return;
    if (p->pid == 0)
        p->kill_signal = signum;
    else
        router_rpc_pack (p->rc->rt, "rexec.kill", p->rank, FLUX_RPC_NORESPONSE, NULL, NULL,
                         "{s:i s:i}", "pid", p->pid, "signum", signum);
}

static void response_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct process *p = arg;
    const char *type, *text = NULL;
    json_t *io = NULL;
    int pid = 0, status = 0;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        int errnum = errno;
        if (flux_response_decode_error (msg, &text) < 0)
            text = NULL;
        router_log (rt, LOG_ERR, "job-manager", "%s: %s: rank %u: %s", p->rc->id, p->rc->name,
                    (unsigned)p->rank, text ? text : strerror (errnum));
        ended (p, NOT_RUN);
        return;
    }
    if (flux_msg_unpack (msg, "{s:s s?i s?i s?o}", "type", &type, "pid", &pid, "status", &status,
                         "io", &io) < 0)
        return;
    if (strcmp (type, "started") == 0) {
        p->pid = pid;
        if (p->kill_signal)
            kill_process (p, p->kill_signal);
    } else if (strcmp (type, "output") == 0 && io) {
        log_output (p, io);
    } else if (strcmp (type, "finished") == 0) {
        router_rpc_forget (rt, p->matchtag);
        ended (p, status);
    }
}

/* The broker's own environment is the service's to add. */
static json_t *make_command (struct rankcmd *rc, const json_t *command, const struct job *job)
{
    json_t *env = json_object ();
    extern char **environ;

    for (char **e = environ; *e; e++) {
        char *eq = strchr (*e, '=');
        if (eq && strncmp (*e, "FLUX_JOB_", 9) != 0) {
            char *name = strndup (*e, eq - *e);
            json_object_set_new (env, name ? name : "", json_string (eq + 1));
            free (name);
        }
    }
    json_object_set_new (env, "FLUX_JOB_ID", json_string (rc->id));
    json_object_set_new (env, "FLUX_JOB_RANKS", json_string (job->ranks ? job->ranks : ""));
    json_object_set_new (env, "FLUX_JOB_USERID", json_sprintf ("%" PRIu32, job->userid));
    return json_pack ("{s:O s:o s:s s:{} s:[]}", "cmdline", command, "env", env, "cwd", "/", "opts",
                      "channels");
}

static void start_one (struct rankcmd *rc, struct process *p, json_t *cmd)
{
    p->matchtag =
        router_rpc_pack (rc->rt, "rexec.exec", p->rank, FLUX_RPC_STREAMING, response_cb, p,
                         "{s:O s:i}", "cmd", cmd, "flags", REXEC_STDOUT | REXEC_STDERR);
}

static struct rankcmd *make (struct router *rt, const char *name, const struct job *job,
                             const char *ranks)
{
    struct rankcmd *rc = calloc (1, sizeof (*rc));

    if (!rc || !(rc->name = strdup (name)) || !(rc->pending = idset_decode (ranks)) ||
        !(rc->failed = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
        !(rc->processes = calloc (idset_count (rc->pending) + 1, sizeof (*rc->processes)))) {
        rankcmd_destroy (rc);
        errno = ENOMEM;
        return NULL;
    }
    rc->rt = rt;
    fluid_encode (job->id, FLUID_F58_PLAIN, rc->id, sizeof (rc->id));
    for (unsigned int r = idset_first (rc->pending); r != IDSET_INVALID_ID;
         r = idset_next (rc->pending, r))
        rc->processes[rc->count++] = (struct process){.rc = rc, .rank = r};
    rc->left = rc->count;
    return rc;
}

struct rankcmd *rankcmd_start (struct router *rt, const char *name, const json_t *command,
                               const struct job *job, const char *ranks,
                               const struct rankcmd_ops *ops, void *arg)
{
    struct rankcmd *rc = make (rt, name, job, ranks);
    json_t *cmd = rc ? make_command (rc, command, job) : NULL;

    if (!cmd) {
        rankcmd_destroy (rc);
        return NULL;
    }
    rc->ops = ops;
    rc->arg = arg;
    for (size_t i = 0; i < rc->count; i++)
        start_one (rc, &rc->processes[i], cmd);
    json_decref (cmd);
    return rc;
}

void rankcmd_destroy (struct rankcmd *rc)
{
    if (rc) {
        int saved_errno = errno;
        for (size_t i = 0; i < rc->count; i++) {
            if (rc->processes[i].matchtag)
                router_rpc_forget (rc->rt, rc->processes[i].matchtag);
        }
        idset_destroy (rc->pending);
        idset_destroy (rc->failed);
        free (rc->processes);
        free (rc->name);
        free (rc);
        errno = saved_errno;
    }
}

void rankcmd_kill (struct rankcmd *rc, int signum, const struct idset *ranks)
{
    for (size_t i = 0; i < rc->count; i++) {
        if (!ranks || idset_test (ranks, rc->processes[i].rank))
            kill_process (&rc->processes[i], signum);
    }
}

const struct idset *rankcmd_pending (const struct rankcmd *rc)
{
    return rc->pending;
}

const struct idset *rankcmd_failed (const struct rankcmd *rc)
{
    return rc->failed;
}

int rankcmd_status (const struct rankcmd *rc)
{
    return rc->status;
}
