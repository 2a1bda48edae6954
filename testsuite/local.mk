# SPDX-License-Identifier: GPL-2.0-or-later
EXTRA_DIST += %D%/check-includes %D%/run %D%/sanitize %D%/packages %D%/install-packages %D%/t

# For testsuite/run, which wants to know what `make check` would run, and what that would build.
print-tests:
	@echo $(TESTS)
print-helpers:
	@echo $(check_PROGRAMS) $(check_LTLIBRARIES)
.PHONY: print-tests print-helpers

# Programs for script tests.
check_PROGRAMS += testsuite/helpers/wire_broker testsuite/helpers/wire_server
testsuite_helpers_wire_server_SOURCES = %D%/helpers/wire_server.c
testsuite_helpers_wire_server_LDADD = lib/bootstrap/libbootstrap.la lib/util/libutil.la $(MUNGE_LIBS)
testsuite_helpers_wire_broker_SOURCES = %D%/helpers/wire_broker.c
testsuite_helpers_wire_broker_LDADD = lib/bootstrap/libbootstrap.la lib/util/libutil.la $(MUNGE_LIBS)
EXTRA_DIST += %D%/slurm/chroot %D%/slurm/cluster %D%/slurm/config.sh %D%/slurm/make-slurm %D%/slurm/source
check_PROGRAMS += testsuite/helpers/rpc_load
testsuite_helpers_rpc_load_SOURCES = %D%/helpers/rpc_load.c
testsuite_helpers_rpc_load_LDADD = lib/client/libclient.la lib/util/libutil.la

check_PROGRAMS += testsuite/helpers/rpc_follow
testsuite_helpers_rpc_follow_SOURCES = %D%/helpers/rpc_follow.c
testsuite_helpers_rpc_follow_LDADD = lib/client/libclient.la lib/util/libutil.la

check_PROGRAMS += testsuite/helpers/wire_replay
testsuite_helpers_wire_replay_SOURCES = %D%/helpers/wire_replay.c %D%/helpers/wire_ids.c %D%/helpers/wire_ids.h
testsuite_helpers_wire_replay_LDADD = lib/job/libjob.la lib/set/libset.la lib/codec/libcodec.la lib/util/libutil.la $(JANSSON_LIBS)
EXTRA_DIST += %D%/data/archive %D%/data/wire %D%/data/formats %D%/data/bad-input %D%/data/api.h %D%/data/resource-query
check_PROGRAMS += testsuite/helpers/wire_flood
testsuite_helpers_wire_flood_SOURCES = %D%/helpers/wire_flood.c
testsuite_helpers_wire_flood_LDADD = $(testsuite_helpers_wire_hostile_LDADD)
check_PROGRAMS += testsuite/helpers/wire_hostile
testsuite_helpers_wire_hostile_SOURCES = %D%/helpers/wire_hostile.c
testsuite_helpers_wire_hostile_LDADD = lib/client/libclient.la
