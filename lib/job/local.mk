# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/job/libjob.la
lib_job_libjob_la_SOURCES = \
	%D%/limits.h \
	%D%/jsonbuf.c %D%/jsonbuf.h \
	%D%/fluid.c %D%/fluid.h \
	%D%/fluid_words.c %D%/fluid_emoji.c %D%/fluid_private.h \
	%D%/jobid.c \
	%D%/state.c \
	%D%/fsd.c %D%/fsd.h \
	%D%/eventlog.c %D%/eventlog.h
lib_job_libjob_la_LIBADD = lib/set/libset.la $(JANSSON_LIBS) -lm
