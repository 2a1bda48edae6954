# SPDX-License-Identifier: LGPL-2.1-or-later
# What brokers, job shells and tasks share.
noinst_LTLIBRARIES += lib/tasks/libgroupframe.la
lib_tasks_libgroupframe_la_SOURCES = \
	%D%/combine.c %D%/combine.h \
	%D%/frame.c %D%/frame.h \
	%D%/limits.h
