# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/wrappers/test_convert
TESTS += testsuite/unit/wrappers/test_convert
testsuite_unit_wrappers_test_convert_SOURCES = %D%/test_convert.c contrib/wrappers/convert.c
testsuite_unit_wrappers_test_convert_LDADD = lib/util/libutil.la $(UNIT_LIBS)
