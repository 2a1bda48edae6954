# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz targets. `make check` replays their corpora and thousands of variations of them, the same ones
# each time; t/0015 and `make fuzz` build them with clang and libFuzzer, with sanitizers, and let each look for
# FUZZ_SECONDS, or FUZZ_RUNS inputs (-1: any number), from FUZZ_SEED (0: another each time). New inputs are left in the build tree.
FUZZ_TARGETS = idset hostlist jobspec R shape eventlog query jobid taskmap message msgio wireup treeobj overlay pmi jobstart graph group events conf proxy \
	text constraint archive cmdline
FUZZ_SECONDS = 30
FUZZ_RUNS = -1
FUZZ_SEED = 0
FUZZ_CC = clang
FUZZ_CFLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_LIBS = $(YAML_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) $(ZMQ_LIBS) -lm
FUZZ_LIB_FILES = $(filter %.c,$(lib_set_libset_la_SOURCES) $(lib_job_libjob_la_SOURCES) \
	$(lib_codec_libcodec_la_SOURCES)) \
	$(filter %.c,$(lib_graph_libgraph_la_SOURCES) $(lib_graph_io_libgraphio_la_SOURCES)) \
	lib/graph/io/yaml.c lib/bootstrap/record.c lib/bootstrap/pmi1.c spank/ticket.c \
	$(addprefix shell/service/kvs/,digest.c hdir.c key.c large.c node.c tree.c treeobj.c treeobj_scan.c txn.c) \
	lib/overlay/reach.c lib/overlay/wire.c lib/tasks/combine.c lib/tasks/frame.c lib/tasks/letter.c \
	$(addprefix lib/pmi/,clique.c server.c server1.c server2.c wire.c) \
	$(addprefix lib/shell/,distribute.c info.c ioencode.c maphosts.c mustache.c options.c outconf.c request.c slots.c) \
	shell/service/job_manager/job.c shell/service/job_manager/replay.c shell/service/job_manager/transition.c \
	$(addprefix shell/cmd/,datetime.c directives.c envrules.c fmt.c fmt_value.c follow.c logline.c mux.c pump.c words.c) \
	lib/archive/extract.c shell/service/job_list/constraint.c shell/service/step/output.c \
	lib/conf/conf.c lib/conf/conf_read.c lib/conf/toml.c \
	$(filter %.c,$(lib_util_libutil_la_SOURCES))
FUZZ_OBJECTS = $(FUZZ_LIB_FILES:%.c=testsuite/fuzz/obj/%.o)

FUZZ_REPLAY_LIBS = lib/job/libjob.la lib/util/libutil.la
FUZZ_REPLAYS = \
	testsuite/fuzz/replay_idset \
	testsuite/fuzz/replay_hostlist \
	testsuite/fuzz/replay_jobspec \
	testsuite/fuzz/replay_R \
	testsuite/fuzz/replay_shape \
	testsuite/fuzz/replay_eventlog \
	testsuite/fuzz/replay_query \
	testsuite/fuzz/replay_jobid \
	testsuite/fuzz/replay_taskmap \
	testsuite/fuzz/replay_message \
	testsuite/fuzz/replay_msgio \
	testsuite/fuzz/replay_wireup \
	testsuite/fuzz/replay_treeobj \
	testsuite/fuzz/replay_overlay \
	testsuite/fuzz/replay_pmi \
	testsuite/fuzz/replay_jobstart \
	testsuite/fuzz/replay_graph \
	testsuite/fuzz/replay_group \
	testsuite/fuzz/replay_events \
	testsuite/fuzz/replay_conf \
	testsuite/fuzz/replay_proxy \
	testsuite/fuzz/replay_text \
	testsuite/fuzz/replay_constraint \
	testsuite/fuzz/replay_archive \
	testsuite/fuzz/replay_cmdline
check_PROGRAMS += $(FUZZ_REPLAYS)
TESTS += $(FUZZ_REPLAYS)
testsuite_fuzz_replay_proxy_SOURCES = %D%/fuzz_proxy.c %D%/replay.c %D%/fuzz.h \
	shell/cmd/follow.c shell/cmd/mux.c shell/cmd/pump.c
testsuite_fuzz_replay_proxy_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_fuzz_replay_proxy_LDADD = lib/codec/libcodec.la lib/util/libutil.la
testsuite_fuzz_replay_text_SOURCES = %D%/fuzz_text.c %D%/replay.c %D%/fuzz.h \
	shell/cmd/datetime.c shell/cmd/logline.c shell/service/step/output.c
testsuite_fuzz_replay_text_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_fuzz_replay_text_LDADD = $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS) -lm
testsuite_fuzz_replay_constraint_SOURCES = %D%/fuzz_constraint.c %D%/replay.c %D%/fuzz.h \
	shell/service/job_list/constraint.c
testsuite_fuzz_replay_constraint_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_fuzz_replay_constraint_LDADD = $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS)
testsuite_fuzz_replay_archive_SOURCES = %D%/fuzz_archive.c %D%/replay.c %D%/fuzz.h lib/archive/extract.c
testsuite_fuzz_replay_archive_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_fuzz_replay_archive_LDADD = $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS)
testsuite_fuzz_replay_cmdline_SOURCES = %D%/fuzz_cmdline.c %D%/replay.c %D%/fuzz.h \
	shell/cmd/directives.c shell/cmd/envrules.c shell/cmd/fmt.c shell/cmd/fmt_value.c shell/cmd/words.c
