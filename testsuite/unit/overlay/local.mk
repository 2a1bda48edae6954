# SPDX-License-Identifier: GPL-2.0-or-later
overlay_tests = \
	testsuite/unit/overlay/test_topology \
	testsuite/unit/overlay/test_parts \
	testsuite/unit/overlay/test_overlay \
	testsuite/unit/overlay/test_healing \
	testsuite/unit/overlay/test_security
check_PROGRAMS += $(overlay_tests)
TESTS += $(overlay_tests)
overlay_test_libs = \
	lib/overlay/liboverlay.la lib/codec/libcodec.la lib/util/libutil.la \
	$(ZMQ_LIBS) $(EV_LIBS) $(MUNGE_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)

testsuite_unit_overlay_test_topology_SOURCES = %D%/test_topology.c
testsuite_unit_overlay_test_topology_LDADD = $(overlay_test_libs)

testsuite_unit_overlay_test_parts_SOURCES = %D%/test_parts.c
testsuite_unit_overlay_test_parts_LDADD = $(overlay_test_libs)

testsuite_unit_overlay_test_overlay_SOURCES = %D%/test_overlay.c %D%/tree.c %D%/tree.h
testsuite_unit_overlay_test_overlay_LDADD = $(overlay_test_libs)

testsuite_unit_overlay_test_healing_SOURCES = %D%/test_healing.c %D%/tree.c %D%/tree.h
testsuite_unit_overlay_test_healing_LDADD = $(overlay_test_libs)

testsuite_unit_overlay_test_security_SOURCES = %D%/test_security.c %D%/tree.c %D%/tree.h
testsuite_unit_overlay_test_security_LDADD = $(overlay_test_libs)

# For testsuite/t/2300-overlay-netns.sh.
check_PROGRAMS += testsuite/unit/overlay/overlay_node
testsuite_unit_overlay_overlay_node_SOURCES = %D%/overlay_node.c
testsuite_unit_overlay_overlay_node_LDADD = $(overlay_test_libs)
