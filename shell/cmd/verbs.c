/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All verbs. To add one: a file of its own with `const struct cmd_verb cmd_verb_NAME`, and a line
 * here. */

#include "config.h"

#include "shell/cmd/cmd.h"
#include "shell/cmd/verbs.h"

// One a line, so that two who add one do not collide.
// clang-format off
const struct cmd_verb *const cmd_verbs[] = {
    &cmd_verb_help,
    &cmd_verb_version,
    &cmd_verb_start,
    &cmd_verb_startlog,
    &cmd_verb_run,
    &cmd_verb_submit,
    &cmd_verb_bulksubmit,
    &cmd_verb_batch,
    &cmd_verb_alloc,
    &cmd_verb_multi_prog,
    &cmd_verb_tree,
    &cmd_verb_jobs,
    &cmd_verb_job,
    &cmd_verb_cancel,
    &cmd_verb_pgrep,
    &cmd_verb_pkill,
    &cmd_verb_watch,
    &cmd_verb_update,
    &cmd_verb_pstree,
    &cmd_verb_top,
    &cmd_verb_queue,
    &cmd_verb_resource,
    &cmd_verb_resource_query,
    &cmd_verb_overlay,
    &cmd_verb_module,
    &cmd_verb_housekeeping,
    &cmd_verb_jobtap,
    &cmd_verb_group,
    &cmd_verb_pmi,
    &cmd_verb_kvs,
    &cmd_verb_content,
    &cmd_verb_archive,
    &cmd_verb_dump,
    &cmd_verb_restore,
    &cmd_verb_config,
    &cmd_verb_getattr,
    &cmd_verb_setattr,
    &cmd_verb_lsattr,
    &cmd_verb_ping,
    &cmd_verb_event,
    &cmd_verb_exec,
    &cmd_verb_sproc,
    &cmd_verb_dmesg,
    &cmd_verb_logger,
    &cmd_verb_uptime,
    &cmd_verb_graph,
    &cmd_verb_hostlist,
    &cmd_verb_env,
    &cmd_verb_uri,
    &cmd_verb_proxy,
    &cmd_verb_shutdown,
    &cmd_verb_relay,
    &cmd_verb_broker,
    &cmd_verb_interactive,
    NULL,
};
// clang-format on
