# SPDX-License-Identifier: GPL-2.0-or-later
# What of the plugin needs nothing of Slurm.
noinst_LTLIBRARIES += spank/libspankcore.la
spank_libspankcore_la_SOURCES = \
	%D%/settings.c %D%/settings.h \
	%D%/srun_args.c %D%/srun_args.h \
	%D%/ticket.c %D%/ticket.h

# The SPANK plugin: nothing of Slurm is linked (srun and slurmstepd have it), munge alone is.
slurmplugin_LTLIBRARIES += spank/spank_flux.la
spank_spank_flux_la_SOURCES = \
	%D%/allocator.c \
	%D%/batch.c \
	%D%/beside.c \
	%D%/context.h \
	%D%/launch.c %D%/launch.h \
	%D%/local.c \
	%D%/options.c %D%/options.h \
	%D%/spank_flux.c \
	%D%/step.c %D%/step.h
spank_spank_flux_la_LIBADD = spank/libspankcore.la lib/bootstrap/libbootstrap.la lib/util/libutil.la $(MUNGE_LIBS)
spank_spank_flux_la_LDFLAGS = -module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/%D%/spank_flux.map
EXTRA_spank_spank_flux_la_DEPENDENCIES = $(srcdir)/%D%/spank_flux.map
EXTRA_DIST += %D%/spank_flux.map
dist_man_MANS += %D%/spank_flux.8 %D%/spank_graph.8

# --graph-policy and --graph-request, for select/graph. libjob is taken as an archive: libtool would
# put lib/util, which libgraph has too, in twice.
noinst_LTLIBRARIES += spank/libgraphoptions.la
spank_libgraphoptions_la_SOURCES = %D%/graph_options.c %D%/graph_options.h
slurmplugin_LTLIBRARIES += spank/spank_graph.la
spank_spank_graph_la_SOURCES = %D%/spank_graph.c
spank_spank_graph_la_LIBADD = spank/libgraphoptions.la lib/graph/io/libgraphio.la \
	lib/graph/libgraph.la lib/job/.libs/libjob.a $(JANSSON_LIBS)
spank_spank_graph_la_LDFLAGS = -module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/%D%/spank_flux.map
EXTRA_spank_spank_graph_la_DEPENDENCIES = $(srcdir)/%D%/spank_flux.map
lib/job/.libs/libjob.a: lib/job/libjob.la
	@:
