# SPDX-License-Identifier: GPL-2.0-or-later
BOOTSTRAP_TESTS = \
	testsuite/unit/bootstrap/test_bootstrap \
	testsuite/unit/bootstrap/test_record \
	testsuite/unit/bootstrap/test_wireup
check_PROGRAMS += $(BOOTSTRAP_TESTS)
TESTS += $(BOOTSTRAP_TESTS)
BOOTSTRAP_TEST_LIBS = lib/bootstrap/libbootstrap.la lib/util/libutil.la $(MUNGE_LIBS) $(UNIT_LIBS)
testsuite_unit_bootstrap_test_bootstrap_SOURCES = %D%/test_bootstrap.c
testsuite_unit_bootstrap_test_bootstrap_LDADD = $(BOOTSTRAP_TEST_LIBS)
testsuite_unit_bootstrap_test_record_SOURCES = %D%/test_record.c
testsuite_unit_bootstrap_test_record_LDADD = $(BOOTSTRAP_TEST_LIBS)
testsuite_unit_bootstrap_test_wireup_SOURCES = %D%/test_wireup.c
testsuite_unit_bootstrap_test_wireup_LDADD = $(BOOTSTRAP_TEST_LIBS)
