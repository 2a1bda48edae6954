# SPDX-License-Identifier: GPL-2.0-or-later
KVS_FOREST_TESTS = testsuite/unit/service/test_kvs_tree testsuite/unit/service/test_kvs_cold \
	testsuite/unit/service/test_kvs_treeobj
check_PROGRAMS += $(KVS_FOREST_TESTS)
TESTS += $(KVS_FOREST_TESTS)
testsuite_unit_service_test_kvs_tree_SOURCES = %D%/test_kvs_tree.c %D%/kvs_forest.c %D%/kvs_forest.h
testsuite_unit_service_test_kvs_tree_LDADD = shell/service/kvs/libkvs.la $(UNIT_LIBS)
testsuite_unit_service_test_kvs_cold_SOURCES = %D%/test_kvs_cold.c %D%/kvs_forest.c %D%/kvs_forest.h
testsuite_unit_service_test_kvs_cold_LDADD = shell/service/kvs/libkvs.la $(UNIT_LIBS)
testsuite_unit_service_test_kvs_treeobj_SOURCES = %D%/test_kvs_treeobj.c %D%/kvs_forest.c %D%/kvs_forest.h
testsuite_unit_service_test_kvs_treeobj_LDADD = shell/service/kvs/libkvs.la $(UNIT_LIBS)

KVS_SERVICE_TESTS = testsuite/unit/service/test_kvs_service testsuite/unit/service/test_kvs_watch \
	testsuite/unit/service/test_kvs_store
check_PROGRAMS += $(KVS_SERVICE_TESTS)
TESTS += $(KVS_SERVICE_TESTS)
KVS_WORLD_LIBS = shell/service/kvs/libkvs.la shell/broker/librouter.la lib/codec/libcodec.la lib/util/libutil.la \
	$(EV_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)
testsuite_unit_service_test_kvs_service_SOURCES = %D%/test_kvs_service.c %D%/kvs_world.c %D%/kvs_world.h
testsuite_unit_service_test_kvs_service_LDADD = $(KVS_WORLD_LIBS)
testsuite_unit_service_test_kvs_watch_SOURCES = %D%/test_kvs_watch.c %D%/kvs_world.c %D%/kvs_world.h
testsuite_unit_service_test_kvs_watch_LDADD = $(KVS_WORLD_LIBS)
testsuite_unit_service_test_kvs_store_SOURCES = %D%/test_kvs_store.c %D%/kvs_world.c %D%/kvs_world.h
testsuite_unit_service_test_kvs_store_LDADD = $(KVS_WORLD_LIBS)

check_PROGRAMS += testsuite/unit/service/test_jobs
TESTS += testsuite/unit/service/test_jobs
testsuite_unit_service_test_jobs_SOURCES = %D%/test_jobs.c
testsuite_unit_service_test_jobs_LDADD = shell/service/libservice.la \
	shell/service/kvs/libkvs.la shell/broker/librouter.la lib/shell/libspawnpkt.la lib/shell/libioencode.la lib/plugin/libplugin.la lib/graph/io/libgraphio.la lib/graph/libgraph.la lib/client/libclient.la \
	lib/codec/libcodec.la lib/job/libjob.la lib/set/libset.la lib/util/libutil.la \
	$(HWLOC_LIBS) $(EV_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/service/test_replay
TESTS += testsuite/unit/service/test_replay
testsuite_unit_service_test_replay_SOURCES = %D%/test_replay.c
testsuite_unit_service_test_replay_LDADD = $(testsuite_unit_service_test_jobs_LDADD)

check_PROGRAMS += testsuite/unit/service/test_modinfo
TESTS += testsuite/unit/service/test_modinfo
testsuite_unit_service_test_modinfo_SOURCES = %D%/test_modinfo.c shell/service/module/modinfo.c
testsuite_unit_service_test_modinfo_LDADD = $(UNIT_LIBS)

check_PROGRAMS += testsuite/unit/service/test_jobqueue
TESTS += testsuite/unit/service/test_jobqueue
testsuite_unit_service_test_jobqueue_SOURCES = %D%/test_jobqueue.c
testsuite_unit_service_test_jobqueue_LDADD = $(testsuite_unit_service_test_jobs_LDADD)

check_PROGRAMS += testsuite/unit/service/test_sched_policy
TESTS += testsuite/unit/service/test_sched_policy
testsuite_unit_service_test_sched_policy_SOURCES = %D%/test_sched_policy.c
testsuite_unit_service_test_sched_policy_LDADD = $(testsuite_unit_service_test_jobs_LDADD)

check_PROGRAMS += testsuite/unit/service/test_group
TESTS += testsuite/unit/service/test_group
testsuite_unit_service_test_group_SOURCES = %D%/test_group.c %D%/group_rig.c %D%/group_rig.h
testsuite_unit_service_test_group_LDADD = $(testsuite_unit_service_test_jobs_LDADD) \
	lib/tasks/libgroupframe.la lib/set/libset.la lib/util/libutil.la
check_PROGRAMS += testsuite/unit/service/test_group_hold
TESTS += testsuite/unit/service/test_group_hold
testsuite_unit_service_test_group_hold_SOURCES = %D%/test_group_hold.c %D%/group_rig.c %D%/group_rig.h
testsuite_unit_service_test_group_hold_LDADD = $(testsuite_unit_service_test_group_LDADD)

check_PROGRAMS += testsuite/unit/service/test_choose
TESTS += testsuite/unit/service/test_choose
testsuite_unit_service_test_choose_SOURCES = %D%/test_choose.c
testsuite_unit_service_test_choose_LDADD = $(testsuite_unit_service_test_jobs_LDADD)

check_PROGRAMS += testsuite/unit/service/test_killplan
TESTS += testsuite/unit/service/test_killplan
testsuite_unit_service_test_killplan_SOURCES = %D%/test_killplan.c
testsuite_unit_service_test_killplan_LDADD = $(testsuite_unit_service_test_jobs_LDADD)

check_PROGRAMS += testsuite/unit/service/test_append
TESTS += testsuite/unit/service/test_append
testsuite_unit_service_test_append_SOURCES = %D%/test_append.c
testsuite_unit_service_test_append_LDADD = $(testsuite_unit_service_test_jobs_LDADD)
