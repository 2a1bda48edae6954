# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/util/libutil.la
lib_util_libutil_la_SOURCES = \
	%D%/errprintf.c %D%/errprintf.h \
	%D%/base64.c %D%/base64.h \
	%D%/array_room.h \
	%D%/aux.c %D%/aux.h \
	%D%/buf.c %D%/buf.h \
	%D%/bytes.c %D%/bytes.h \
	%D%/json_keys.h \
	%D%/json_strings.h \
	%D%/fail.h \
	%D%/fdutil.c %D%/fdutil.h \
	%D%/fsd.c %D%/fsd.h \
	%D%/sha256.c %D%/sha256.h \
	%D%/uuid.c %D%/uuid.h \
	%D%/peers.c %D%/peers.h \
	%D%/removetree.c %D%/removetree.h \
	%D%/tmpdir.c %D%/tmpdir.h \
	%D%/spawn.c %D%/spawn.h \
	%D%/stamp.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/waitcode.h \
	%D%/monotime.h
