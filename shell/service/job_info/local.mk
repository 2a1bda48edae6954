# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/catchup.c %D%/watch_private.h \
	%D%/info.c %D%/info.h \
	%D%/update.c %D%/update.h \
	%D%/watch.c %D%/watch.h