testsuite_fuzz_replay_cmdline_CPPFLAGS = $(AM_CPPFLAGS)
testsuite_fuzz_replay_cmdline_LDADD = $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS) -lm
testsuite_fuzz_replay_graph_SOURCES = %D%/fuzz_graph.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_graph_LDADD = lib/graph/io/libgraphio.la lib/graph/io/libgraphyaml.la \
	lib/graph/libgraph.la lib/job/libjob.la lib/util/libutil.la $(YAML_LIBS) $(JANSSON_LIBS) -lm
testsuite_fuzz_replay_group_SOURCES = %D%/fuzz_group.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_group_LDADD = lib/tasks/libgroupframe.la lib/set/libset.la lib/util/libutil.la
testsuite_fuzz_replay_events_SOURCES = %D%/fuzz_events.c %D%/replay.c %D%/fuzz.h \
	shell/service/job_manager/job.c shell/service/job_manager/replay.c shell/service/job_manager/transition.c
testsuite_fuzz_replay_events_LDADD = $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS)
testsuite_fuzz_replay_conf_SOURCES = %D%/fuzz_conf.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_conf_LDADD = lib/conf/libconf.la $(FUZZ_REPLAY_LIBS) $(JANSSON_LIBS)
testsuite_fuzz_replay_taskmap_SOURCES = %D%/fuzz_taskmap.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_taskmap_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_idset_SOURCES = %D%/fuzz_idset.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_idset_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_hostlist_SOURCES = %D%/fuzz_hostlist.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_hostlist_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_jobspec_SOURCES = %D%/fuzz_jobspec.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_jobspec_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_R_SOURCES = %D%/fuzz_R.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_R_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_shape_SOURCES = %D%/fuzz_shape.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_shape_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_eventlog_SOURCES = %D%/fuzz_eventlog.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_eventlog_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_query_SOURCES = %D%/fuzz_query.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_query_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_jobid_SOURCES = %D%/fuzz_jobid.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_jobid_LDADD = $(FUZZ_REPLAY_LIBS)
testsuite_fuzz_replay_message_SOURCES = %D%/fuzz_message.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_message_LDADD = lib/codec/libcodec.la
testsuite_fuzz_replay_msgio_SOURCES = %D%/fuzz_msgio.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_msgio_LDADD = lib/codec/libcodec.la
testsuite_fuzz_replay_wireup_SOURCES = %D%/fuzz_wireup.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_wireup_LDADD = spank/libspankcore.la lib/bootstrap/libbootstrap.la lib/util/libutil.la $(MUNGE_LIBS)
testsuite_fuzz_replay_treeobj_SOURCES = %D%/fuzz_treeobj.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_treeobj_LDADD = shell/service/kvs/libkvs.la
testsuite_fuzz_replay_overlay_SOURCES = %D%/fuzz_overlay.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_overlay_LDADD = lib/overlay/liboverlay.la lib/codec/libcodec.la $(ZMQ_LIBS)
testsuite_fuzz_replay_pmi_SOURCES = %D%/fuzz_pmi.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_pmi_LDADD = lib/pmi/libpmiserver.la lib/pmi/libpmiclient.la $(JANSSON_LIBS)
testsuite_fuzz_replay_jobstart_SOURCES = %D%/fuzz_jobstart.c %D%/replay.c %D%/fuzz.h
testsuite_fuzz_replay_jobstart_LDADD = lib/shell/libshell.la lib/job/libjob.la lib/util/libutil.la \
	$(JANSSON_LIBS) $(EV_LIBS)

testsuite/fuzz/obj/%.o: $(top_srcdir)/%.c $(top_srcdir)/testsuite/fuzz/local.mk
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link \
		$(AM_CPPFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<
-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGETS:%=testsuite/fuzz/obj/testsuite/fuzz/fuzz_%.d)
$(FUZZ_TARGETS:%=testsuite/fuzz/fuzz_%): testsuite/fuzz/fuzz_%: testsuite/fuzz/obj/testsuite/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	$(AM_V_CCLD)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)
fuzz: $(FUZZ_TARGETS:%=testsuite/fuzz/fuzz_%)
	for t in $(FUZZ_TARGETS); do \
		$(MKDIR_P) testsuite/fuzz/new/$$t; \
		testsuite/fuzz/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -runs=$(FUZZ_RUNS) -seed=$(FUZZ_SEED) \
			-timeout=60 -max_len=4096 \
			-print_final_stats=1 -artifact_prefix=testsuite/fuzz/crash-$$t- \
			testsuite/fuzz/new/$$t $(abs_top_srcdir)/testsuite/fuzz/corpus/$$t || exit 1; \
	done
.PHONY: fuzz
EXTRA_DIST += $(FUZZ_TARGETS:%=testsuite/fuzz/corpus/%)

clean-local-fuzz:
	rm -rf testsuite/fuzz/obj testsuite/fuzz/new testsuite/fuzz/crash-* $(FUZZ_TARGETS:%=testsuite/fuzz/fuzz_%)
clean-local: clean-local-fuzz
