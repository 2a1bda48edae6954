# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/append.c %D%/append.h \
	%D%/critical.c %D%/critical.h \
	%D%/exec.c %D%/exec.h \
	%D%/kill.c \
	%D%/killplan.c %D%/killplan.h \
	%D%/local.c %D%/local.h \
	%D%/private.h \
	%D%/procs.c %D%/procs.h \
	%D%/shells.c \
	%D%/spawner.c %D%/spawner.h \
	%D%/spawner_process.c %D%/spawner_process.h \
	%D%/stats.c %D%/stats.h
