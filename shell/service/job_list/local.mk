# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/attrs.c %D%/attrs.h \
	%D%/byid.c %D%/private.h %D%/stats.c \
	%D%/constraint.c %D%/constraint.h \
	%D%/list.c %D%/list.h
