/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Everything that a program which talks to a Flux instance needs. */

#ifndef FLUX_CORE_H
#define FLUX_CORE_H

#include <flux/types.h>
#include <flux/version.h>
#include <flux/message.h>
#include <flux/msglist.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/event.h>
#include <flux/control.h>
#include <flux/handle.h>
#include <flux/connector.h>
#include <flux/reactor.h>
#include <flux/watcher.h>
#include <flux/msg_handler.h>
#include <flux/future.h>
#include <flux/rpc.h>
#include <flux/attr.h>
#include <flux/hosts.h>
#include <flux/flog.h>
#include <flux/service.h>
#include <flux/disconnect.h>
#include <flux/module.h>
#include <flux/conf.h>
#include <flux/sync.h>
#include <flux/stats.h>
#include <flux/kvs.h>
#include <flux/job.h>
#include <flux/job_client.h>
#include <flux/jobspec1.h>

#endif /* !FLUX_CORE_H */
