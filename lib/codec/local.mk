# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/codec/libcodec.la
lib_codec_libcodec_la_SOURCES = \
	%D%/limits.h %D%/cursor.h %D%/msg.h %D%/flat.h \
	%D%/blob.c %D%/blob.h \
	%D%/message.c %D%/fields.c %D%/route.c %D%/sender.c %D%/match.c %D%/print.c %D%/msglist.c \
	%D%/payload.c %D%/payload.h \
	%D%/frames.c %D%/frames.h \
	%D%/typed.c %D%/typed.h \
	%D%/msgio.c %D%/msgio.h
lib_codec_libcodec_la_LIBADD = lib/util/libutil.la $(JANSSON_LIBS)
