# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/attach.c %D%/hear.c \
	%D%/private.h \
	%D%/proc.c %D%/proc.h \
	%D%/rexec.c %D%/rexec.h
