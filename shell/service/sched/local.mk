# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/bits.h \
	%D%/rset.c %D%/rset.h \
	%D%/sched.c %D%/sched.h
