/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The sub-verbs of `flux job`. */

#ifndef FLUX_CMD_JOB_H
#define FLUX_CMD_JOB_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb cmd_verb_job_attach;
extern const struct cmd_verb cmd_verb_job_eventlog;
extern const struct cmd_verb cmd_verb_job_id;
extern const struct cmd_verb cmd_verb_job_info;
extern const struct cmd_verb cmd_verb_job_last;
extern const struct cmd_verb cmd_verb_job_list;
extern const struct cmd_verb cmd_verb_job_list_ids;
extern const struct cmd_verb cmd_verb_job_list_inactive;
extern const struct cmd_verb cmd_verb_job_memo;
extern const struct cmd_verb cmd_verb_job_namespace;
extern const struct cmd_verb cmd_verb_job_purge;
extern const struct cmd_verb cmd_verb_job_stats;
extern const struct cmd_verb cmd_verb_job_status;
extern const struct cmd_verb cmd_verb_job_submit;
extern const struct cmd_verb cmd_verb_job_hostpids;
extern const struct cmd_verb cmd_verb_job_taskmap;
extern const struct cmd_verb cmd_verb_job_timeleft;
extern const struct cmd_verb cmd_verb_job_urgency;
extern const struct cmd_verb cmd_verb_job_wait;
extern const struct cmd_verb cmd_verb_job_wait_event;

/* 0 to 31 of a number or a name. Ends the program when it is none. */
int job_urgency (struct cmd *c, const char *s);

#endif /* !FLUX_CMD_JOB_H */
