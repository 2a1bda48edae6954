# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/attrs.c %D%/attrs.h \
	%D%/constraint.c %D%/constraint.h \
	%D%/list.c %D%/list.h
