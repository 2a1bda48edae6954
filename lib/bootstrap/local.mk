# SPDX-License-Identifier: LGPL-2.1-or-later
# Linked into the broker, `flux start` and the SPANK plugin; needs $(MUNGE_LIBS) and libutil.
noinst_LTLIBRARIES += lib/bootstrap/libbootstrap.la
lib_bootstrap_libbootstrap_la_SOURCES = \
	%D%/bootstrap.c %D%/bootstrap.h \
	%D%/conn.c %D%/conn.h \
	%D%/limits.h \
	%D%/method.h \
	%D%/pmi1.c %D%/pmi1.h \
	%D%/pmi1_method.c \
	%D%/record.c %D%/record.h \
	%D%/rejoin_method.c \
	%D%/scrub.c \
	%D%/seal.c %D%/seal.h \
	%D%/server.c %D%/server.h %D%/server_private.h \
	%D%/server_in.c \
	%D%/server_out.c \
	%D%/single.c \
	%D%/wireup.c %D%/wireup.h \
	%D%/wireup_method.c

# Beside it, as the plugin links no JSON.
noinst_LTLIBRARIES += lib/bootstrap/librejoinframe.la
lib_bootstrap_librejoinframe_la_SOURCES = %D%/rejoin_frame.c %D%/rejoin_frame.h
