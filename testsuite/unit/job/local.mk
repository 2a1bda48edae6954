# SPDX-License-Identifier: GPL-2.0-or-later
JOB_TESTS = \
	testsuite/unit/job/test_fluid \
	testsuite/unit/job/test_fsd \
	testsuite/unit/job/test_state \
	testsuite/unit/job/test_eventlog
check_PROGRAMS += $(JOB_TESTS)
TESTS += $(JOB_TESTS)
JOB_TEST_LIBS = lib/job/libjob.la $(UNIT_LIBS)
testsuite_unit_job_test_fluid_SOURCES = %D%/test_fluid.c
testsuite_unit_job_test_fluid_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_fsd_SOURCES = %D%/test_fsd.c
testsuite_unit_job_test_fsd_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_state_SOURCES = %D%/test_state.c
testsuite_unit_job_test_state_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_eventlog_SOURCES = %D%/test_eventlog.c
testsuite_unit_job_test_eventlog_LDADD = $(JOB_TEST_LIBS)
