# SPDX-License-Identifier: LGPL-2.1-or-later
# Public headers, installed as <flux/...>.
fluxincludedir = $(includedir)/flux
fluxinclude_HEADERS = \
	%D%/flux/types.h \
	%D%/flux/message.h \
	%D%/flux/msglist.h \
	%D%/flux/request.h \
	%D%/flux/response.h \
	%D%/flux/event.h \
	%D%/flux/control.h \
	%D%/flux/handle.h \
	%D%/flux/connector.h \
	%D%/flux/reactor.h \
	%D%/flux/watcher.h \
	%D%/flux/msg_handler.h \
	%D%/flux/future.h \
	%D%/flux/rpc.h \
	%D%/flux/attr.h \
	%D%/flux/hosts.h \
	%D%/flux/flog.h \
	%D%/flux/service.h \
	%D%/flux/disconnect.h \
	%D%/flux/module.h \
	%D%/flux/conf.h \
	%D%/flux/sync.h \
	%D%/flux/stats.h \
	%D%/flux/version.h \
	%D%/flux/kvs.h \
	%D%/flux/idset.h \
	%D%/flux/job.h \
	%D%/flux/job_client.h \
	%D%/flux/hostlist.h \
	%D%/flux/taskmap.h \
	%D%/flux/plugin.h \
	%D%/flux/jobtap.h \
	%D%/flux/shell.h \
	%D%/flux/jobspec1.h \
	%D%/flux/tasks.h \
	%D%/flux/core.h
