# SPDX-License-Identifier: LGPL-2.1-or-later
# What brokers, job shells and tasks share.
noinst_LTLIBRARIES += lib/tasks/libgroupframe.la
lib_tasks_libgroupframe_la_SOURCES = \
	%D%/combine.c %D%/combine.h \
	%D%/frame.c %D%/frame.h \
	%D%/letter.c %D%/letter.h \
	%D%/limits.h

# For tasks; see flux-tasks(7). It uses the public library, and has ZeroMQ for links between tasks.
lib_LTLIBRARIES += lib/tasks/libflux-tasks.la
lib_tasks_libflux_tasks_la_SOURCES = \
	%D%/call.c \
	%D%/collective.c \
	%D%/direct.c %D%/direct_link.c %D%/direct_private.h %D%/direct_server.c \
	%D%/frame.c \
	%D%/group.c \
	%D%/letter.c \
	%D%/private.h \
	%D%/receipt.c \
	%D%/recv.c \
	%D%/send.c \
	%D%/tasks.c \
	%D%/topic.c \
	lib/overlay/ifaddr.c \
	lib/util/base64.c lib/util/buf.c lib/util/errprintf.c
lib_tasks_libflux_tasks_la_LIBADD = lib/libflux-slurm.la $(ZMQ_LIBS) $(JANSSON_LIBS)
lib_tasks_libflux_tasks_la_LDFLAGS = -version-info 0:0:0 -Wl,--no-undefined
pkgconfig_DATA += lib/tasks/flux-tasks.pc
dist_man_MANS += %D%/flux-tasks.3 %D%/flux-tasks.7
