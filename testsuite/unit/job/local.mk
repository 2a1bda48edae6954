# SPDX-License-Identifier: GPL-2.0-or-later
JOB_TESTS = \
	testsuite/unit/job/test_fluid \
	testsuite/unit/job/test_fsd \
	testsuite/unit/job/test_state \
	testsuite/unit/job/test_eventlog \
	testsuite/unit/job/test_jsonscan \
	testsuite/unit/job/test_jobspec \
	testsuite/unit/job/test_jobspec_build \
	testsuite/unit/job/test_query \
	testsuite/unit/job/test_dependency \
	testsuite/unit/job/test_shape \
	testsuite/unit/job/test_rv1 \
	testsuite/unit/job/test_rconstraint \
	testsuite/unit/job/test_taskmap \
	testsuite/unit/job/test_jobspec1
check_PROGRAMS += $(JOB_TESTS)
TESTS += $(JOB_TESTS)
JOB_TEST_LIBS = lib/job/libjob.la $(UNIT_LIBS)
testsuite_unit_job_test_jsonscan_SOURCES = %D%/test_jsonscan.c
testsuite_unit_job_test_jsonscan_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_fluid_SOURCES = %D%/test_fluid.c
testsuite_unit_job_test_fluid_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_fsd_SOURCES = %D%/test_fsd.c
testsuite_unit_job_test_fsd_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_state_SOURCES = %D%/test_state.c
testsuite_unit_job_test_state_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_eventlog_SOURCES = %D%/test_eventlog.c
testsuite_unit_job_test_eventlog_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_jobspec_SOURCES = %D%/test_jobspec.c
testsuite_unit_job_test_jobspec_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_jobspec_build_SOURCES = %D%/test_jobspec_build.c
testsuite_unit_job_test_jobspec_build_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_query_SOURCES = %D%/test_query.c
testsuite_unit_job_test_query_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_dependency_SOURCES = %D%/test_dependency.c
testsuite_unit_job_test_dependency_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_shape_SOURCES = %D%/test_shape.c
testsuite_unit_job_test_shape_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_rv1_SOURCES = %D%/test_rv1.c
testsuite_unit_job_test_rv1_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_rconstraint_SOURCES = %D%/test_rconstraint.c
testsuite_unit_job_test_rconstraint_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_taskmap_SOURCES = %D%/test_taskmap.c
testsuite_unit_job_test_taskmap_LDADD = $(JOB_TEST_LIBS)
testsuite_unit_job_test_jobspec1_SOURCES = %D%/test_jobspec1.c
testsuite_unit_job_test_jobspec1_LDADD = $(JOB_TEST_LIBS)
