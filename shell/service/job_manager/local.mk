# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/action.c \
	%D%/bulk.c \
	%D%/conf.c %D%/conf.h \
	%D%/cutoff.c %D%/depend.c %D%/depend.h \
	%D%/event.c \
	%D%/extsched.c %D%/extsched.h %D%/extsched_private.h \
	%D%/extsched_alloc.c \
	%D%/history.c \
	%D%/list.c \
	%D%/housekeeping.c %D%/housekeeping.h \
	%D%/idle.c \
	%D%/job.c %D%/job.h \
	%D%/jobqueue.c %D%/jobqueue.h \
	%D%/jobqueue_policy.c \
	%D%/queue_policy.c \
	%D%/jobtap.c %D%/jobtap.h %D%/jobtap_private.h \
	%D%/jobtap_api.c \
	%D%/jobtap_call.c \
	%D%/jobtap_job.c \
	%D%/jobtap_service.c \
	%D%/jobids.c %D%/jobids.h \
	%D%/jobtext.c %D%/jobtext.h \
	%D%/logignore.c %D%/logignore.h \
	%D%/jobstore.c %D%/jobstore.h \
	%D%/journal.c %D%/journal.h \
	%D%/limit.c \
	%D%/manager.c %D%/manager.h \
	%D%/pending.c %D%/pending.h \
	%D%/perilog.c %D%/perilog.h \
	%D%/private.h \
	%D%/purge.c \
	%D%/queue.c %D%/queue.h \
	%D%/queues.c \
	%D%/replay.c %D%/replay.h \
	%D%/rankcmd.c %D%/rankcmd.h \
	%D%/requests.c \
	%D%/resize.c %D%/resize.h %D%/resize_above.c \
	%D%/restart.c \
	%D%/schedule.c \
	%D%/singleton.c \
	%D%/slice.c %D%/slice.h \
	%D%/strpool.c %D%/strpool.h \
	%D%/submission.c %D%/submission.h \
	%D%/submit.c \
	%D%/transition.c \
	%D%/symbol.c \
	%D%/update.c \
	%D%/wait.c %D%/walk.c
dist_man_MANS += \
	%D%/flux-config-job-manager.5 \
	%D%/flux-config-policy.5 \
	%D%/flux-config-queues.5
