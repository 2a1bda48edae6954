# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/pmi/test_server
TESTS += testsuite/unit/pmi/test_server
testsuite_unit_pmi_test_server_SOURCES = %D%/test_server.c
testsuite_unit_pmi_test_server_LDADD = lib/pmi/libpmiserver.la lib/util/libutil.la \
	$(UNIT_LIBS) $(JANSSON_LIBS)
