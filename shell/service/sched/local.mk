# SPDX-License-Identifier: GPL-2.0-or-later
shell_service_libservice_la_SOURCES += \
	%D%/ask.c %D%/ask.h \
	%D%/config.c %D%/config.h \
	%D%/feasible.c \
	%D%/grant.c %D%/grant.h %D%/grant_graph.c \
	%D%/inventory.c %D%/inventory.h \
	%D%/pass.h \
	%D%/policies.c %D%/policies.h \
	%D%/private.h \
	%D%/qpolicy.c %D%/qpolicy.h \
	%D%/ranks.c %D%/ranks.h \
	%D%/resize.c \
	%D%/sched.c %D%/sched.h \
	%D%/why.c %D%/why.h \
	lib/shell/slots.c lib/shell/slots.h
