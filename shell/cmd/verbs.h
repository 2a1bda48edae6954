/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_VERBS_H
#define FLUX_CMD_VERBS_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb cmd_verb_alloc;
extern const struct cmd_verb cmd_verb_batch;
extern const struct cmd_verb cmd_verb_broker;
extern const struct cmd_verb cmd_verb_bulksubmit;
extern const struct cmd_verb cmd_verb_cancel;
extern const struct cmd_verb cmd_verb_dmesg;
extern const struct cmd_verb cmd_verb_env;
extern const struct cmd_verb cmd_verb_event;
extern const struct cmd_verb cmd_verb_exec;
extern const struct cmd_verb cmd_verb_archive;
extern const struct cmd_verb cmd_verb_config;
extern const struct cmd_verb cmd_verb_getattr;
extern const struct cmd_verb cmd_verb_graph;
extern const struct cmd_verb cmd_verb_help;
extern const struct cmd_verb cmd_verb_hostlist;
extern const struct cmd_verb cmd_verb_interactive;
extern const struct cmd_verb cmd_verb_job;
extern const struct cmd_verb cmd_verb_jobs;
extern const struct cmd_verb cmd_verb_logger;
extern const struct cmd_verb cmd_verb_lsattr;
extern const struct cmd_verb cmd_verb_module;
extern const struct cmd_verb cmd_verb_multi_prog;
extern const struct cmd_verb cmd_verb_overlay;
extern const struct cmd_verb cmd_verb_pgrep;
extern const struct cmd_verb cmd_verb_ping;
extern const struct cmd_verb cmd_verb_pmi;
extern const struct cmd_verb cmd_verb_group;
extern const struct cmd_verb cmd_verb_pkill;
extern const struct cmd_verb cmd_verb_proxy;
extern const struct cmd_verb cmd_verb_pstree;
extern const struct cmd_verb cmd_verb_queue;
extern const struct cmd_verb cmd_verb_relay;
extern const struct cmd_verb cmd_verb_resource;
extern const struct cmd_verb cmd_verb_resource_query;
extern const struct cmd_verb cmd_verb_run;
extern const struct cmd_verb cmd_verb_setattr;
extern const struct cmd_verb cmd_verb_shutdown;
extern const struct cmd_verb cmd_verb_sproc;
extern const struct cmd_verb cmd_verb_start;
extern const struct cmd_verb cmd_verb_startlog;
extern const struct cmd_verb cmd_verb_submit;
extern const struct cmd_verb cmd_verb_top;
extern const struct cmd_verb cmd_verb_tree;
extern const struct cmd_verb cmd_verb_update;
extern const struct cmd_verb cmd_verb_uptime;
extern const struct cmd_verb cmd_verb_uri;
extern const struct cmd_verb cmd_verb_version;
extern const struct cmd_verb cmd_verb_watch;

extern const struct cmd_verb cmd_verb_housekeeping;
extern const struct cmd_verb cmd_verb_jobtap;
extern const struct cmd_verb cmd_verb_kvs;
extern const struct cmd_verb cmd_verb_content;
extern const struct cmd_verb cmd_verb_dump;
extern const struct cmd_verb cmd_verb_restore;

#endif /* !FLUX_CMD_VERBS_H */
