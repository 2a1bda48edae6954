# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/job/libjob.la
lib_job_libjob_la_SOURCES = \
	%D%/limits.h \
	%D%/decode.c %D%/decode.h \
	%D%/jsonbuf.c %D%/jsonbuf.h %D%/jsonbuf_value.c %D%/logtext.c %D%/logtext.h \
	%D%/jsonscan.c %D%/jsonscan_plain.c %D%/jsonscan.h \
	%D%/fluid.c %D%/fluid.h \
	%D%/fluid_words.c %D%/fluid_emoji.c %D%/fluid_private.h \
	%D%/jobid.c \
	%D%/state.c \
	%D%/fsd_json.c \
	%D%/eventlog.c %D%/eventlog.h \
	%D%/jpath.c %D%/jpath.h \
	%D%/count.c %D%/count.h \
	%D%/jobspec.c %D%/jobspec.h %D%/jobspec_private.h \
	%D%/jobspec_resources.c %D%/jobspec_lean.c \
	%D%/jobspec_attrs.c \
	%D%/jobspec_build.c %D%/jobspec_build.h \
	%D%/jobspec_set.c \
	%D%/jobspec1.c \
	%D%/query.c %D%/query.h \
	%D%/dependency.c %D%/dependency.h \
	%D%/shape.c %D%/shape.h \
	%D%/taskmap.c %D%/taskmap_private.h \
	%D%/taskmap_codec.c \
	%D%/rv1.c %D%/rv1.h %D%/rv1_private.h \
	%D%/rv1_decode.c %D%/rv1_decode.h \
	%D%/rv1_encode.c \
	%D%/rv1_algebra.c \
	%D%/rv1_hosts.c \
	%D%/rv1_property.c \
	%D%/rconstraint.c %D%/rconstraint.h
lib_job_libjob_la_LIBADD = lib/set/libset.la $(JANSSON_LIBS) -lm
