# SPDX-License-Identifier: LGPL-2.1-or-later
# Readers and writers beside the matcher: it knows no format, they know all.
noinst_LTLIBRARIES += lib/graph/io/libgraphio.la
lib_graph_io_libgraphio_la_SOURCES = \
	%D%/constraint.c %D%/constraint.h \
	%D%/jobspec.c %D%/jobspec.h
