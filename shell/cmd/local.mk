# SPDX-License-Identifier: GPL-2.0-or-later
# The `flux` command. Everything but main() is in libcmd.la, so that unit tests can link it.
noinst_LTLIBRARIES += shell/cmd/libcmd.la
shell_cmd_libcmd_la_SOURCES = \
	%D%/alloc.c \
	%D%/archive.c \
	%D%/archive.h \
	%D%/archive_create.c \
	%D%/archive_extract.c \
	%D%/archive_lib.c \
	%D%/archive_lib.h \
	%D%/args.c \
	%D%/attach.c \
	%D%/attach_output.c \
	%D%/attach_private.h \
	%D%/attach_signals.c \
	%D%/attach_status.c \
	%D%/attach.h \
	%D%/attach_input.c \
	%D%/attach_input.h \
	%D%/attach_pty.c \
	%D%/attach_pty.h \
	%D%/attr.c \
	%D%/batch.c \
	%D%/blobref.c %D%/blobref.h \
	%D%/broker.c \
	%D%/bulk.c \
	%D%/bulk.h \
	%D%/bulksubmit.c \
	%D%/cancel.c \
	%D%/client.c \
	%D%/client.h \
	%D%/cmd.h \
	%D%/config.c \
	%D%/config_builtin.c \
	%D%/config_cmd.h \
	%D%/content.c \
	%D%/datetime.c \
	%D%/directives.c \
	%D%/directives.h \
	%D%/dmesg.c \
	%D%/dump.c \
	%D%/env.c \
	%D%/envrules.c \
	%D%/envrules.h \
	%D%/event.c \
	%D%/evfmt.c \
	%D%/evfmt.h \
	%D%/exec.c \
	%D%/exec_targets.c \
	%D%/exec_targets.h \
	%D%/fmt.c \
	%D%/fmt.h \
	%D%/fmtconf.c \
	%D%/fmtconf.h \
	%D%/fmt_internal.h \
	%D%/fmt_value.c \
	%D%/graph.c \
	%D%/graph_slurm.c \
	%D%/graph_slurm.h \
	%D%/help.c \
	%D%/helpverb.c \
	%D%/hostlist.c \
	%D%/inputs.c \
	%D%/inputs.h \
	%D%/interactive.c \
	%D%/iodata.c \
	%D%/iodata.h \
	%D%/job.c \
	%D%/job.h \
	%D%/job_eventlog.c \
	%D%/job_hostpids.c \
	%D%/job_change.c \
	%D%/job_list.c \
	%D%/job_misc.c \
	%D%/job_submit.c \
	%D%/job_raise.c \
	%D%/job_raise.h \
	%D%/job_taskmap.c \
	%D%/job_wait.c \
	%D%/jobinfo.c %D%/jobinfo_fields.h %D%/jobinfo_get.c %D%/jobinfo_state.c \
	%D%/jobinfo.h \
	%D%/jobinfo_slurm.c %D%/jobinfo_slurm.h \
	%D%/jobinfo_json.c \
	%D%/jobinstance.c %D%/jobinstance.h \
	%D%/joblist.c \
	%D%/joblist.h \
	%D%/jobs.c \
	%D%/jobstream.c \
	%D%/jobstream.h \
	%D%/housekeeping.c \
	%D%/jobtap.c \
	%D%/kvs_blob.c %D%/kvs_blob.h \
	%D%/kvs.c \
	%D%/kvs.h \
	%D%/kvs_dir.c \
	%D%/kvs_eventlog.c \
	%D%/kvs_get.c \
	%D%/kvs_ls.c \
	%D%/kvs_misc.c \
	%D%/kvs_namespace.c \
	%D%/kvs_put.c \
	%D%/logline.c \
	%D%/logline.h \
	%D%/module.c \
	%D%/mpir.c %D%/mpir.h \
	%D%/module.h \
	%D%/module_trace.c \
	%D%/follow.c \
	%D%/follow.h \
	%D%/mux.c \
	%D%/mux.h \
	%D%/multi_prog.c \
	%D%/overlay.c \
	%D%/overlay.h \
	%D%/overlay_errors.c \
	%D%/overlay_status.c \
	%D%/overlay_view.c \
	%D%/overlay_grow.c \
	%D%/overlay_rejoin.c \
	%D%/overlay_trace.c \
	%D%/pgrep.c \
	%D%/group.c \
	%D%/ping.c \
	%D%/pmi.c \
	%D%/pmi_method.c %D%/pmi_method.h \
	%D%/progress.c \
	%D%/progress.h \
	%D%/proxy.c \
	%D%/proctable.c %D%/proctable.h \
	%D%/pstree.c %D%/pstree.h %D%/pstree_draw.c \
	%D%/pump.c \
	%D%/pump.h \
	%D%/queue.c \
	%D%/queue_list.c \
	%D%/queue_list.h \
	%D%/relay.c \
	%D%/resource.c \
	%D%/resource.h \
	%D%/resource_eventlog.c \
	%D%/resource_list.c \
	%D%/resource_reload.c \
	%D%/resource_resize.c \
	%D%/resource_query.c \
	%D%/resource_queues.c \
	%D%/resource_queues.h \
	%D%/resource_drain.c \
	%D%/resource_status.c \
	%D%/restore.c \
	%D%/rstates.c \
	%D%/rstates.h \
	%D%/run.c \
	%D%/run_verb.c \
	%D%/shutdown.c \
	%D%/broker_find.c \
	%D%/broker_find.h \
	%D%/sproc.c \
	%D%/start.c \
	%D%/startlog.c \
	%D%/start_test.c \
	%D%/start_test.h \
	%D%/submit.c \
	%D%/submit_cc.h \
	%D%/submit_maker.h \
	%D%/submit_nest.c \
	%D%/submit_opts.c \
	%D%/submit_apply.c \
	%D%/submit_spec.c \
	%D%/submit_spec.h \
	%D%/subst.c \
	%D%/subst.h \
	%D%/term.c \
	%D%/term.h \
	%D%/top.c %D%/top.h \
	%D%/top_model.c %D%/top_model.h \
	%D%/top_draw.c \
	%D%/top_draw.h \
	%D%/tree.c \
	%D%/tree_children.c \
	%D%/tree_leaf.c \
	%D%/tree_private.h \
	%D%/tree_report.c \
	%D%/tree_plan.c \
	%D%/tree_plan.h \
	%D%/treedict.c \
	%D%/treedict.h \
	%D%/update.c \
	%D%/uptime.c \
	%D%/uri.c \
	%D%/uri_resolve.c \
	%D%/uri_resolve.h \
	%D%/verbs.c \
	%D%/verbs.h \
	%D%/version.c \
	%D%/watch.c \
	%D%/words.c %D%/words.h

