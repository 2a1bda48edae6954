# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += testsuite/bench/bench_shell
testsuite_bench_bench_shell_SOURCES = %D%/bench_shell.c
testsuite_bench_bench_shell_LDADD = testsuite/unit/shell/libfakebroker.la
EXTRA_testsuite_bench_bench_shell_DEPENDENCIES = shell/job/flux-shell

# overlay_rtt [rounds [bytes]]: the overlay against bare ZeroMQ with CURVE.
check_PROGRAMS += testsuite/bench/overlay_rtt
testsuite_bench_overlay_rtt_SOURCES = %D%/overlay_rtt.c
testsuite_bench_overlay_rtt_LDADD = \
	lib/overlay/liboverlay.la lib/codec/libcodec.la lib/util/libutil.la \
	$(ZMQ_LIBS) $(EV_LIBS) $(MUNGE_LIBS) $(JANSSON_LIBS)

# kvs_core [jobs]: what the KVS costs the job services, and whether it stays flat.
check_PROGRAMS += testsuite/bench/kvs_core
testsuite_bench_kvs_core_SOURCES = %D%/kvs_core.c
testsuite_bench_kvs_core_LDADD = shell/service/kvs/libkvs.la shell/broker/librouter.la \
	lib/codec/libcodec.la lib/util/libutil.la $(EV_LIBS) $(JANSSON_LIBS)

# Formats of jobs: made and run by hand.
check_PROGRAMS += testsuite/bench/bench_job
testsuite_bench_bench_job_SOURCES = %D%/bench_job.c
testsuite_bench_bench_job_LDADD = lib/job/libjob.la

# overlay: all of the network. event_fan RUNDIR SIZE [count]: events to all ranks.
EXTRA_DIST += %D%/overlay %D%/median.h
check_PROGRAMS += testsuite/bench/event_fan
testsuite_bench_event_fan_SOURCES = %D%/event_fan.c
testsuite_bench_event_fan_LDADD = lib/client/libclient.la

# rpc_client [count [rank]]: RPCs of a client to the broker of $FLUX_URI.
check_PROGRAMS += testsuite/bench/rpc_client
testsuite_bench_rpc_client_SOURCES = %D%/rpc_client.c
testsuite_bench_rpc_client_LDADD = lib/client/libclient.la

# path_rtt [rounds]: the same beside bare programs over the same path.
check_PROGRAMS += testsuite/bench/path_rtt
testsuite_bench_path_rtt_SOURCES = %D%/path_rtt.c
testsuite_bench_path_rtt_LDADD = lib/client/libclient.la -lzmq

# The matcher: see graph_bench.c. `--check` counts what is looked at, and fails when that is
# more than promised.
check_PROGRAMS += testsuite/bench/graph_bench
testsuite_bench_graph_bench_SOURCES = %D%/graph_bench.c %D%/graph_bench.h %D%/graph_check.c \
	testsuite/unit/graph/request_text.c testsuite/unit/graph/request_text.h
testsuite_bench_graph_bench_LDADD = lib/graph/libgraph.la lib/util/libutil.la -lm

# kvs_rpc [count]: commits and lookups of a client, under `flux start`.
check_PROGRAMS += testsuite/bench/kvs_rpc
testsuite_bench_kvs_rpc_SOURCES = %D%/kvs_rpc.c
testsuite_bench_kvs_rpc_LDADD = $(FLUX_CMD_LIBS)

EXTRA_DIST += %D%/select %D%/queue %D%/decisions %D%/foundation %D%/foundation.inside %D%/graph %D%/jobs %D%/faults %D%/query-peer

# What the commands of a user's day take.
EXTRA_DIST += %D%/verbs.sh %D%/kvs.sh

# tasks [rounds]: messages between tasks against bare ZeroMQ with CURVE; see tasks.c.
check_PROGRAMS += testsuite/bench/tasks
testsuite_bench_tasks_SOURCES = %D%/tasks.c
testsuite_bench_tasks_LDADD = lib/tasks/libflux-tasks.la $(ZMQ_LIBS)
testsuite_bench_tasks_LDFLAGS = -no-install

# PMI exchange of 4 to 256 processes on 4 brokers.
EXTRA_DIST += %D%/pmi.sh

# tree: instances within instances, and the plot of it.
EXTRA_DIST += %D%/tree %D%/tree.gnuplot
