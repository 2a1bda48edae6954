# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += lib/pmi/libpmiserver.la
lib_pmi_libpmiserver_la_SOURCES = \
	%D%/wire.c %D%/wire.h \
	%D%/server.c %D%/server.h %D%/server_private.h \
	%D%/server1.c %D%/server2.c
# For MPI programs. RFC 13 wants the major version 0.
noinst_LTLIBRARIES += lib/pmi/libpmiclient.la
lib_pmi_libpmiclient_la_SOURCES = \
	%D%/api.c %D%/api.h \
	%D%/client.c %D%/client.h \
	%D%/clique.c %D%/clique.h \
	%D%/wire.c %D%/wire.h
lib_pmi_libpmiclient_la_LIBADD = lib/util/libutil.la
pkglib_LTLIBRARIES += lib/pmi/libpmi.la lib/pmi/libpmi2.la
lib_pmi_libpmi_la_SOURCES = %D%/pmi.c %D%/pmi.h
lib_pmi_libpmi_la_LIBADD = lib/pmi/libpmiclient.la
lib_pmi_libpmi_la_LDFLAGS = -version-info 0:0:0 -Wl,--no-undefined
lib_pmi_libpmi2_la_SOURCES = %D%/pmi2.c %D%/pmi2.h
lib_pmi_libpmi2_la_LIBADD = lib/pmi/libpmiclient.la
lib_pmi_libpmi2_la_LDFLAGS = -version-info 0:0:0 -Wl,--no-undefined
