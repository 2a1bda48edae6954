# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/unit/tasks/test_frame
TESTS += testsuite/unit/tasks/test_frame
testsuite_unit_tasks_test_frame_SOURCES = %D%/test_frame.c
testsuite_unit_tasks_test_frame_LDADD = lib/tasks/libgroupframe.la lib/set/libset.la \
	lib/util/libutil.la $(UNIT_LIBS)

# A task for script tests. It runs from the build tree as it is: what it needs is found by rpath.
check_PROGRAMS += testsuite/unit/tasks/group_task
testsuite_unit_tasks_group_task_SOURCES = %D%/group_task.c
testsuite_unit_tasks_group_task_LDADD = lib/tasks/libflux-tasks.la
testsuite_unit_tasks_group_task_LDFLAGS = -no-install

check_PROGRAMS += testsuite/unit/tasks/link_rogue
testsuite_unit_tasks_link_rogue_SOURCES = %D%/link_rogue.c
testsuite_unit_tasks_link_rogue_LDADD = lib/tasks/libflux-tasks.la lib/libflux-slurm.la $(ZMQ_LIBS)
testsuite_unit_tasks_link_rogue_LDFLAGS = -no-install
