# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/util/test_buf
TESTS += testsuite/unit/util/test_buf
testsuite_unit_util_test_buf_SOURCES = %D%/test_buf.c
testsuite_unit_util_test_buf_LDADD = lib/util/libutil.la $(UNIT_LIBS)
