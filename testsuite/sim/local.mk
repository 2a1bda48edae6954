# SPDX-License-Identifier: GPL-2.0-or-later
# A simulated slurmctld above the installed select_cons_tres.so and libslurmfull. What of slurmctld
# these look up is exported, and nothing else: cons_tres must find its own functions first.
if HAVE_SLURM_FULL
SIM_CPPFLAGS = $(SELECT_CPPFLAGS) -DSIM_PLUGINDIR='"$(slurmfulldir)"'
SIM_SOURCES = %D%/ctld.c %D%/ctld_site.c %D%/ctld_start.c %D%/ctld.h %D%/ctld_priv.h %D%/gres.c
SIM_LIBS = select_graph/libselectgraph.la select_graph/libselectcore.la \
	lib/graph/io/libgraphio.la lib/graph/libgraph.la lib/job/libjob.la lib/util/libutil.la \
	$(JANSSON_LIBS) -lm $(slurmfulldir)/libslurmfull.so
SIM_LINK = -Wl,--dynamic-list=$(srcdir)/%D%/slurmctld.list -Wl,-rpath,$(slurmfulldir) \
	-Wl,--exclude-libs=libjob.a:libgraph.a:libgraphio.a:libselectcore.a:libselectgraph.a:libutil.a

check_PROGRAMS += testsuite/sim/soak
testsuite_sim_soak_SOURCES = %D%/soak.c $(SIM_SOURCES)
testsuite_sim_soak_CPPFLAGS = $(SIM_CPPFLAGS)
testsuite_sim_soak_LDADD = $(SIM_LIBS)
testsuite_sim_soak_LDFLAGS = $(SIM_LINK)

check_PROGRAMS += testsuite/sim/bench
testsuite_sim_bench_SOURCES = %D%/bench.c %D%/cells.c %D%/cells.h $(SIM_SOURCES)
testsuite_sim_bench_CPPFLAGS = $(SIM_CPPFLAGS)
testsuite_sim_bench_LDADD = $(SIM_LIBS)
testsuite_sim_bench_LDFLAGS = $(SIM_LINK)

check_PROGRAMS += testsuite/sim/counts
testsuite_sim_counts_SOURCES = %D%/counts.c $(SIM_SOURCES)
testsuite_sim_counts_CPPFLAGS = $(SIM_CPPFLAGS)
testsuite_sim_counts_LDADD = $(SIM_LIBS)
testsuite_sim_counts_LDFLAGS = $(SIM_LINK)

check_PROGRAMS += testsuite/sim/golden
testsuite_sim_golden_SOURCES = %D%/golden.c $(SIM_SOURCES)
testsuite_sim_golden_CPPFLAGS = $(SIM_CPPFLAGS)
testsuite_sim_golden_LDADD = lib/graph/io/libgraphyaml.la $(SIM_LIBS) $(YAML_LIBS)
testsuite_sim_golden_LDFLAGS = $(SIM_LINK)
endif
EXTRA_DIST += %D%/slurmctld.list
