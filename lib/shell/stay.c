/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job shell that has run a plain job stays, and takes another one. */

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/shell/shell.h"
#include "lib/util/waitcode.h"

#define JOBS_MAX 1000 // that one process runs, should there be a leak somewhere

/* A job after which this process is as it was before. Plugins may have done anything. */
static bool is_plain (const struct shell *sh)
{
    return sh->info->nshells == 1 && !sh->plugins && !sh->aux && !sh->killed && !sh->proctable &&
           !shell_info_flag (sh->info, "pty");
}

bool shell_offer (struct shell *sh, struct spawnpkt *result)
{
    struct shell_start *start = sh->start;
    int sv[2];

    if (sh->spent || start->home < 0 || ++start->jobs >= JOBS_MAX || !is_plain (sh))
        return false;
    if (start->next < 0) {
        if (result->len > SPAWNPKT_INLINE_MAX ||
            socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
            return false;
        start->next = sv[0];
        result->fd = sv[1];
    }
    result->value = waitcode (sh->status) << 8;
    return true;
}

void shell_clear (struct shell *sh)
{
    taskpmi_destroy (sh->pmi);
    taskptys_destroy (sh->ptys);
    input_destroy (sh->input);
    output_destroy (sh->output);
    peers_destroy (sh->peers);
    joblog_destroy (sh->log);
    sysmon_destroy (sh->sysmon);
    link_destroy (sh->link);
    ev_timer_stop (sh->loop, &sh->exit_timer);
    ev_loop_destroy (sh->loop);
    envlist_clear (&sh->env);
    json_decref (sh->early_exit);
    free (sh->tasks);
    free (sh->exited);
    free (sh->text_seq);
    free (sh->service);
    free (sh->write_topic);
    free (sh->exit_topic);
    free (sh->tmpdir);
    shell_info_destroy (sh->info);
    plugapi_set_shell (NULL);
}

/* Signals between two jobs are nobody's. One from the broker is for the job that comes. */
static void drop_signals (void)
{
    static const struct timespec now;
    sigset_t set;

    shell_signals (&set);
    sigdelset (&set, SHELL_SIGNAL_TASKS);
    while (sigtimedwait (&set, NULL, &now) > 0)
        ;
}

/* False when the broker needs this process no more. */
static bool next_job (struct shell_start *start, struct spawnpkt_buf *buf)
{
    struct spawnpkt pkt;

#ifdef SYS_close_range
    syscall (SYS_close_range, start->next + 1, ~0U, 0);
#endif
    if (spawnpkt_recv (start->next, buf, &pkt) <= 0 || pkt.type != SPAWNPKT_START)
        return false;
    drop_signals ();
    start->id = pkt.id;
    start->request = pkt.text;
    start->len = pkt.len;
    return true;
}

int shell_main (const struct shell_start *first)
{
    struct shell_start start = *first;
    struct spawnpkt_buf buf = {0};
    int code;

    start.next = -1;
    start.jobs = 0;
    start.known = (struct shell_known){0};
    do
        code = shell_run (&start);
    while (code < 0 && next_job (&start, &buf));
    shell_known_clear (&start.known);
    return code < 0 ? 0 : code;
}
