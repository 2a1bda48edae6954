# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/set/libset.la
lib_set_libset_la_SOURCES = \
	%D%/rangestr.c %D%/rangestr.h \
	%D%/idset.c %D%/idset_private.h \
	%D%/idset_iter.c \
	%D%/idset_algebra.c \
	%D%/idset_codec.c %D%/idset_codec.h \
	%D%/hostlist.c %D%/hostlist_private.h \
	%D%/hostlist_index.c \
	%D%/hostlist_delete.c \
	%D%/hostlist_sort.c \
	%D%/hostlist_codec.c %D%/hostlist_codec.h
lib_set_libset_la_LIBADD = lib/util/libutil.la
