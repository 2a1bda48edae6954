# SPDX-License-Identifier: GPL-2.0-or-later
CLIENT_TESTS = \
	testsuite/unit/client/test_rpc
check_PROGRAMS += $(CLIENT_TESTS)
TESTS += $(CLIENT_TESTS)
CLIENT_SERVER = %D%/server.c %D%/server.h
testsuite_unit_client_test_rpc_SOURCES = %D%/test_rpc.c $(CLIENT_SERVER)
testsuite_unit_client_test_rpc_LDADD = lib/client/libclient.la $(UNIT_LIBS)
