# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/ask.c %D%/ask.h \
	%D%/bits.h \
	%D%/inventory.c %D%/inventory.h \
	%D%/rset.c %D%/rset.h \
	%D%/sched.c %D%/sched.h
