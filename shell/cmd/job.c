/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job: the table of its sub-verbs. */

#include "config.h"

#include "shell/cmd/job.h"
#include "shell/cmd/job_raise.h"
#include "shell/cmd/verbs.h"

static const struct cmd_verb *const subs[] = {
    &cmd_verb_job_submit,   &cmd_verb_job_attach,     &cmd_verb_job_status,
    &cmd_verb_job_wait,     &cmd_verb_job_wait_event, &cmd_verb_job_eventlog,
    &cmd_verb_job_info,     &cmd_verb_job_cancel,     &cmd_verb_job_cancelall,
    &cmd_verb_job_raise,    &cmd_verb_job_raiseall,   &cmd_verb_job_kill,
    &cmd_verb_job_killall,  &cmd_verb_job_urgency,    &cmd_verb_job_id,
    &cmd_verb_job_last,     &cmd_verb_job_list,       &cmd_verb_job_list_inactive,
    &cmd_verb_job_list_ids, &cmd_verb_job_hostpids,   &cmd_verb_job_taskmap,
    &cmd_verb_job_timeleft, &cmd_verb_job_memo,       &cmd_verb_job_purge,
    &cmd_verb_job_stats,    &cmd_verb_job_namespace,  NULL,
};

const struct cmd_verb cmd_verb_job = {
    .name = "job",
    .args = "COMMAND",
    .summary = "Look at and change jobs",
    .subs = subs,
};
