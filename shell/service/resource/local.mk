# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/acquire.c \
	%D%/config.c \
	%D%/discover.c %D%/discover.h \
	%D%/drain.c \
	%D%/given.c \
	%D%/private.h \
	%D%/ranks.c %D%/ranks.h \
	%D%/reload.c \
	%D%/report.c %D%/reslog.c \
	%D%/resource.c %D%/resource.h
