# SPDX-License-Identifier: LGPL-2.1-or-later
noinst_LTLIBRARIES += lib/archive/libfilearchive.la
lib_archive_libfilearchive_la_SOURCES = \
	%D%/extract.c %D%/extract.h \
	%D%/pack.c %D%/pack.h
