# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/select/test_site
TESTS += testsuite/unit/select/test_site
testsuite_unit_select_test_site_SOURCES = %D%/test_site.c
testsuite_unit_select_test_site_LDADD = select_graph/libselectcore.la lib/graph/io/libgraphio.la lib/graph/libgraph.la \
	lib/job/libjob.la lib/util/libutil.la $(JANSSON_LIBS) $(UNIT_LIBS) -lm

check_PROGRAMS += testsuite/unit/select/test_conf
TESTS += testsuite/unit/select/test_conf
testsuite_unit_select_test_conf_SOURCES = %D%/test_conf.c
testsuite_unit_select_test_conf_LDADD = $(testsuite_unit_select_test_site_LDADD)

check_PROGRAMS += testsuite/unit/select/test_many
TESTS += testsuite/unit/select/test_many
testsuite_unit_select_test_many_SOURCES = %D%/test_many.c
testsuite_unit_select_test_many_LDADD = $(testsuite_unit_select_test_site_LDADD)

check_PROGRAMS += testsuite/unit/select/test_write
TESTS += testsuite/unit/select/test_write
testsuite_unit_select_test_write_SOURCES = %D%/test_write.c
testsuite_unit_select_test_write_LDADD = $(testsuite_unit_select_test_site_LDADD)
