# SPDX-License-Identifier: GPL-2.0-or-later
SET_TESTS = \
	testsuite/unit/set/test_rangestr \
	testsuite/unit/set/test_idset \
	testsuite/unit/set/test_hostlist
check_PROGRAMS += $(SET_TESTS)
TESTS += $(SET_TESTS)
testsuite_unit_set_test_idset_SOURCES = %D%/test_idset.c
testsuite_unit_set_test_idset_LDADD = lib/set/libset.la $(UNIT_LIBS)
testsuite_unit_set_test_hostlist_SOURCES = %D%/test_hostlist.c
testsuite_unit_set_test_hostlist_LDADD = lib/set/libset.la $(UNIT_LIBS)
testsuite_unit_set_test_rangestr_SOURCES = %D%/test_rangestr.c
testsuite_unit_set_test_rangestr_LDADD = lib/set/libset.la $(UNIT_LIBS)
