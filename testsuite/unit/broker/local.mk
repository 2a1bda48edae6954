# SPDX-License-Identifier: GPL-2.0-or-later
BROKER_UNIT_LIBS = shell/broker/librouter.la lib/codec/libcodec.la lib/set/libset.la \
	lib/util/libutil.la $(EV_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/broker/test_machine testsuite/unit/broker/test_router \
	testsuite/unit/broker/test_flow
TESTS += testsuite/unit/broker/test_machine testsuite/unit/broker/test_router \
	testsuite/unit/broker/test_flow
testsuite_unit_broker_test_flow_SOURCES = %D%/test_flow.c
testsuite_unit_broker_test_flow_LDADD = $(BROKER_UNIT_LIBS)
testsuite_unit_broker_test_machine_SOURCES = %D%/test_machine.c
testsuite_unit_broker_test_machine_LDADD = $(BROKER_UNIT_LIBS)
testsuite_unit_broker_test_router_SOURCES = %D%/test_router.c shell/broker/listener.c
testsuite_unit_broker_test_router_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_unit_broker_test_router_LDADD = $(BROKER_UNIT_LIBS)
