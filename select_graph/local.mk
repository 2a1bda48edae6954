# SPDX-License-Identifier: GPL-2.0-or-later
# What of the plugin needs nothing of Slurm.
noinst_LTLIBRARIES += select_graph/libselectcore.la
select_graph_libselectcore_la_SOURCES = \
	%D%/conf.c %D%/conf.h \
	%D%/keep.c %D%/keep.h \
	%D%/site.c %D%/site.h %D%/site_priv.h \
	%D%/site_ask.c \
	%D%/site_book.c \
	%D%/site_build.c \
	%D%/site_ends.c \
	%D%/site_explain.c \
	%D%/site_flat.c \
	%D%/site_flow.c \
	%D%/site_jgf.c \
	%D%/site_lift.c \
	%D%/site_request.c \
	%D%/site_when.c \
	%D%/site_words.c \
	%D%/site_write.c %D%/site_write.h

# The select plugin. Nothing of Slurm is linked: slurmctld and libslurmfull, which load it, have it.
# libjob is taken as an archive: libtool would put lib/util, which libgraph has too, in twice.
# Slurm's headers want a config.h and a slurm_version.h of their own, found before ours.
if HAVE_SLURM_SOURCE
noinst_LTLIBRARIES += select_graph/libselectgraph.la
select_graph_libselectgraph_la_SOURCES = \
	%D%/api_2205.h %D%/api_2405.h %D%/api_2411.h %D%/api_2505.h %D%/api_2511.h %D%/api_2605.h \
	%D%/api_calls.h %D%/api_ctld.h %D%/api_own.h %D%/api_resv.h %D%/api_window.h \
	%D%/ask.c \
	%D%/attempt.c %D%/attempt.h \
	%D%/beneath.c %D%/beneath.h \
	%D%/books.c %D%/books.h \
	%D%/choose.c %D%/choose.h \
	%D%/devices.c %D%/devices.h \
	%D%/ends.c \
	%D%/facts.c %D%/facts.h \
	%D%/forward.c \
	%D%/layout.c %D%/layout.h \
	%D%/offer.c \
	%D%/pick.c \
	%D%/plugin.c %D%/plugin.h \
	%D%/show.c %D%/show.h \
	%D%/want.c
SELECT_CPPFLAGS = -iquote $(top_builddir)/%D%/conf -I$(top_builddir)/%D%/conf \
	$(AM_CPPFLAGS) -isystem $(slurmsource) -DSELECT_GRAPH_API='"select_graph/api_$(slurmapi).h"'
select_graph_libselectgraph_la_CPPFLAGS = $(SELECT_CPPFLAGS)

slurmplugin_LTLIBRARIES += select_graph/select_graph.la
select_graph_select_graph_la_SOURCES =
select_graph_select_graph_la_LIBADD = select_graph/libselectgraph.la select_graph/libselectcore.la lib/graph/io/libgraphio.la \
	lib/graph/libgraph.la lib/job/.libs/libjob.a $(JANSSON_LIBS)
select_graph_select_graph_la_LDFLAGS = -module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/%D%/select_graph.map
EXTRA_select_graph_select_graph_la_DEPENDENCIES = $(srcdir)/%D%/select_graph.map
endif
DISTCLEANFILES = %D%/conf/config.h %D%/conf/slurm/slurm_version.h
EXTRA_DIST += %D%/select_graph.map
dist_man_MANS += %D%/graph.conf.5
