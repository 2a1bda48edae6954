# SPDX-License-Identifier: GPL-2.0-or-later
check_LTLIBRARIES += testsuite/unit/shell/libfakebroker.la
testsuite_unit_shell_libfakebroker_la_SOURCES = %D%/fakebroker.c %D%/fakebroker.h \
	shell/service/job_exec/procs.c shell/service/job_exec/spawner.c \
	shell/service/job_exec/spawner_process.c
testsuite_unit_shell_libfakebroker_la_LIBADD = lib/shell/libshell.la lib/shell/libspawnpkt.la lib/plugin/libplugin.la \
	lib/pmi/libpmiserver.la lib/codec/libcodec.la lib/job/libjob.la lib/set/libset.la lib/util/libutil.la \
	$(JANSSON_LIBS) $(EV_LIBS)

check_PROGRAMS += testsuite/unit/shell/test_spawner
TESTS += testsuite/unit/shell/test_spawner
testsuite_unit_shell_test_spawner_SOURCES = %D%/test_spawner.c
testsuite_unit_shell_test_spawner_LDADD = testsuite/unit/shell/libfakebroker.la $(UNIT_LIBS)
EXTRA_testsuite_unit_shell_test_spawner_DEPENDENCIES = shell/job/flux-shell testsuite/unit/pmi/pmi_task

check_PROGRAMS += testsuite/unit/shell/run_job
testsuite_unit_shell_run_job_SOURCES = %D%/run_job.c
testsuite_unit_shell_run_job_LDADD = testsuite/unit/shell/libfakebroker.la

check_PROGRAMS += testsuite/unit/shell/test_distribute testsuite/unit/shell/test_parts
TESTS += testsuite/unit/shell/test_distribute testsuite/unit/shell/test_parts
testsuite_unit_shell_test_distribute_SOURCES = %D%/test_distribute.c
testsuite_unit_shell_test_distribute_LDADD = testsuite/unit/shell/libfakebroker.la $(UNIT_LIBS)
testsuite_unit_shell_test_parts_SOURCES = %D%/test_parts.c
testsuite_unit_shell_test_parts_LDADD = testsuite/unit/shell/libfakebroker.la $(UNIT_LIBS)
