# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/output.c %D%/output.h \
	%D%/step.c %D%/step.h
