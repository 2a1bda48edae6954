# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/overlay/test_topology
TESTS += testsuite/unit/overlay/test_topology
testsuite_unit_overlay_test_topology_SOURCES = %D%/test_topology.c
testsuite_unit_overlay_test_topology_LDADD = \
	lib/overlay/liboverlay.la lib/util/libutil.la $(JANSSON_LIBS) $(UNIT_LIBS)
