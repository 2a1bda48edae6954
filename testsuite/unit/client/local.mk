# SPDX-License-Identifier: GPL-2.0-or-later
CLIENT_TESTS = \
	testsuite/unit/client/test_rpc \
	testsuite/unit/client/test_row \
	testsuite/unit/client/test_calls \
	testsuite/unit/client/test_reactor \
	testsuite/unit/client/test_reconnect \
	testsuite/unit/client/test_handle
check_PROGRAMS += $(CLIENT_TESTS)
TESTS += $(CLIENT_TESTS)
CLIENT_SERVER = %D%/server.c %D%/server.h
testsuite_unit_client_test_rpc_SOURCES = %D%/test_rpc.c $(CLIENT_SERVER)
testsuite_unit_client_test_rpc_LDADD = lib/client/libclient.la $(UNIT_LIBS)
testsuite_unit_client_test_calls_SOURCES = %D%/test_calls.c $(CLIENT_SERVER)
testsuite_unit_client_test_calls_LDADD = lib/client/libclient.la $(UNIT_LIBS)
testsuite_unit_client_test_reactor_SOURCES = %D%/test_reactor.c
testsuite_unit_client_test_reactor_LDADD = lib/client/libclient.la $(UNIT_LIBS)
testsuite_unit_client_test_handle_SOURCES = %D%/test_handle.c
testsuite_unit_client_test_handle_LDADD = lib/client/libclient.la $(UNIT_LIBS)
testsuite_unit_client_test_row_SOURCES = %D%/test_row.c
testsuite_unit_client_test_row_LDADD = lib/client/libclient.la $(UNIT_LIBS)
testsuite_unit_client_test_reconnect_SOURCES = %D%/test_reconnect.c
testsuite_unit_client_test_reconnect_LDADD = lib/client/libclient.la $(UNIT_LIBS)
