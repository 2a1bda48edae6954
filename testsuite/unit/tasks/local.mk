# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/tasks/test_frame
TESTS += testsuite/unit/tasks/test_frame
testsuite_unit_tasks_test_frame_SOURCES = %D%/test_frame.c
testsuite_unit_tasks_test_frame_LDADD = lib/tasks/libgroupframe.la lib/set/libset.la \
	lib/util/libutil.la $(UNIT_LIBS)