bin_PROGRAMS += shell/cmd/flux
shell_cmd_flux_SOURCES = %D%/main.c
FLUX_CMD_LIBS = shell/cmd/libcmd.la lib/archive/libfilearchive.la lib/pmi/libpmiclient.la lib/client/libclient.la lib/bootstrap/librejoinframe.la lib/bootstrap/libbootstrap.la lib/job/libjob.la \
	lib/set/libset.la lib/codec/libcodec.la lib/util/libutil.la $(JANSSON_LIBS) $(EV_LIBS) $(MUNGE_LIBS)
shell_cmd_flux_LDADD = $(FLUX_CMD_LIBS)

libexec_programs += shell/cmd/flux-top
shell_cmd_flux_top_SOURCES = %D%/top_main.c
shell_cmd_flux_top_CPPFLAGS = $(AM_CPPFLAGS) $(NCURSES_CFLAGS)
shell_cmd_flux_top_LDADD = $(FLUX_CMD_LIBS) $(NCURSES_LIBS)

# Man pages: the prose is in flux-VERB.1.in, synopsis and options come from the tables.
flux_man_in = \
	%D%/flux-alloc.1.in \
	%D%/flux-archive.1.in \
	%D%/flux-batch.1.in \
	%D%/flux-bulksubmit.1.in \
	%D%/flux-cancel.1.in \
	%D%/flux-config.1.in \
	%D%/flux-content.1.in \
	%D%/flux-dmesg.1.in \
	%D%/flux-dump.1.in \
	%D%/flux-env.1.in \
	%D%/flux-event.1.in \
	%D%/flux-exec.1.in \
	%D%/flux-getattr.1.in \
	%D%/flux-graph.1.in \
	%D%/flux-help.1.in \
	%D%/flux-hostlist.1.in \
	%D%/flux-housekeeping.1.in \
	%D%/flux-job.1.in \
	%D%/flux-jobs.1.in \
	%D%/flux-jobtap.1.in \
	%D%/flux-kvs.1.in \
	%D%/flux-logger.1.in \
	%D%/flux-lsattr.1.in \
	%D%/flux-module.1.in \
	%D%/flux-multi-prog.1.in \
	%D%/flux-overlay.1.in \
	%D%/flux-pgrep.1.in \
	%D%/flux-group.1.in \
	%D%/flux-ping.1.in \
	%D%/flux-pmi.1.in \
	%D%/flux-pkill.1.in \
	%D%/flux-proxy.1.in \
	%D%/flux-pstree.1.in \
	%D%/flux-queue.1.in \
	%D%/flux-resource-query.1.in \
	%D%/flux-resource.1.in \
	%D%/flux-restore.1.in \
	%D%/flux-run.1.in \
	%D%/flux-setattr.1.in \
	%D%/flux-shutdown.1.in \
	%D%/flux-sproc.1.in \
	%D%/flux-start.1.in \
	%D%/flux-startlog.1.in \
	%D%/flux-submit.1.in \
	%D%/flux-top.1.in \
	%D%/flux-tree.1.in \
	%D%/flux-update.1.in \
	%D%/flux-uptime.1.in \
	%D%/flux-uri.1.in \
	%D%/flux-version.1.in \
	%D%/flux-watch.1.in \
	%D%/flux.1.in
EXTRA_DIST += $(flux_man_in)
nodist_man_MANS = $(flux_man_in:.1.in=.1)
CLEANFILES += $(nodist_man_MANS)
dist_man_MANS += %D%/flux-environment.7
SUFFIXES = .1.in .1
.1.in.1:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && ./shell/cmd/flux --man=$< >$@.tmp && mv $@.tmp $@
$(nodist_man_MANS): shell/cmd/flux$(EXEEXT)
