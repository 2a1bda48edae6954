/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Attach to a process that was started in the background (RFC 42). It goes on when who is attached
 * leaves. */

#include <errno.h>
#include <flux/request.h>

#include "lib/util/errprintf.h"
#include "shell/service/rexec/private.h"

static int check (struct entry *e, const flux_msg_t *msg, int flags, flux_error_t *errp)
{
    errno = ENOENT;
    if (!e || (e->ended && !(e->flags & FLAG_WAITABLE)))
        return errprintf (errp, "there is no such process");
    errno = EBUSY;
    if (!e->cmd)
        return errprintf (errp, "the process is not in the background");
    if (e->request)
        return errprintf (errp, "somebody is attached to the process");
    errno = EPROTO;
    if (!flux_msg_is_streaming (msg))
        return errprintf (errp, "attach needs a streaming request");
    errno = EINVAL;
    if ((flags & ~(FLAG_STDOUT | FLAG_STDERR | FLAG_CHANNEL)))
        return errprintf (errp, "unknown attach flags");
    return 0;
}

void rexec_attach_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct rexec *rx = arg;
    const char *label = NULL;
    flux_error_t error;
    struct entry *e;
    int pid, flags;

    if (flux_request_unpack (msg, NULL, "{s:i s:i s?s}", "pid", &pid, "flags", &flags, "label",
                             &label) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    e = rexec_find (rx, pid, label);
    if (check (e, msg, flags, &error) < 0) {
        router_respond_error (rt, msg, errno, error.text);
        return;
    }
    rexec_hear (e, msg);
    e->attached = true;
    e->attach_flags = flags;
    router_respond_pack (rt, msg, "{s:s s:i s:O}", "type", "attached", "pid",
                         (int)proc_pid (e->proc), "cmd", e->cmd);
    for (int i = 0; i < 2; i++) {
        if (e->eof[i])
            rexec_send_output (e, i, NULL, 0, true);
    }
    if (e->ended) {
        rexec_send_end (e);
        rexec_entry_free (e);
    }
}
