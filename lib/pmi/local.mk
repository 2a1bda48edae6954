# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += lib/pmi/libpmiserver.la
lib_pmi_libpmiserver_la_SOURCES = \
	%D%/wire.c %D%/wire.h \
	%D%/server.c %D%/server.h %D%/server_private.h \
	%D%/server1.c %D%/server2.c
