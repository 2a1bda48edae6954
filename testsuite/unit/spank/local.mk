# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/spank/test_settings
TESTS += testsuite/unit/spank/test_settings
testsuite_unit_spank_test_settings_SOURCES = %D%/test_settings.c
testsuite_unit_spank_test_settings_LDADD = spank/libspankcore.la lib/util/libutil.la $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/spank/test_graph_options
TESTS += testsuite/unit/spank/test_graph_options
testsuite_unit_spank_test_graph_options_SOURCES = %D%/test_graph_options.c
testsuite_unit_spank_test_graph_options_LDADD = spank/libgraphoptions.la lib/graph/io/libgraphio.la \
	lib/graph/libgraph.la lib/job/libjob.la lib/util/libutil.la $(JANSSON_LIBS) $(UNIT_LIBS) -lm
