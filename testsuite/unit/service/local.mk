# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/service/test_kvs_tree
TESTS += testsuite/unit/service/test_kvs_tree
testsuite_unit_service_test_kvs_tree_SOURCES = %D%/test_kvs_tree.c
testsuite_unit_service_test_kvs_tree_LDADD = shell/service/kvs/libkvs.la $(UNIT_LIBS)

# The router is compiled in: it is part of a program, not of a library.
check_PROGRAMS += testsuite/unit/service/test_kvs_service
TESTS += testsuite/unit/service/test_kvs_service
testsuite_unit_service_test_kvs_service_SOURCES = %D%/test_kvs_service.c \
	shell/broker/router.c shell/broker/router_rpc.c shell/broker/router_event.c \
	shell/broker/router_track.c shell/broker/router_client.c
testsuite_unit_service_test_kvs_service_LDADD = shell/service/kvs/libkvs.la \
	lib/codec/libcodec.la lib/util/libutil.la $(EV_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)
