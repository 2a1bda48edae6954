# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/service/test_kvs_tree
TESTS += testsuite/unit/service/test_kvs_tree
testsuite_unit_service_test_kvs_tree_SOURCES = %D%/test_kvs_tree.c
testsuite_unit_service_test_kvs_tree_LDADD = shell/service/kvs/libkvs.la $(UNIT_LIBS)
