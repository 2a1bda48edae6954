# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/util/test_buf
TESTS += testsuite/unit/util/test_buf
testsuite_unit_util_test_buf_SOURCES = %D%/test_buf.c
testsuite_unit_util_test_buf_LDADD = lib/util/libutil.la $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/util/test_sha256
TESTS += testsuite/unit/util/test_sha256
testsuite_unit_util_test_sha256_SOURCES = %D%/test_sha256.c
testsuite_unit_util_test_sha256_LDADD = lib/util/libutil.la $(UNIT_LIBS)
check_PROGRAMS += testsuite/unit/util/test_base64
TESTS += testsuite/unit/util/test_base64
testsuite_unit_util_test_base64_SOURCES = %D%/test_base64.c
testsuite_unit_util_test_base64_LDADD = lib/util/libutil.la $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/util/test_bytes
TESTS += testsuite/unit/util/test_bytes
testsuite_unit_util_test_bytes_SOURCES = %D%/test_bytes.c
testsuite_unit_util_test_bytes_LDADD = lib/util/libutil.la $(UNIT_LIBS)
