# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/pmi/test_server
TESTS += testsuite/unit/pmi/test_server
testsuite_unit_pmi_test_server_SOURCES = %D%/test_server.c
testsuite_unit_pmi_test_server_LDADD = lib/pmi/libpmiserver.la lib/util/libutil.la \
	$(UNIT_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += testsuite/unit/pmi/test_clique
TESTS += testsuite/unit/pmi/test_clique
testsuite_unit_pmi_test_clique_SOURCES = %D%/test_clique.c
testsuite_unit_pmi_test_clique_LDADD = lib/pmi/libpmiclient.la $(UNIT_LIBS)

# A task for script tests and test_spawner, with what is in both libraries.
check_LTLIBRARIES += testsuite/unit/pmi/libpmiapi.la
testsuite_unit_pmi_libpmiapi_la_SOURCES = lib/pmi/pmi.c lib/pmi/pmi2.c
testsuite_unit_pmi_libpmiapi_la_LIBADD = lib/pmi/libpmiclient.la
check_PROGRAMS += testsuite/unit/pmi/pmi_task
testsuite_unit_pmi_pmi_task_SOURCES = %D%/pmi_task.c
testsuite_unit_pmi_pmi_task_LDADD = testsuite/unit/pmi/libpmiapi.la
