# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/group.c %D%/group.h %D%/private.h \
	%D%/hold.c %D%/hold.h %D%/hold_root.c \
	%D%/join.c %D%/leave.c %D%/reduce.c %D%/reduce_batch.c %D%/reduce_gone.c %D%/reduce_op.c %D%/reduce_private.h %D%/reduce_recover.c \
	%D%/results.c %D%/results.h \
	%D%/root.c \
	%D%/view.c
dist_man_MANS += %D%/flux-group-protocol.7
