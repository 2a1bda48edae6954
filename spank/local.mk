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
dist_man_MANS += %D%/spank_flux.8
