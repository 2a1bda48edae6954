# SPDX-License-Identifier: GPL-2.0-or-later
libexec_programs += shell/job/flux-shell
shell_job_flux_shell_SOURCES = %D%/main.c %D%/spawner_main.c %D%/spawner_main.h
shell_job_flux_shell_LDADD = lib/shell/libshell.la lib/shell/libspawnpkt.la lib/plugin/libplugin.la \
	lib/pmi/libpmiserver.la lib/codec/libcodec.la lib/job/libjob.la lib/set/libset.la lib/util/libutil.la \
	$(JANSSON_LIBS) $(EV_LIBS)
# All symbols are bound when the spawner starts, not again in each of its forks.
shell_job_flux_shell_LDFLAGS = -Wl,-z,now -Wl,--export-dynamic

# What knows hwloc, for the option hwloc.xmlfile.
libexec_programs += shell/job/flux-topology
shell_job_flux_topology_SOURCES = %D%/topology_main.c
shell_job_flux_topology_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)
shell_job_flux_topology_LDADD = $(HWLOC_LIBS)

dist_man_MANS += %D%/flux-shell.1
